"""Where filters are: depth, unevenness, intervals, tables and pictures."""

import numpy as np
import pandas as pd
import pytest
import torch

from conftest import nudged, tiny_network
from faig.analysis.layers import depth_difference, depths, distribution, found_by_layer
from faig.cli import main
from faig.filters import FilterSpace
from faig.imaging.images import read_image, write_image
from faig.networks.checkpoint import save_network

SPACE = FilterSpace.of(tiny_network("srcnn-style"))
SRRESNET = FilterSpace.of(tiny_network())


def rows_with(*tops: range) -> torch.Tensor:
    """One row an image, its highest scores in these filters."""
    rows = torch.zeros(len(tops), len(SPACE))
    for row, top in zip(rows, tops, strict=True):
        row[list(top)] = 1.0
    return rows


def test_by_hand():
    counts = [layer.count for layer in SPACE.layers]
    total, last = sum(counts), len(counts) - 1
    np.testing.assert_allclose(depths(SPACE), np.repeat(np.linspace(0, 1, last + 1), counts), rtol=1e-6)
    # Half of the top filters in the first layer, half in the second.
    edge = counts[0]
    found = distribution(SPACE, rows_with(range(edge - 2, edge + 2)), 4 / total)
    assert found.found.tolist() == [2, 2, *[0] * (last - 1)]
    assert found.depth.value == pytest.approx(0.5 / last)
    assert np.isnan(found.depth.low)
    moved = sum(max(0.0, share - count / total) for share, count in zip((0.5, 0.5), counts[:2], strict=True))
    assert found.unevenness.value == pytest.approx(moved)


def test_all_filters_are_spread_evenly():
    found = distribution(SPACE, torch.rand(3, len(SPACE)), 1.0)
    assert found.unevenness.value == pytest.approx(0, abs=1e-6)
    assert found.depth.value == pytest.approx(float(depths(SPACE).mean()), abs=1e-6)
    assert found.depth.low == pytest.approx(found.depth.high, abs=1e-6)


def test_intervals_cover_what_images_disagree_about():
    """Some images say the first layer, some the last: the interval is wide. All say the same: it has no width."""
    total = len(SPACE)
    first, last = range(3), range(total - 3, total)
    agreed = distribution(SPACE, rows_with(*[first] * 6), 3 / total)
    assert (agreed.depth.low, agreed.depth.high) == (0, 0)
    split = distribution(SPACE, rows_with(first, first, first, last, last, last, last), 3 / total)
    assert (split.depth.low, split.depth.value, split.depth.high) == (0, 1, 1)


def test_crops_of_one_photo_say_no_more_than_the_photo():
    rows = torch.rand(5, len(SPACE), generator=torch.Generator().manual_seed(2)).double()
    photos = [name for name in "abcde" for _ in range(3)]
    whole, crops, apart = (
        distribution(SPACE, rows, 0.1),
        distribution(SPACE, rows.repeat_interleave(3, 0), 0.1, photos=photos),
        distribution(SPACE, rows.repeat_interleave(3, 0), 0.1),
    )
    assert (crops.depth, crops.unevenness) == (whole.depth, whole.unevenness)
    assert apart.depth.high - apart.depth.low < whole.depth.high - whole.depth.low
    alone = distribution(SPACE, rows, 0.1, photos=["a"] * 5)
    assert np.isnan([alone.depth.low, alone.unevenness.high, depth_difference(alone, alone).low]).all()


def test_differences_resample_the_same_images():
    """Two functions whose depth swings together: each is unsure, their difference is not."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.rand(8, len(SPACE), generator=generator)
    one, other = (distribution(SPACE, rows, share) for share in (0.1, 0.1))
    assert one.depth.high > one.depth.low
    difference = depth_difference(one, other)
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_every_filter_is_counted_once():
    sets = torch.rand(5, len(SPACE), generator=torch.Generator().manual_seed(1)) < 0.3
    assert torch.equal(found_by_layer(SPACE, sets).sum(1), sets.sum(1).float())


def test_a_space_can_be_told_of():
    again = FilterSpace.described(SPACE.describe())
    assert len(again) == len(SPACE)
    assert [again.locate(i) for i in range(len(SPACE))] == [SPACE.locate(i) for i in range(len(SPACE))]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of ``faig attribute`` on a tiny pair."""
    folder = tmp_path_factory.mktemp("distribution")
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    baseline = tiny_network()
    save_network(folder / "baseline.safetensors", baseline.state_dict(), metadata)
    save_network(folder / "target.safetensors", nudged(baseline).state_dict(), metadata)
    (folder / "gt").mkdir()
    for i in range(4):
        write_image(folder / "gt" / f"{i}.png", torch.rand(3, 24, 24, generator=torch.Generator().manual_seed(i)))
    pair = [part for name in ("baseline", "target") for part in (f"--{name}", str(folder / f"{name}.safetensors"))]
    command = ["attribute", *pair, "--gt", str(folder / "gt"), "--degrade", "blur=2,noise=0.1", "--nodes", "4"]
    assert call([*command, "--out", str(folder / "run")]) == 0
    return folder / "run"


def call(arguments: list[str]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["faig", *arguments])
        with pytest.raises(SystemExit) as done:
            main()
    return int(done.value.code or 0)


@pytest.mark.slow
def test_the_command_writes_tables_and_pictures(run, capsys):
    assert call(["distribution", str(run), "--proportions", "5,20"]) == 0
    assert "blur, top 5% by faig: mean depth" in capsys.readouterr().out
    layers, depth, shared = (pd.read_csv(run / f"{name}.csv") for name in ("layers", "distribution", "overlaps"))
    for (_, share), rows in layers.groupby(["function", "proportion"]):
        assert rows["found"].sum() == max(1, int(rows["filters"].sum() * share))
        assert rows["share_of_found"].sum() == pytest.approx(1)
    assert ((depth["depth_low"] <= depth["depth"]) & (depth["depth"] <= depth["depth_high"])).all()
    # Two degradations: one ranking is the other turned round, so the top sets share nothing.
    assert (shared["shared"] == 0).all()
    one, other = shared[shared["proportion"] == 0.05]["depth_difference"]
    assert one == pytest.approx(-other)
    assert (shared["shared_raw"].between(shared["shared_raw_low"], shared["shared_raw_high"])).all()
    groups, filters = pd.read_csv(run / "groups.csv", keep_default_na=False), pd.read_csv(run / "profiles.csv")
    for _, rows in groups.groupby("proportion"):
        singles, sums = rows[rows["functions"] != "all"], rows[rows["functions"] == "all"]
        assert list(singles["functions"]) == ["", "blur", "noise", "blur+noise"]
        assert singles["filters"].sum() == sums["filters"].sum() == len(SRRESNET)
        assert sums["share"].astype(float).sum() == pytest.approx(1)
    doing = groups[(groups["proportion"] == 0.05) & groups["kind"].isin(["specific", "shared"])]
    assert len(filters) == doing[doing["functions"] == "all"]["filters"].sum()
    for _, row in filters.iterrows():
        assert SRRESNET.locate(row["index"]) == (row["layer"], row["out"], row["in"])
    assert (filters[["blur", "noise"]].max(axis=1) > 1).all()
    for table in (layers, depth, shared):
        assert set(table["method"]) == {"faig"}  # the run's own
    for name in ("layers", "groups"):
        assert read_image(run / "figures" / "report" / f"{name}.png").std() > 0.02
        assert "<svg" in (run / "figures" / "report" / f"{name}.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["RUN", "--method", "change"], "has no scores by image; take one of faig, signed"),
        (["RUN", "--method", "ig"], "holds scores of the method faig, which say nothing about ig"),
        (["RUN", "--method", "nothing"], "--method nothing: is not one of"),
        (["RUN", "--proportions", "200"], "outside (0%, 100%]"),
        (["nowhere"], "nowhere: holds no rankings.safetensors; attribute first"),
    ],
)
def test_bad_input_gets_one_line(run, capsys, arguments, message):
    assert call(["distribution", *(str(run) if part == "RUN" else part for part in arguments)]) == 2
    assert message in capsys.readouterr().err
