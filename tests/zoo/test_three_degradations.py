"""The shipped study of three degradations: its pair does what it says, and the study runs to a page, scaled down."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from faig.imaging.cases import degrade_case
from faig.imaging.degradation import Degradation
from faig.imaging.images import write_image
from faig.imaging.metrics import psnr
from faig.imaging.photos import photograph
from faig.networks.checkpoint import load_network
from faig.networks.inference import restore

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "three-degradations"
KINDS = ["blur", "noise", "jpeg"]


def config(name: str) -> dict:
    return yaml.safe_load((EXAMPLE / f"{name}.yaml").read_text(encoding="utf-8"))


def test_the_shipped_pair_has_three_functions():
    """On a photo that it was not trained on, the target is ahead of the baseline on every degradation."""
    target, baseline = (load_network(EXAMPLE / "pair" / f"{name}.safetensors") for name in ("target", "baseline"))
    given = {name: f"{name}:{level}" for name, level in config("study")["degrade"].items()}
    kinds = {name: Degradation.parse(spec) for name, spec in given.items()}
    case = degrade_case("coffee", photograph("coffee")[:, 40:360, 100:500], kinds, 2)
    least = {"blur": 0.8, "noise": 3.0, "jpeg": 0.3}  # dB
    for kind in KINDS:
        gained = [psnr(restore(network, case.lr[kind]), case.gt, border=2) for network in (target, baseline)]
        assert gained[0] - gained[1] >= least[kind], kind


def test_the_pair_is_what_the_configurations_train():
    for name in ("target", "baseline"):
        network = load_network(EXAMPLE / "pair" / f"{name}.safetensors")
        arguments = config(name)["network"]["arguments"]
        assert sum(key.endswith(".conv1.weight") for key in network.state_dict()) == arguments["blocks"]
        assert next(network.parameters()).shape[0] == arguments["features"]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.filterwarnings("ignore:the integral does not close")  # of a network that was hardly trained
def test_from_training_to_a_page(tmp_path, monkeypatch, faig):
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    write_image(Path("photos/rocket.png"), photograph("rocket")[:, 200:264, 300:364])
    for net in ("baseline", "target"):
        training = config(net)
        training["network"]["arguments"] |= {"features": 4, "blocks": 1}
        training["data"] |= {"gt": "photos", "lr_patch": 8, "batch": 4}
        training["validation"] |= {"gt": "photos", "images": 1, "every": 8}
        training["optimizer"] |= {
            "iterations": 8,
            "learning_rate": 2e-2,
            "ema": 0.5,
        }  # the two shall differ
        Path(f"{net}.yaml").write_text(yaml.safe_dump(training, sort_keys=False), encoding="utf-8")
        assert faig("train", f"{net}.yaml", "--threads", 1)[0] == 0
        assert faig("zoo", "export", f"runs/three/{net}/network.safetensors", f"{net}.safetensors", "--half")[0] == 0
    study = config("study") | {"baseline": "baseline.safetensors", "target": "target.safetensors", "threads": 1}
    for part in ("find", "measure", "learn", "show"):
        study[part] |= {"crops": {"learn": 8, "show": 1}.get(part, 2), "side": 48}
    study["compare"] = {"methods": ["faig"], "proportions": ["10%"], "nodes": 2}
    study["sweep"] = {"top": "10%", "strengths": [0, 1]}
    study["predict"] = {"top": "10%", "levels": {"jpeg": [40, 10]}, "seeds": 1}
    Path("study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    code, _, err = faig("run", "study.yaml", "--out", "run")
    assert code == 0, err
    run = Path("run")
    effects = pd.read_csv(run / "compare" / "effects.csv")
    assert set(effects["reverted"]) == set(KINDS)
    assert set(effects["input"]) == {"clean", *KINDS}
    own = effects[(effects["reverted"] == effects["input"]) & (effects["method"] == "faig")]
    assert (own["effect"] > 0).all()
    groups = pd.read_csv(run / "distribution" / "groups.csv", keep_default_na=False)
    assert len(groups) == 2 ** len(KINDS) + 3
    assert len(pd.read_csv(run / "predict" / "confusion.csv")) == 2 ** len(KINDS)
    turned = pd.read_csv(run / "sweep" / "modulation.csv")["functions"].dropna()  # none of DNI and blend
    swept = {frozenset(functions.split("+")) for functions in turned}
    assert swept == {frozenset([kind]) for kind in KINDS} | {frozenset(KINDS)}
    # Three rankings, none of which is another one turned round.
    best = {kind: set(pd.read_csv(run / "compare" / f"filters-{kind}.csv")["index"][:20]) for kind in KINDS}
    assert all(best[one] != best[other] for one in KINDS for other in KINDS if one != other)
    assert "deblocking" in (run / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("script", ["run.sh", "train.sh"])
def test_the_scripts_name_files_that_are_there(script):
    text = (EXAMPLE / script).read_text(encoding="utf-8").replace("$here", "examples/three-degradations")
    named = [word for word in text.split() if word.endswith(".yaml")]
    assert named
    assert all((ROOT / name.replace("$net", net)).is_file() for name in named for net in ("baseline", "target"))
