"""The shipped study of three degradations, scaled down: the same configurations and commands, in seconds."""

import runpy
import shlex
from pathlib import Path

import pandas as pd
import pytest
import yaml

from faig.cli import main
from faig.images import list_images, read_image

EXAMPLE = Path(__file__).parents[1] / "examples" / "three-degradations"
KINDS = ["blur", "noise", "jpeg"]


def call(arguments: list[str]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["faig", *arguments])
        with pytest.raises(SystemExit) as done:
            main()
    return int(done.value.code or 0)


def commands() -> dict[str, list[str]]:
    """What the script gives to faig, by command."""
    text = (EXAMPLE / "run.sh").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [shlex.split(line) for line in text.splitlines() if line.startswith("faig ")]
    return {line[1]: line[1:] for line in lines}


def test_from_photos_to_tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLE / "photos.py"))
    photos = Path("runs/three/photos")
    assert {part.name: len(list_images(part)) for part in photos.iterdir()} == {"train": 3, "find": 12, "measure": 8}
    for part in ("find", "measure"):
        for path in list(list_images(photos / part).values())[2:]:
            path.unlink()
    for net in ("baseline", "target"):
        config = yaml.safe_load((EXAMPLE / f"{net}.yaml").read_text(encoding="utf-8"))
        config["network"]["arguments"] |= {"features": 4, "blocks": 1}
        config["optimizer"]["iterations"] = config["validation"]["every"] = 8
        config["data"] |= {"lr_patch": 8, "batch": 4}
        config["optimizer"]["learning_rate"] = 2e-2  # so that the two differ after so few iterations
        Path(f"{net}.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        assert call(["train", f"{net}.yaml", "--threads", "1"]) == 0
    given = commands()
    smaller = ["--methods", "faig", "--proportions", "20", "--nodes", "2", "--threads", "1"]  # the last one given holds
    assert call([*given["compare"], *smaller]) == 0
    assert call(given["distribution"]) == 0
    run = Path("runs/three/compare")
    effects = pd.read_csv(run / "effects.csv")
    assert set(effects["reverted"]) == set(KINDS)
    assert set(effects["input"]) == {"clean", *KINDS}
    assert (effects["effect"] > 0).all()
    groups = pd.read_csv(run / "groups.csv", keep_default_na=False)
    assert len(groups[groups["proportion"] == 0.05]) == 2 ** len(KINDS) + 3
    assert read_image(run / "figures" / "profile.png").std() > 0.02
    # Three rankings, none of which is another one turned round.
    best = {kind: set(pd.read_csv(run / f"filters-{kind}.csv")["index"][:20]) for kind in KINDS}
    assert all(best[one] != best[other] for one in KINDS for other in KINDS if one != other)
