"""Functions turned up and down: the table against what Python gives, smoothness, pictures, resuming, bad input."""

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from conftest import nudged, tiny_network
from faig.attribution.files.rankings import read_ranking, write_ranking
from faig.cli import main
from faig.cli.sweep import steps
from faig.experiment.config import ImagesConfig, SweepConfig
from faig.experiment.sweep import _pictures, sweep
from faig.filters import FilterSet, FilterSpace, Strengths
from faig.imaging.cases import make_cases
from faig.imaging.images import list_images, read_image, write_image
from faig.imaging.metrics import psnr
from faig.intervention.edit import modulate
from faig.intervention.knob import blend, dni
from faig.networks.checkpoint import load_network, save_network
from faig.networks.inference import restore
from faig.report.figures.chart import Chart
from faig.report.figures.charts import charts_of
from faig.results.cells import read_table
from faig.results.reader import Results
from faig.results.tables import MODULATION


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A tiny pair, two rankings and two images."""
    folder = tmp_path_factory.mktemp("sweep")
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    baseline = tiny_network()
    space = FilterSpace.of(baseline)
    save_network(folder / "baseline.safetensors", baseline.state_dict(), metadata)
    save_network(folder / "target.safetensors", nudged(baseline, seed=1).state_dict(), metadata)
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
        "way": "weights",
        "threads": 2,
    }
    return SweepConfig(**settings | changes)


@pytest.mark.slow
def test_the_table_is_what_python_gives(place, tmp_path):
    run = sweep(config(place), tmp_path / "run")
    table = read_table(run, MODULATION)
    assert len(table) == (3 + 2) * 3 * 4
    assert set(table[table["functions"] != ""]["way"]) == {"weights"}
    rows = table[table["functions"] != ""].set_index(["functions", "input", "strength"])
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


@pytest.mark.slow
def test_controls_turn_all_that_the_target_learned(place, tmp_path):
    table = read_table(sweep(config(place), tmp_path / "run"), MODULATION)
    target, baseline = (load_network(place / f"{name}.safetensors") for name in ("target", "baseline"))
    cases = config(place).images.cases(2, 0)
    rows = table[table["functions"] == ""].set_index(["way", "input", "strength"])
    assert list(dict.fromkeys(rows.index.get_level_values("way"))) == ["DNI", "blend"]
    for way, strength, network in (
        ("DNI", 0.0, baseline),
        ("DNI", 0.4, dni(target, baseline, 0.4)),
        ("DNI", 1.0, target),
        ("blend", 0.0, baseline),
        ("blend", 0.4, blend(target, baseline, 0.4)),
        ("blend", 1.3, blend(target, baseline, 1.3)),
    ):
        for kind in ("clean", "noise"):
            outputs = [restore(network, case.lr[kind]) for case in cases]
            expected = np.mean([psnr(o, case.gt, border=2) for o, case in zip(outputs, cases, strict=True)])
            assert rows.loc[(way, kind, strength), "psnr"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_images_go_evenly_whatever_turns_the_function(place, tmp_path):
    space = FilterSpace.of(load_network(place / "target.safetensors"))
    learned = Strengths(space, torch.rand(len(space), generator=torch.Generator().manual_seed(0)))
    learned.save(tmp_path / "blur.safetensors")
    filters = {"blur": str(tmp_path / "blur.safetensors"), "noise": str(place / "noise.csv")}
    turned = config(place, strengths=[0.0, 0.4, 1.0], top=None, way="images")
    table = read_table(sweep(turned.model_copy(update={"filters": filters}), tmp_path / "run"), MODULATION)
    ways = table.groupby("functions", sort=False)["way"].agg(set).to_dict()
    assert ways == {"blur": {"images"}, "noise": {"images"}, "blur+noise": {"images"}, "": {"DNI", "blend"}}
    for functions in ("blur", "noise"):
        steps_of = table[table["functions"] == functions].set_index(["strength", "input"])["step_share"]
        assert steps_of[0.4].to_numpy() == pytest.approx(0.4, abs=0.1)  # small differences, rounded to 8 bits
        assert steps_of[1.0].to_numpy() == pytest.approx(0.6, abs=0.1)


@pytest.mark.slow
def test_what_wrecks_the_image_is_said(place, tmp_path):
    table = read_table(sweep(config(place, strengths=[0.0, 1.0, 60.0]), tmp_path / "run"), MODULATION)
    bad = table[table["wrecked"] != ""]
    assert set(bad["strength"]) == {60.0}
    assert {"DNI", "weights"} <= set(bad["way"])
    assert bad["wrecked"].str.contains("dB under the worse end's").any()


def test_a_function_that_changes_nothing_has_no_share_of_a_way(place, tmp_path):
    target, baseline = (load_network(place / f"{name}.safetensors") for name in ("target", "baseline"))
    space = FilterSpace.of(target)
    first = space.layers[0].name
    with torch.no_grad():
        target.get_parameter(f"{first}.weight")[0, 0] = baseline.get_parameter(f"{first}.weight")[0, 0]
    arguments = {"scale": 2, "features": 4, "blocks": 1}
    metadata = {"architecture": "srresnet", "arguments": arguments}
    save_network(tmp_path / "target.safetensors", target.state_dict(), metadata)
    write_ranking(tmp_path / "blur.csv", space, 1.0 / torch.arange(1, len(space) + 1))
    own = {"target": str(tmp_path / "target.safetensors"), "filters": {"blur": str(tmp_path / "blur.csv")}}
    table = read_table(sweep(config(place, top=0.5 / len(space), **own), tmp_path / "run"), MODULATION)
    steps_of = table[table["functions"] == "blur"].set_index("strength").loc[0.4:]
    assert (steps_of["step"] == 0).all()
    assert steps_of["step_share"].isna().all()
    assert (table[table["way"] == "DNI"].set_index("strength").loc[0.4:]["step_share"] > 0).all()


@pytest.mark.slow
def test_the_pictures_are_the_outputs(place, tmp_path):
    run = sweep(config(place, picture="gt1"), tmp_path / "run")
    case = config(place).images.cases(2, 0)[1]
    target = load_network(place / "target.safetensors")
    for functions, kind in (("blur", "blur"), ("noise", "noise"), ("blur+noise", "blur")):
        images = list_images(run / "figures" / "modulation" / functions)
        assert list(images) == ["0.00", "0.40", "1.00", "1.30"]
        assert torch.equal(read_image(images["1.00"]), restore(target, case.lr[kind]))
    # The controls leave none.
    kept = {path.name for path in (run / "figures" / "modulation").iterdir()}
    assert kept == {"blur", "noise", "blur+noise", "pictures.csv"}


@pytest.mark.slow
def test_a_killed_sweep_goes_on(place, tmp_path):
    class Killed(Exception):
        pass

    def dying(items, label, total):
        for done, item in enumerate(items):
            if label == "turning functions" and done == total // 2:
                raise Killed
            yield item

    whole = sweep(config(place), tmp_path / "whole")
    with pytest.raises(Killed):
        sweep(config(place), tmp_path / "killed", track=dying)
    assert len(list((tmp_path / "killed" / ".units").iterdir())) == (3 + 2) * 2 // 2
    again = sweep(config(place), tmp_path / "killed")
    assert (again / "modulation.csv").read_bytes() == (whole / "modulation.csv").read_bytes()


@pytest.mark.slow
def test_turning_the_shipped_pair_is_even(tmp_path):
    """A tenth of the strength is a tenth of the way; noise rises and sharpness falls as functions go off."""
    from faig.imaging.photos import photograph

    (tmp_path / "gt").mkdir()
    write_image(tmp_path / "gt" / "photo.png", photograph("chelsea")[:, 60:124, 120:184])
    turned = {}
    for kind, level in (("blur", 2.0), ("noise", 0.1)):
        config = SweepConfig(
            baseline="srresnet-x2/baseline",
            target="srresnet-x2/target",
            images=ImagesConfig(gt=tmp_path / "gt", degrade={kind: level}),
            filters={kind: f"srresnet-x2/{kind}"},
            threads=1,
        )
        rows = read_table(sweep(config, tmp_path / kind), MODULATION)
        turned[kind] = rows[(rows["functions"] == kind) & (rows["input"] == kind)].set_index("strength")
        assert len(turned[kind]) == 16
        up_to_target = turned[kind][turned[kind].index <= 1]
        assert up_to_target["step_share"].dropna().to_numpy() == pytest.approx(0.1, abs=0.02)
        assert up_to_target["psnr"].diff().min() > -0.05
    noise, sharpness = turned["noise"]["noise"], turned["blur"]["sharpness"]
    assert noise.loc[:1].is_monotonic_decreasing
    assert noise[0.0] > 2 * noise[1.0]
    assert sharpness.is_monotonic_increasing


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
    def those_of_both(results: Results) -> dict[str, list[Chart]]:
        return {"": [chart for charts in charts_of(results).values() for chart in charts if "blur+noise" in chart.name]}

    monkeypatch.setattr("faig.report.figures.export.charts_of", those_of_both)  # all would take long
    out = tmp_path / "run"
    assert call(monkeypatch, *command(place, out, "--strengths", "0:1.5:0.5")) == 0
    told = capsys.readouterr().out
    assert "blur+noise: the largest step, to strength" in told
    assert told.count(": the largest step, ") == 3  # none of DNI and blend
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


def test_strengths_that_are_close_have_pictures_of_their_own(place):
    case = make_cases(place / "gt", {"blur": 2.0}, 2)[0]
    strengths = [0.0, 0.001, 0.002, 0.123456, 0.123457, 1.0]
    files = [
        row["file"] for row in _pictures({"blur": FilterSet.of(FilterSpace.of(tiny_network()), [0])}, case, strengths)
    ]
    assert len(set(files)) == len(strengths)
