"""What was found on one pair and is used on another of its architecture: a warning that names both, everywhere."""

import dataclasses
import json
import shutil
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import faig as library
from conftest import nudged, tiny_network
from faig.attribution.files.run_files import save_attributions
from faig.common.errors import InputError
from faig.common.tensors import METADATA_KEY, load_tensors
from faig.filters import Strengths
from faig.imaging.images import write_image
from faig.networks.checkpoint import save_network
from faig.zoo import hub
from faig.zoo.learned import LEARNED, save_learned
from faig.zoo.scores import SCORES, chosen_by, read_units

FORMS = ["zoo", "learned", "rankings", "run", "csv", "index", "strengths"]
NETWORKS = ("own", "other")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Two pairs of one architecture, ``own`` in the zoo with its scores; what was found on that, in every form."""
    folder = tmp_path_factory.mktemp("origin")
    for name, seed in zip(NETWORKS, (0, 1), strict=True):
        (folder / name).mkdir()
        baseline = tiny_network(seed=seed)
        for role, network in (("baseline", baseline), ("target", nudged(baseline, size=0.02))):
            save_network(folder / name / f"{role}.safetensors", network.state_dict(), ARCHITECTURE)
    (folder / "gt").mkdir()
    for index in range(2):
        image = torch.rand(3, 40, 36, generator=torch.Generator().manual_seed(index))
        write_image(folder / "gt" / f"{index}.png", image)
    pair = pair_of(folder, "own")
    cases = library.make_cases(folder / "gt", DEGRADE, pair.scale)
    ranked = pair.attribute(cases, nodes=2)
    learned = dataclasses.replace(ranked, metadata=dict(ranked.metadata) | {"reached": dict.fromkeys(DEGRADE, 1.0)})
    turned = dataclasses.replace(ranked, strengths={"blur": Strengths.of(ranked.top("blur"))})
    (folder / "run").mkdir()
    save_attributions(folder / "run", [ranked])
    (folder / "turned").mkdir()
    save_attributions(folder / "turned", [turned])
    shutil.copy(folder / "run" / SCORES, folder / "own")
    save_learned(folder / "own" / LEARNED, learned, "drawn images")
    return folder


ARCHITECTURE = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
DEGRADE = {"blur": 2, "noise": 0.1}


@pytest.fixture
def named(place, tmp_path, monkeypatch) -> dict[str, str]:
    """What ``--filters`` may name, by form."""
    monkeypatch.setenv("FAIG_ZOO", str(tmp_path / "zoo"))
    hub.pull(str(place / "own"), name="tiny-x2")
    return {
        "zoo": "tiny-x2/blur",
        "learned": "tiny-x2/blur@learned",
        "rankings": str(place / "run" / "rankings.safetensors"),
        "run": str(place / "run"),
        "csv": str(place / "run" / "filters-blur.csv"),
        "index": str(place / "run" / "blur_index.txt"),
        "strengths": str(place / "turned" / "strengths-blur.safetensors"),
    }


def pair_of(place: Path, target: str, baseline: str | None = None) -> library.Pair:
    files = {"target": f"{target}/target", "baseline": f"{baseline or target}/baseline"}
    return library.Pair(**{role: place / f"{file}.safetensors" for role, file in files.items()})


def said_by(read) -> list[str]:
    """The warnings that speak of other networks."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read()
    return [str(each.message) for each in caught if "was found on" in str(each.message)]


@pytest.mark.parametrize("form", FORMS)
def test_what_was_found_on_other_networks_says_so(place, named, form):
    name = named[form]
    own, other = pair_of(place, "own"), pair_of(place, "other")
    mixed = {"target": pair_of(place, "other", "own"), "baseline": pair_of(place, "own", "other")}
    by_pair = [("", own), ("target and another baseline", other), *mixed.items()]
    for differing, pair in by_pair:
        expected = [f"{name}: was found on tiny-x2, not on the ones given (another {differing}):"] * bool(differing)
        for read in (
            lambda pair=pair: read_units(name, pair.target, baseline=pair.baseline, function="blur"),
            lambda pair=pair: chosen_by({"blur": name}, pair.target, baseline=pair.baseline),
        ):
            assert [line[: len(expected[0])] for line in said_by(read)] == expected if expected else not said_by(read)
    for network in (own.target, own.baseline):  # in training either end may be the one that begins
        assert said_by(lambda network=network: read_units(name, network, function="blur")) == []
    (line,) = said_by(lambda: read_units(name, other.target, function="blur"))
    assert "which is neither the target nor the baseline of that" in line


@pytest.mark.usefixtures("named")
def test_the_zoo_names_the_networks_in_hand_too(place):
    """Of a pair of the zoo; one end of it; and where the file is of networks that the zoo has not."""
    other = pair_of(place, "other")
    (line,) = said_by(lambda: read_units("tiny-x2/blur", other.target, baseline=other.baseline))
    assert "on tiny-x2, not on the ones given" in line
    found = other.attribute(library.make_cases(place / "gt", DEGRADE, 2), nodes=2)
    run = place / "run of other"
    run.mkdir()
    save_attributions(run, [found])
    own = pair_of(place, "own")
    (line,) = said_by(lambda: read_units(run, own.target, baseline=own.baseline, function="noise"))
    assert f"{run}: was found on other networks, not on tiny-x2 (another target and another baseline)" in line
    (line,) = said_by(lambda: read_units(run, own.baseline, function="noise"))
    assert f"{run}: was found on other networks, not on tiny-x2/baseline" in line


def test_files_that_do_not_say_are_silent(place, named, tmp_path):
    other = pair_of(place, "other")
    Strengths.load(named["strengths"]).save(tmp_path / "strengths.safetensors")
    for form in ("csv", "index"):
        shutil.copy(named[form], tmp_path)
    names = ["strengths.safetensors", *(Path(named[form]).name for form in ("csv", "index"))]
    for name in names:
        assert said_by(lambda name=name: read_units(tmp_path / name, other.target, baseline=other.baseline)) == []


@pytest.mark.parametrize("form", ["rankings", "strengths"])
@pytest.mark.parametrize("said", [[], "a hash", {"target": "a"}, {"target": "a", "baseline": 1}], ids=str)
def test_a_file_that_names_no_two_networks_is_refused(place, named, tmp_path, form, said):
    tensors, metadata = load_tensors(Path(named[form]), "units")
    file = tmp_path / "units.safetensors"
    save_file(tensors, file, {METADATA_KEY: json.dumps(metadata | {"fingerprint": said})})
    with pytest.raises(InputError, match=r"units\.safetensors: its fingerprint .* names no target and baseline"):
        read_units(file, pair_of(place, "own").target, function="blur")


IMAGES = "--gt {gt} --degrade blur=2,noise=0.1 --out {out}"
COMMANDS = {
    "revert": "--filters blur={name} --out {out}.safetensors --no-check",
    "graft": "--filters blur={name} --out {out}.safetensors --no-check",
    "modulate": "--filters blur={name} --out {out}.safetensors --no-check --strength 0.5",
    "export": "--filters blur={name} --out {out}.onnx --no-check",
    "predict": "{gt}/0.png --filters blur={name} --filters noise={name} --gt {gt}",
    "sweep": f"--filters blur={{name}} --strengths 0,1 {IMAGES}",
    "compare": f"--filters found:blur={{name}} --methods random {IMAGES}",
    "restore": "{target} {gt}/0.png --filters blur={name} --strength blur=0 --out {out} --no-check",
}


@pytest.mark.slow
@pytest.mark.parametrize(("networks", "command"), [("own", "revert"), *(("other", command) for command in COMMANDS)])
def test_every_command_that_takes_filters_says_so(faig, place, named, tmp_path, networks, command):
    ends = {role: place / networks / f"{role}.safetensors" for role in ("target", "baseline")}
    values = {"name": named["run"], "gt": place / "gt", "out": tmp_path / "out", "target": ends["target"]}
    pair = [f"--{role}={file}" for role, file in ends.items() if role == "baseline" or command != "restore"]
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        code, _, err = faig(command, *COMMANDS[command].format(**values).split(), *pair)
    assert code == 0, err
    assert err.count(f"{named['run']}: was found on tiny-x2, not on the ones given") == (networks == "other"), err


@pytest.mark.parametrize("setting", ["filters", "protect"])
@pytest.mark.parametrize("start", ["own/target", "own/baseline", "other/target"])
def test_training_at_units_of_other_networks_says_so(place, named, settings, setting, start):
    from faig.training.config import TrainingConfig
    from faig.training.start import first_network, rates_of

    network = settings["network"] | {"start": str(place / f"{start}.safetensors")}
    config = TrainingConfig.model_validate(settings | {"network": network, setting: named["zoo"], "top": "10%"})
    lines = said_by(lambda: rates_of(first_network(config, torch.device("cpu")), config))
    assert len(lines) == (start == "other/target")
