"""Studies of some layers, and scores summed up by channel and layer."""

import pandas as pd
import pytest
import torch

from faig.attribution.combine import keep_only
from faig.attribution.files.rankings import read_ranking, write_sums
from faig.attribution.files.score_files import load_scores
from faig.filters import FilterSet, FilterSpace
from faig.networks.checkpoint import load_network


@pytest.mark.parametrize("by", [("layer",), ("layer", "out")])
def test_sums(tmp_path, by):
    layers = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.ConvTranspose2d(2, 3, 2))
    space, scores = FilterSpace.of(layers), torch.arange(12.0) ** 2
    write_sums(tmp_path / "sums.csv", space, scores, by)
    table = pd.read_csv(tmp_path / "sums.csv")
    assert list(table) == ["rank", *by, "filters", "score"]
    assert table["score"].sum() == scores.sum()
    assert table["filters"].sum() == 12
    first = table.iloc[0]
    assert first["layer"] == 1
    assert first["score"] == (scores[6:].sum() if by == ("layer",) else 10**2 + 11**2)
    write_sums(tmp_path / "some.csv", space, scores, by, FilterSet.of_layers(space, ["0"]))
    assert pd.read_csv(tmp_path / "some.csv")["layer"].unique().tolist() == [0]


def test_only_puts_all_others_last():
    layers = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.Conv2d(2, 3, 1))
    space = FilterSpace.of(layers)
    rows = torch.randn(4, 12, generator=torch.Generator().manual_seed(0))
    some = FilterSet.of_layers(space, ["1"])
    assert torch.equal(keep_only(rows, some)[:, 6:], rows[:, 6:])
    assert keep_only(rows, some)[:, :6].max() < rows.min()
    assert keep_only(rows, None) is rows


@pytest.mark.slow
def test_a_study_of_some_layers(faig, files, study, tmp_path):
    options = ["--nodes", 3, "--layers", "body.*", "--layers", "conv_*", "--not-layers", "conv_last"]
    for name, given in (("some", options), ("all", ["--nodes", 3])):
        code, _, err = faig("attribute", *study, *given, "--out", tmp_path / name)
        assert code == 0, err
    space = FilterSpace.of(load_network(files / "target.safetensors"))
    found, told = load_scores(tmp_path / "some" / "scores.safetensors")
    assert told["ranked"] == ["conv_first", "body.0.conv1", "body.0.conv2", "conv_hr"]
    assert torch.equal(found.score["blur"], load_scores(tmp_path / "all" / "scores.safetensors")[0].score["blur"])
    order = read_ranking(tmp_path / "some" / "filters-blur.csv", space)
    ranked = FilterSet.of_layers(space, told["ranked"])
    everything = read_ranking(tmp_path / "all" / "filters-blur.csv", space)
    assert order.tolist() == everything[ranked.mask[everything]].tolist()
    assert not (tmp_path / "some" / "blur_index.txt").exists()
    assert (tmp_path / "all" / "blur_index.txt").exists()
    rows = pd.read_csv(tmp_path / "some" / "filters-blur.csv")
    assert rows["confidence"].between(0, 1).all()
    channels = pd.read_csv(tmp_path / "some" / "channels-noise.csv")
    assert set(channels["layer"]) == set(told["ranked"])
    assert len(pd.read_csv(tmp_path / "all" / "layers-noise.csv")) == len(space.layers)
    code, _, err = faig("distribution", tmp_path / "some", "--proportions", "10")
    assert code == 0, err
    assert pd.read_csv(tmp_path / "some" / "layers.csv").query("found > 0")["layer"].isin(told["ranked"]).all()


@pytest.mark.slow
def test_compare_reverts_filters_of_these_layers_alone(faig, study, tmp_path):
    options = ["--nodes", 3, "--methods", "faig,random", "--proportions", 5, "--layers", "conv_hr"]
    code, _, err = faig("compare", *study, *options, "--out", tmp_path / "run")
    assert code == 0, err
    assert set(pd.read_csv(tmp_path / "run" / "filters-blur.csv")["layer"]) == {"conv_hr"}
    code, _, err = faig("compare", *study, *options, "--layers", "nothing", "--out", tmp_path / "other")
    assert code == 2
    assert "no layer is named 'nothing'" in err
    options[options.index(5)] = 50
    code, _, err = faig("compare", *study, *options, "--out", tmp_path / "more")
    assert code == 2
    assert "but the ranking has only 16" in err
