"""Comparisons on tiny networks: their tables against the pieces."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from faig.attribution.files.ranking_file import RankingFile
from faig.attribution.files.rankings import read_ranking
from faig.attribution.files.score_files import load_scores
from faig.attribution.methods import METHODS
from faig.cli.tables import summary_sheet
from faig.common.errors import FaigWarning, InputError
from faig.experiment.attribute import attribute_run
from faig.experiment.compare import compare
from faig.experiment.config import AttributeConfig, CompareConfig, ImagesConfig
from faig.filters import FilterSet, FilterSpace
from faig.imaging.images import list_images, write_image
from faig.imaging.metrics import psnr, ssim
from faig.intervention.edit import graft, revert
from faig.intervention.effect import effect, leak, switched_off
from faig.networks.checkpoint import load_network
from faig.networks.inference import restore

pytestmark = pytest.mark.slow
COLUMNS = (
    "method,{},input,proportion,effect,effect_low,effect_high,{},effect_target_baseline,"
    "psnr,psnr_target,psnr_baseline,ssim,psnr_gain,psnr_gain_worst,ssim_gain,ssim_gain_worst,effect_spread,wrecked"
)


@pytest.fixture(scope="module")
def compared(pair_settings, place, tmp_path_factory) -> tuple[CompareConfig, Path]:
    """A comparison of all methods, found on one set of images and measured on another."""
    out = tmp_path_factory.mktemp("compare") / "run"
    found_on = ImagesConfig(gt=place / "find", degrade={"blur": 2.0, "noise": 0.1})
    config = CompareConfig(**pair_settings(), find=found_on, proportions=[0.05, 0.3], save_images=True)
    return config, compare(config, out)


def test_files_of_a_comparison(compared):
    _, run = compared
    assert (run / "effects.csv").read_text().splitlines()[0] == COLUMNS.format("reverted", "effect_to_baseline")
    assert (run / "grafts.csv").read_text().splitlines()[0] == COLUMNS.format("grafted", "effect_to_target")
    table = pd.read_csv(run / "effects.csv")
    assert set(table["method"]) == set(METHODS)
    assert set(table["input"]) == {"clean", "blur", "noise"}
    assert len(table) == len(METHODS) * 2 * 3 * 2
    assert {path.name for path in run.glob("scores*")} == {
        "scores.safetensors",
        *(f"scores-{source}.safetensors" for source in ("gradient", "ig", "predicted")),
    }
    assert load_scores(run / "scores.safetensors")[1]["method"] == "faig"
    assert {path.name for path in run.glob("filters-*")} == {"filters-blur.csv", "filters-noise.csv"}  # the default's
    assert load_scores(run / "scores.safetensors")[0].images == ["find0", "find1"]
    assert len(list_images(run / "images" / "target" / "blur")) == 2


@pytest.mark.parametrize("method", ["faig", "ig-contrastive"])
@pytest.mark.parametrize("kind", ["blur", "noise"])
def test_rows_are_what_the_pieces_give(compared, method, kind):
    config, run = compared
    target, baseline = load_network(config.target), load_network(config.baseline)
    space = FilterSpace.of(target)
    order = RankingFile.load(run).get(method, kind).order
    chosen = FilterSet.top(space, order, 0.3)
    if method == "faig":
        assert torch.equal(read_ranking(run / f"filters-{kind}.csv", space), order)
    cases = config.images.cases(2, 0)
    effects, summary = pd.read_csv(run / "effects.csv"), pd.read_csv(run / "summary.csv")
    grafts = pd.read_csv(run / "grafts.csv")
    row = summary.query(f"method == '{method}' and reverted == '{kind}' and proportion == 0.3").iloc[0]
    networks = {
        "target": target,
        "baseline": baseline,
        "reverted": revert(target, baseline, chosen),
        "grafted": graft(target, baseline, chosen),
    }
    out = {n: {d: [restore(net, c.lr[d]) for c in cases] for d in cases[0].lr} for n, net in networks.items()}

    def between(first: str, second: str, given: str) -> np.ndarray:
        return np.array([effect(a, b) for a, b in zip(out[first][given], out[second][given], strict=True)])

    def quality(network: str, given: str, of: Callable) -> np.ndarray:
        return np.array([of(o, c.gt, border=2) for o, c in zip(out[network][given], cases, strict=True)])

    def gained(told, altered: str, before: str, given: str) -> None:
        for name, of in (("psnr", psnr), ("ssim", ssim)):
            gains = quality(altered, given, of) - quality(before, given, of)
            assert told[f"{name}_gain"] == pytest.approx(gains.mean(), abs=1e-6)
            assert told[f"{name}_gain_worst"] == pytest.approx(gains.min(), abs=1e-6)

    def apart(first: str, second: str, given: str) -> float:
        pairs = zip(out[first][given], out[second][given], strict=True)
        return np.mean([float((a - b).double().square().mean()) for a, b in pairs])

    for given in ("clean", "blur", "noise"):
        place = f"method == '{method}' and input == '{given}' and proportion == 0.3"
        told = effects.query(f"{place} and reverted == '{kind}'").iloc[0]
        assert told["effect"] == pytest.approx(between("reverted", "target", given).mean(), rel=1e-6)
        assert told["effect_to_baseline"] == pytest.approx(between("reverted", "baseline", given).mean(), rel=1e-6)
        assert told["effect_target_baseline"] == pytest.approx(between("target", "baseline", given).mean(), rel=1e-6)
        assert told["effect_low"] <= told["effect"] <= told["effect_high"]
        outputs = list(zip(out["reverted"][given], cases, strict=True))
        assert told["psnr"] == pytest.approx(np.mean([psnr(o, c.gt, border=2) for o, c in outputs]), rel=1e-6)
        assert told["ssim"] == pytest.approx(np.mean([ssim(o, c.gt, border=2) for o, c in outputs]), rel=1e-6)
        gained(told, "reverted", "target", given)
        told = grafts.query(f"{place} and grafted == '{kind}'").iloc[0]
        assert told["effect"] == pytest.approx(between("grafted", "baseline", given).mean(), rel=1e-6)
        assert told["effect_to_target"] == pytest.approx(between("grafted", "target", given).mean(), rel=1e-6)
        gained(told, "grafted", "baseline", given)
    whole = between("target", "baseline", kind)
    off = switched_off(between("reverted", "baseline", kind), whole)
    assert row["switched_off"] == pytest.approx(off.value)
    assert (row["switched_off_low"], row["switched_off_high"]) == pytest.approx((off.low, off.high))
    others = {given: between("reverted", "target", given) for given in ("clean", "blur", "noise") if given != kind}
    assert row["leak"] == pytest.approx(leak(others, whole).value)
    assert row["switched_on"] == pytest.approx(1 - between("grafted", "target", kind).mean() / whole.mean())
    pixels = apart("target", "baseline", kind)
    assert row["switched_on_pixels"] == pytest.approx(1 - apart("grafted", "target", kind) / pixels, abs=1e-6)
    assert row["switched_off_pixels"] == pytest.approx(1 - apart("reverted", "baseline", kind) / pixels, abs=1e-6)
    assert row["leak_pixels"] == pytest.approx(max(apart("reverted", "target", o) for o in others) / pixels, abs=1e-6)
    lost = {o: quality("reverted", o, psnr) - quality("target", o, psnr) for o in others}
    assert row["loses_most"] == min(lost, key=lambda name: lost[name].mean())
    assert row["psnr_elsewhere"] == pytest.approx(lost[row["loses_most"]].mean(), abs=1e-6)
    assert row["psnr_elsewhere_worst"] == pytest.approx(min(values.min() for values in lost.values()), abs=1e-6)


def test_random_is_a_mean_of_seeds_with_a_spread(compared):
    table = pd.read_csv(compared[1] / "effects.csv").set_index("method")
    assert (table.loc["random", "effect_spread"] > 0).all()
    assert table.loc["faig", "effect_spread"].isna().all()


def test_a_ranking_from_a_file_is_one_more_method(compared, pair_settings, tmp_path):
    config, run = compared
    filters = {name: {"blur": run / "filters-blur.csv"} for name in ("mine", "random")}
    methods = ["change", "random"]
    again = CompareConfig(**pair_settings(), find=config.find, methods=methods, proportions=[0.05], filters=filters)
    table = pd.read_csv(compare(again, tmp_path / "run") / "effects.csv")
    first = pd.read_csv(run / "effects.csv")
    theirs = first.query("method == 'faig' and reverted == 'blur' and proportion == 0.05")["effect"].to_numpy()
    for name in filters:
        rows = table.query(f"method == '{name}'")
        assert set(rows["reverted"]) == {"blur"}
        assert rows["effect"].to_numpy() == pytest.approx(theirs, rel=1e-8)


def test_blue_gives_other_numbers(pair_settings, tmp_path):
    effects = {}
    for channel in ("gray", "blue"):
        config = CompareConfig(**pair_settings(), methods=["change"], proportions=[0.3], channel=channel)
        effects[channel] = pd.read_csv(compare(config, tmp_path / channel) / "effects.csv")["effect"].mean()
    assert effects["blue"] != pytest.approx(effects["gray"])


def test_what_a_method_costs_is_in_the_summary(place, compared):
    summary = pd.read_csv(compared[1] / "summary.csv")
    passes = summary.groupby("method")["passes"].agg(set).to_dict()
    images, nodes = len(list((place / "find").glob("*.png"))), 3
    assert passes["faig"] == passes["signed"] == {images * 3 * nodes}  # clean, blur and noise
    assert passes["gradient"] == {images * 3}
    assert passes["change"] == passes["random"] == {0}


def test_summary_table_has_every_method(compared):
    from rich.console import Console

    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(summary_sheet(compared[1]))
    text = console.export_text()
    console.file.close()
    assert all(method in text for method in METHODS)
    row = pd.read_csv(compared[1] / "summary.csv").query("method == 'faig' and proportion == 0.05").iloc[0]
    for name in ("switched_off", "leak_pixels"):
        half = (row[f"{name}_high"] - row[f"{name}_low"]) / 2
        assert f"{row[name]:.3f}" in text
        assert f"±{half:.3f}" in text


def test_needs_clean_images_says_so_before_it_starts(pair_settings, place, tmp_path):
    for kind in ("blur", "noise"):
        (tmp_path / kind).mkdir()
    for case in ImagesConfig(gt=place / "gt", degrade={"blur": 2.0, "noise": 0.1}).cases(2, 0):
        for kind in ("blur", "noise"):
            write_image(tmp_path / kind / f"{case.name}.png", case.lr[kind])
    images = ImagesConfig(gt=place / "gt", lr={kind: tmp_path / kind for kind in ("blur", "noise")})
    for method in ("signed", "ig", "ig-contrastive"):
        with pytest.raises(InputError, match=f"the method {method} needs clean LR images, and there are none"):
            attribute_run(AttributeConfig(**pair_settings(images=images), method=method), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert attribute_run(AttributeConfig(**pair_settings(images=images)), tmp_path / "run").is_dir()


def test_a_pair_that_is_not_connected_is_told_and_the_run_ends_in_order(pair_settings, tmp_path):
    """Two linear layers, and the same with both signs turned: one function, but the middle of the path is black."""
    made = "nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 12, 1), nn.PixelShuffle(2))"
    (tmp_path / "linear.py").write_text(f"from torch import nn\ndef make():\n    return {made}\n")
    same, repeat = torch.eye(3).view(3, 3, 1, 1), torch.eye(3).repeat_interleave(4, 0).view(12, 3, 1, 1)
    for name, sign in (("target", 1), ("baseline", -1)):
        weights = {"0.weight": sign * same, "0.bias": torch.zeros(3), "1.weight": sign * repeat}
        torch.save(weights | {"1.bias": torch.full((12,), 0.01 * sign)}, tmp_path / f"{name}.pth")
    networks = {name: str(tmp_path / f"{name}.pth") for name in ("target", "baseline")}
    config = AttributeConfig(
        **pair_settings(**networks, arch=f"{tmp_path / 'linear.py'}:make", quadrature="gauss-legendre")
    )
    with pytest.warns(FaigWarning, match=r"the pair is not connected \(barrier .* on clean"):
        run = attribute_run(config, tmp_path / "run")
    assert load_scores(run / "scores.safetensors")[1]["barrier"]["clean"] > 1.1
    assert "not connected" in (run / "log.txt").read_text()
    assert (run / "filters-blur.csv").exists()


def test_the_papers_protocol_gives_way_to_what_is_given(pair_settings):
    found = CompareConfig(**pair_settings(protocol="paper", nodes=7))
    assert (found.quadrature, found.nodes, found.channel) == ("riemann-left", 7, "blue")
    given = {key: value for key, value in pair_settings().items() if key != "nodes"}
    found = CompareConfig(**given, protocol="paper", channel="gray")
    assert (found.quadrature, found.nodes, found.channel) == ("riemann-left", 100, "gray")
    again = CompareConfig.model_validate(found.model_dump(mode="json"))
    assert again == found
    assert CompareConfig(**given).nodes == 12
    with pytest.raises(ValueError, match="leave find out"):
        CompareConfig(**given, protocol="paper", find=given["images"])
