"""Functions turned up and down: the table against what Python gives, smoothness, pictures, resuming, bad input."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image as Pillow

from conftest import nudged, tiny_network
from faig.attribution.files.rankings import read_ranking, write_ranking
from faig.cli import main
from faig.cli.sweep import steps
from faig.experiment.config import ImagesConfig, SweepConfig
from faig.experiment.sweep import sweep
from faig.filters import FilterSet, FilterSpace
from faig.imaging.images import list_images, read_image, write_image
from faig.imaging.metrics import psnr
from faig.intervention.edit import modulate
from faig.networks.checkpoint import load_network, save_network
from faig.networks.inference import restore
from faig.report.figures.chart import Chart
from faig.report.figures.export import export_charts


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A tiny pair, two rankings and two images."""
    folder = tmp_path_factory.mktemp("sweep")
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    baseline = tiny_network()
    space = FilterSpace.of(baseline)
    save_network(folder / "baseline.safetensors", baseline.state_dict(), metadata)
    save_network(folder / "target.safetensors", nudged(baseline).state_dict(), metadata)
    (folder / "gt").mkdir()
    for i in range(2):
        generator = torch.Generator().manual_seed(i)
        write_image(folder / "gt" / f"gt{i}.png", torch.rand(3, 36, 30 + 4 * i, generator=generator))
        write_ranking(folder / f"{('blur', 'noise')[i]}.csv", space, torch.rand(len(space), generator=generator))
    return folder


def config(place, **changes) -> SweepConfig:
    settings = {
        "baseline": str(place / "baseline.safetensors"),
        "target": str(place / "target.safetensors"),
        "images": ImagesConfig(gt=place / "gt", degrade={"blur": 2.0, "noise": 0.1}),
        "filters": {kind: str(place / f"{kind}.csv") for kind in ("blur", "noise")},
        "top": 0.3,
        "strengths": [0.0, 0.4, 1.0, 1.3],
        "threads": 2,
    }
    return SweepConfig(**settings | changes)


def test_the_table_is_what_python_gives(place, tmp_path):
    run = sweep(config(place), tmp_path / "run")
    rows = pd.read_csv(run / "modulation.csv").set_index(["functions", "input", "strength"])
    assert len(rows) == 3 * 3 * 4
    target, baseline = (load_network(place / f"{name}.safetensors") for name in ("target", "baseline"))
    space = FilterSpace.of(target)
    blur, noise = (FilterSet.top(space, read_ranking(place / f"{k}.csv", space), 0.3) for k in ("blur", "noise"))
    assert len(blur & noise) > 0
    for functions, chosen in (("blur", blur), ("blur+noise", blur | noise)):
        network = modulate(target, baseline, chosen, 0.4)
        cases = config(place).images.cases(2, 0)
        for kind in ("clean", "noise"):
            outputs = [restore(network, case.lr[kind]) for case in cases]
            expected = np.mean([psnr(o, case.gt, border=2) for o, case in zip(outputs, cases, strict=True)])
            assert rows.loc[(functions, kind, 0.4), "psnr"] == pytest.approx(expected, rel=1e-6)
    first = rows.xs(0.0, level="strength")
    assert first["step"].isna().all()
    assert (rows.xs(1.3, level="strength")["step"] > 0).all()
    # Two steps add up to at least the way from 0 to 1.
    way = rows.xs(0.4, level="strength")["step_share"] + rows.xs(1.0, level="strength")["step_share"]
    assert (way >= 1 - 1e-6).all()


def test_the_pictures_are_the_outputs(place, tmp_path):
    run = sweep(config(place, picture="gt1"), tmp_path / "run")
    case = config(place).images.cases(2, 0)[1]
    target = load_network(place / "target.safetensors")
    for functions, kind in (("blur", "blur"), ("noise", "noise"), ("blur+noise", "blur")):
        images = list_images(run / "figures" / "modulation" / functions)
        assert list(images) == ["0.00", "0.40", "1.00", "1.30"]
        assert torch.equal(read_image(images["1.00"]), restore(target, case.lr[kind]))


@pytest.mark.slow
def test_a_killed_sweep_goes_on(place, tmp_path):
    class Killed(Exception):
        pass

    def dying(items, label, total):
        del label
        for done, item in enumerate(items):
            if done == total // 2:
                raise Killed
            yield item

    whole = sweep(config(place), tmp_path / "whole")
    with pytest.raises(Killed):
        sweep(config(place), tmp_path / "killed", track=dying)
    assert len(list((tmp_path / "killed" / ".units").iterdir())) == 3
    again = sweep(config(place), tmp_path / "killed")
    assert (again / "modulation.csv").read_bytes() == (whole / "modulation.csv").read_bytes()


@pytest.mark.slow
def test_turning_the_shipped_pair_is_smooth(tmp_path):
    """A step of 0.1 changes an image by less than six tenths of what turning the function off does."""
    from faig.imaging.photos import photograph

    for place, photo in (
        ("gt", photograph("chelsea")[:, 60:124, 120:184]),
        ("other", photograph("coffee")[:, 100:148, 200:248]),
    ):
        (tmp_path / place).mkdir()
        write_image(tmp_path / place / "photo.png", photo)
    pair = {"baseline": "srresnet-x2/baseline", "target": "srresnet-x2/target", "threads": 1}
    turned = {}
    for kind, level in (("blur", 2.0), ("noise", 0.1)):

        def run(place: str, kind=kind, level=level, **strengths) -> Path:
            images = ImagesConfig(gt=tmp_path / place, degrade={kind: level})
            config = SweepConfig(**pair, images=images, filters={kind: f"srresnet-x2/{kind}"}, **strengths)
            return sweep(config, tmp_path / f"{place}-{kind}") / "modulation.csv"

        table = run("gt")
        rows = pd.read_csv(table)
        turned[kind] = rows[rows["input"] == kind].set_index("strength")
        assert len(turned[kind]) == 16
        assert turned[kind]["step_share"].max() <= 0.6
    noise, sharpness = turned["noise"]["noise"], turned["blur"]["sharpness"]
    assert noise[0.0] > 2 * noise[1.0]
    assert sharpness[0.0] < sharpness[1.0] < sharpness[1.5]


@pytest.mark.parametrize(
    ("text", "strengths"),
    [("0:1.5:0.5", [0, 0.5, 1, 1.5]), ("0,1", [0, 1]), ("-0.2:1:0.2", [-0.2, 0, 0.2, 0.4, 0.6, 0.8, 1])],
)
def test_strengths(text, strengths):
    assert steps(text) == pytest.approx(strengths)


def call(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["faig", *arguments])
    with pytest.raises(SystemExit) as done:
        main()
    return int(done.value.code or 0)


def command(place, out, *more: str) -> list[str]:
    pair = [part for name in ("baseline", "target") for part in (f"--{name}", str(place / f"{name}.safetensors"))]
    filters = [part for kind in ("blur", "noise") for part in ("--filters", f"{kind}={place / f'{kind}.csv'}")]
    images = ["--gt", str(place / "gt"), "--degrade", "blur=2,noise=0.1", "--out", str(out), "--top", "30%"]
    return ["sweep", *pair, *filters, *images, *more]


@pytest.mark.slow
def test_the_command_draws_strips_curves_and_animations(place, tmp_path, monkeypatch, capsys):
    def those_of_both(run: Path, charts: Iterable[Chart]) -> Path:
        return export_charts(run, [chart for chart in charts if "blur+noise" in chart.name])

    monkeypatch.setattr("faig.report.figures.export.export_charts", those_of_both)  # all would take long
    out = tmp_path / "run"
    assert call(monkeypatch, *command(place, out, "--strengths", "0:1.5:0.5")) == 0
    assert "blur+noise: the largest step, to strength" in capsys.readouterr().out
    figures = out / "figures" / "modulation"
    with Pillow.open(figures / "blur.gif") as animation:
        assert animation.n_frames == 2 * 4 - 2
    assert read_image(figures / "noise.png").shape == (3, 36 + 14, 30 * 4)
    for measure in ("psnr", "sharpness", "noise", "step"):
        assert read_image(out / "figures" / "report" / f"strength-blur+noise-{measure}.png").std() > 0.02
    before = (out / "modulation.csv").read_bytes()
    monkeypatch.setattr("faig.cli.sweep.draw_charts", lambda run: run)  # once is enough
    assert call(monkeypatch, "run", str(out / "config.yaml"), "--out", str(tmp_path / "again")) == 0
    assert (tmp_path / "again" / "modulation.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--strengths", "0:1:0"], "--strengths 0:1:0: write 0:1.5:0.1"),
        (["--strengths", "0.5,1"], "must ascend, and have 0 and 1 among them"),
        (["--picture", "dog"], "picture 'dog' is not one of the images, gt0, gt1"),
        (["--filters", "jpeg=nowhere.csv"], "nowhere.csv: no such file"),
    ],
)
def test_bad_input_gets_one_line(place, tmp_path, monkeypatch, capsys, more, message):
    assert call(monkeypatch, *command(place, tmp_path / "run", *more)) == 2
    told = capsys.readouterr().err.strip()
    assert message in told
    assert "\n" not in told
    assert not (tmp_path / "run").exists()
