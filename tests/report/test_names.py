"""Names that people give: nothing about a run is read out of the name of a file."""

import re

import pytest
import torch

from conftest import nudged, tiny_network
from faig.experiment.compare import compare
from faig.experiment.config import CompareConfig, ImagesConfig, SweepConfig
from faig.experiment.distribution import distribute
from faig.experiment.sweep import sweep
from faig.imaging.images import read_image, write_image
from faig.networks.checkpoint import save_network
from faig.report.figures.export import export_drawings
from faig.report.figures.teaser import draw_teaser
from faig.report.html.page import write_report
from study import draw_pictures

ODD = {"random-noise": "noise:0.1", "NA": "blur:2", "007": "jpeg:40"}  # a method's name, no value, a number


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names")
    baseline = tiny_network()
    save_network(folder / "baseline.safetensors", baseline.state_dict(), {})
    save_network(folder / "target.safetensors", nudged(baseline, size=0.02).state_dict(), {})
    (folder / "gt").mkdir()
    generator = torch.Generator().manual_seed(0)
    for number in range(2):
        write_image(folder / "gt" / f"{number}.png", torch.rand(3, 32, 36, generator=generator))
    common = {
        "baseline": str(folder / "baseline.safetensors"),
        "target": str(folder / "target.safetensors"),
        "images": ImagesConfig(gt=folder / "gt", degrade=ODD),
        "threads": 1,
    }
    run = folder / "run"
    methods = ["faig", "gradient", "change"]
    compare(CompareConfig(**common, nodes=2, methods=methods, proportions=[0.05, 0.3]), run / "compare")
    distribute(run / "compare", None, [0.05])
    filters = {kind: str(run / "compare" / f"filters-{kind}.csv") for kind in ODD}
    sweep(SweepConfig(**common, filters=filters, top=0.3, strengths=[0, 0.5, 1]), run / "sweep")
    draw_pictures(run, list(ODD))
    return run


@pytest.mark.slow
def test_a_degradation_of_any_name_has_all_of_the_report(run, undrawn, tmp_path):
    page = write_report(run).read_text(encoding="utf-8")
    sections = ["claims", "comparison", "distribution", "strength", "run"]
    assert re.findall(r'<section id="([\w-]+)">', page) == sections
    drawn = export_drawings(tmp_path, [undrawn["effect-NA"], undrawn["tradeoff-random-noise"], undrawn["leak-007"]])
    assert {path.stem for path in drawn.iterdir()} == {"effect-NA", "tradeoff-random-noise", "leak-007"}
    for kind in ODD:
        assert f"best filters for {kind} by faig" in page
        assert f'"name": "{kind}"' in page  # in the map
        assert f"of {kind} switched off" in page
        assert f'alt="{kind} input: {kind} reverted, ' in page
        assert f"<h3>{kind.capitalize()}</h3>" in page
        assert f'alt="{kind} at strength 0.5"' in page
        assert {f"effect-{kind}", f"tradeoff-{kind}", f"leak-{kind}", f"strength-{kind}-psnr"} <= set(undrawn)


@pytest.mark.slow
def test_its_pictures_are_drawn(run):
    assert draw_teaser(run) == run / "figures" / "teaser.png"
    assert read_image(run / "figures" / "teaser.png").std() > 0.02
