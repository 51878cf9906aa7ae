"""The README's code does what it says."""

import re
from pathlib import Path

import pytest

import faig
from faig.attribution.methods import DEFAULT
from faig.imaging.images import write_image
from faig.imaging.photos import busiest_crops, photograph
from faig.zoo.predictor import load_predictor

pytestmark = pytest.mark.slow

README = Path(__file__).parents[1] / "README.md"


def test_the_python_example_runs(tmp_path):
    code = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[0]
    assert len([line for line in code.splitlines() if line and not line.startswith("import")]) == 5
    for photo in ("astronaut", "rocket"):
        crop = busiest_crops(photo, photograph(photo), 64, 1)[0]
        write_image(tmp_path / f"{crop.name}.png", crop.image[:, :32, :36])
    assert '"Set5"' in code
    names: dict = {}
    exec(code.replace('"Set5"', repr(str(tmp_path))), names)
    assert len(names["deblurring"]) == 1519
    assert names["found"].method.name == DEFAULT
    table = names["pair"].measure(names["pair"].revert(names["deblurring"]), names["cases"])
    assert list(table.index) == ["clean", "blur", "noise"]
    assert table["switched_off"]["blur"] > table["switched_off"]["noise"]
    assert (table["effect_low"] <= table["effect_high"]).all()


def test_every_public_name_is_there_and_has_a_docstring():
    for name in faig.__all__:
        assert getattr(faig, name).__doc__, name


def test_what_is_public_shows_itself_in_a_few_lines():
    pair = faig.load_pair("srresnet-x2")
    cases = faig.make_cases({"rocket": photograph("rocket")[:, :32, :40]}, {"blur": 2, "noise": 0.1}, scale=pair.scale)
    found = pair.attribute(cases, nodes=3)
    filters = found.top("blur")
    shown = {
        "srresnet-x2": pair,
        "rocket: GT 40x32, LR clean, blur, noise": cases[0],
        "method: faig": found,
        "1,519 of 151,936 filters": filters,
        "151,936 filters in 36 layers": filters.space,
        "1 images, 151,936 filters": found.raw,
        "100 nodes": faig.quadrature("riemann-left", 100),
        "budget=None": found.options,
        "sigma=2.0": faig.Degradation(blur=2),
        "blur+noise": load_predictor("srresnet-x2"),
    }
    for part, each in shown.items():
        assert part in repr(each)
        assert len(repr(each).splitlines()) <= 10
        assert len(repr(each)) <= 1200
