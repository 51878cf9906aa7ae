"""Rankings of several methods in one file: they come back as they were, and refuse what is none."""

import pytest
import torch

from conftest import PlainPair, nudged, tiny_cases, tiny_network
from faig.attribution.files.ranking_file import Ranking, RankingFile
from faig.attribution.files.rankings import ranking_frame
from faig.attribution.methods import METHODS
from faig.attribution.options import Options
from faig.common.errors import InputError
from faig.filters import FilterSpace


@pytest.fixture(scope="module")
def attributions():
    network = tiny_network()
    pair, cases = PlainPair(nudged(network), network), tiny_cases()
    options = Options(nodes=2)
    chosen = Options(nodes=2, layers=["body.*"])
    made = [METHODS[name].attribute(pair, cases, options) for name in ("signed", "faig", "change")]
    return [*made, METHODS["gradient"].attribute(pair, cases, chosen)]


def test_rankings_come_back(attributions, tmp_path):
    RankingFile.of(attributions).save(tmp_path)
    rankings = RankingFile.load(tmp_path)
    assert rankings.default == "signed"
    assert rankings.degradations == ["blur", "noise"]
    assert rankings.space.describe() == attributions[0].space.describe()
    for attribution in attributions:
        for kind in attribution.degradations:
            name = attribution.method.name
            ranking = rankings.get(name, kind)
            assert torch.equal(ranking.scores, attribution.scores[kind])
            assert torch.equal(ranking.order, attribution.order(kind))
            assert rankings.frame(name, kind).equals(attribution.to_frame(kind))
            assert rankings.frame(name, kind, 5).equals(attribution.to_frame(kind, 5))
    assert len(rankings.frame("gradient", "blur")) < len(rankings.space) == len(rankings.frame("faig", "blur"))
    assert "confidence" not in rankings.frame("change", "blur")


def test_equal_rankings_give_equal_bytes_and_stand_there_once(attributions, tmp_path):
    for name in "ab":
        RankingFile.of(attributions).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    filters = len(attributions[0].space)
    # `change` scores alike for both degradations; a ranking takes 4 bytes a filter, and 5 more with its errors.
    assert (tmp_path / "a").stat().st_size < filters * (6 * 9 + 4) + 4000


def test_one_photo_says_nothing_of_others(tmp_path):
    network = tiny_network()
    pair = PlainPair(nudged(network), network)
    RankingFile.of([METHODS["faig"].attribute(pair, tiny_cases(count=1), Options(nodes=2))]).save(tmp_path)
    assert list(RankingFile.load(tmp_path).frame("faig", "blur"))[-1] == "score"


def test_ties_are_ranked_by_index(tmp_path):
    space = FilterSpace.of(tiny_network())
    scores = torch.zeros(len(space))
    scores[7] = float("inf")
    RankingFile(space, "change", (Ranking("change", "random-noise", scores),)).save(tmp_path / "r.safetensors")
    frame = RankingFile.load(tmp_path / "r.safetensors").frame("change", "random-noise")
    assert frame.equals(ranking_frame(space, scores))
    assert frame["index"].tolist()[:3] == [7, 0, 1]


def test_what_is_not_there_is_refused(attributions, tmp_path):
    RankingFile.of(attributions).save(tmp_path)
    with pytest.raises(InputError, match="no ranking by ig for 'blur', only by signed for blur"):
        RankingFile.load(tmp_path).get("ig", "blur")
    with pytest.raises(InputError, match=r"none: holds no rankings\.safetensors; attribute first"):
        RankingFile.load(tmp_path / "none")
    (tmp_path / "text").write_text("no tensors")
    with pytest.raises(InputError, match="text: is not a file of rankings"):
        RankingFile.load(tmp_path / "text")
