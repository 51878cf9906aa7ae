"""The README's code does what it says."""

import re
from pathlib import Path

import torch

import faig
from faig.experiment.demo import take_crops
from faig.imaging.images import write_image

README = Path(__file__).parents[1] / "README.md"


def test_the_python_example_runs(tmp_path):
    code = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[0]
    for crop in take_crops({"astronaut": 1}):
        write_image(tmp_path / f"{crop.name}.png", crop.image[:, :40, :48])
    for given, ours in (('"Set14"', repr(str(tmp_path))), ("12)", "2)")):
        assert given in code
        code = code.replace(given, ours)
    names: dict = {}
    exec(code, names)
    assert names["image"].shape == (3, 40, 48)
    assert len(names["deblurring"]) == 1519
    assert not torch.equal(names["image"], faig.restore(names["target"], names["cases"][0].lr["blur"]))


def test_every_public_name_is_there_and_has_a_docstring():
    for name in faig.__all__:
        assert getattr(faig, name).__doc__, name
