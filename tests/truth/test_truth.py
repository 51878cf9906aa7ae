"""Where the answer is known, by hand or by the naive loop."""

import itertools
from dataclasses import replace

import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from conftest import nudged, path_scores, tiny_cases, tiny_network
from faig.attribution.integration.accumulate import WHOLE, samples_of
from faig.attribution.integration.linear import predict_reverting
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import gauss_legendre
from faig.attribution.raw_scores import RawScores, join
from faig.filters import FilterSet, FilterSpace, rank
from faig.imaging.cases import CLEAN, Case
from faig.intervention.edit import revert
from faig.truth import (
    Changes,
    ahead,
    alone,
    carriers,
    distance,
    greedy,
    precision,
    rank_correlation,
    recall,
    shapley,
    specific,
    toggled,
)

pytestmark = pytest.mark.slow

ONE = torch.ones(3, 1, 1)


def series(first: float, second: float) -> nn.Module:
    """``F_0 = second * relu(first * x_0)``; six filters of one weight, of which 0 and 3 are not zero."""
    network = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False), nn.ReLU(), nn.Conv2d(1, 3, 1, bias=False))
    with torch.no_grad():
        for layer, weight in ((network[0], first), (network[2], second)):
            layer.weight.zero_()
            layer.weight[0, 0] = weight
    return network


@pytest.fixture
def by_hand():
    """x = 1, y = 0: the target's output is 2 · 3 = 6 and its loss 36; the baseline's 1.

    Reverted alone, the first filter leaves 1 · 3 (loss 9), the second 2 · 1 (loss 4).
    """
    return series(2, 3), series(1, 1), [Case("pixel", ONE * 0, {"blur": ONE, CLEAN: ONE})]


def predicted(target: nn.Module, baseline: nn.Module, cases: list[Case], draws: int = 12) -> Changes:
    """What `predict_reverting` says, in the form of the truth."""
    path, space = WeightPath(target, baseline), FilterSpace.of(target)
    raw = join(
        RawScores.of(
            case.name,
            dict(zip(case.lr, predict_reverting(path, space, samples_of(case), WHOLE, draws, 0), strict=True)),
        )
        for case in cases
    )
    return Changes(raw.signed, raw.score)


def test_alone_by_hand(by_hand):
    found = alone(*by_hand)
    assert found.loss["blur"].tolist() == [[9 - 36, 0, 0, 4 - 36, 0, 0]]
    assert found.output["blur"].tolist() == [[(3 - 6) ** 2, 0, 0, (2 - 6) ** 2, 0, 0]]


def test_the_prediction_is_exact_where_the_network_is_linear_in_a_filter(by_hand):
    found, truth = predicted(*by_hand, draws=1), alone(*by_hand)
    torch.testing.assert_close(found.loss["blur"], truth.loss["blur"])  # one output value: a single draw is exact
    torch.testing.assert_close(found.output["blur"], truth.output["blur"])


def test_shapley_by_hand(by_hand):
    """First reverted first: -27, after the second: 1 - 4; so (-27 - 3) / 2; the second: (-32 + 1 - 9) / 2.

    A coalition and its complement hold, for each of two filters, the other one once: every pair is exact.
    """
    found = shapley(*by_hand, pairs=3)
    assert found.loss["blur"].tolist() == [[-15, 0, 0, -20, 0, 0]] * 3
    assert not found.error("blur").any()
    assert float(found.value()["blur"].sum()) == 1 - 36


def test_the_integral_shares_what_the_shapley_value_shares_otherwise(by_hand):
    """c_1 = -∫ 2 F w_2 = -2 (18 - 33/2 + 20/3 - 1) = -43/3, c_2 = -2 ∫ 2 F w_1 = -4 (12 - 10 + 11/3 - 1/2) = -62/3."""
    target, baseline, [case] = by_hand
    cases = [replace(case, lr=case.lr | {CLEAN: ONE / 2})]  # what is the same for both has no function
    found = path_scores(target, baseline, cases, gauss_legendre(4)).signed["blur"][0]
    torch.testing.assert_close(found[[0, 3]], torch.tensor([-43 / 3, -62 / 3]))


def test_faig_is_fooled_by_weights_that_cancel():
    """A filter (1, 1) becomes (2, 0): on an even image nothing happens, yet Σ|c_i| is not 0. Σ c_i is."""

    def pair_of(*weights: float) -> nn.Module:
        network = nn.Conv2d(3, 3, (1, 2), groups=3, bias=False)
        network.weight.data.copy_(torch.tensor(weights).expand(3, 1, 1, 2))
        return nn.Sequential(nn.ZeroPad2d((0, 1, 0, 0)), network)

    even = torch.ones(3, 1, 2)
    case = Case("even", torch.zeros(3, 1, 2), {"blur": even})
    wide = [nn.Sequential(nn.ReflectionPad2d((0, 1, 0, 0)), net[1]) for net in (pair_of(1, 1), pair_of(2, 0))]
    found = path_scores(*wide, [case], gauss_legendre(2))
    assert found.score["blur"].min() > 1
    assert found.signed["blur"].abs().max() < 1e-5
    assert alone(*wide, [case]).output["blur"].abs().max() < 1e-10
    assert predicted(*wide, [case]).output["blur"].abs().max() < 1e-10


def test_a_scaled_decoy_by_hand():
    """The baseline (1, 1) scaled to (2, 1/2): F is 1 at both ends, but F w_2 along the path is not.

    c_1 = -∫ 2 (2 - α) ((1 + α) / 2)² = -(2 + 3/2 - 1/4) / 2 = -13/8, and c_2 is its opposite: a sum of 0.
    """
    target, baseline = series(2, 0.5), series(1, 1)
    cases = [Case("pixel", ONE * 0, {"blur": ONE})]
    found = path_scores(target, baseline, cases, gauss_legendre(4))
    torch.testing.assert_close(found.signed["blur"][0, [0, 3]], torch.tensor([-13 / 8, 13 / 8]))
    assert found.barriers()["blur"] > 1.2  # the path check sees it: halfway, F is 9/8


class Odd(nn.Module):
    """A transposed convolution, groups, and a skip over both."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.up = nn.ConvTranspose2d(4, 4, 3, padding=1, groups=2)
        self.last = nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = torch.relu(self.first(x))
        return nn.functional.interpolate(self.last(first + torch.relu(self.up(first))) + x, scale_factor=2)


@pytest.fixture(params=["srresnet", "srcnn-style", "odd"])
def any_pair(request):
    torch.manual_seed(0)
    baseline = Odd().eval() if request.param == "odd" else tiny_network(request.param)
    return nudged(baseline), baseline


def same_size() -> list[Case]:
    return [Case(f"{place}", case.gt[..., :20], {k: lr[..., :10] for k, lr in case.lr.items()})
            for place, case in enumerate(tiny_cases(count=2))]  # fmt: skip


def loss(network: nn.Module, case: Case, kind: str) -> float:
    with torch.no_grad():
        return float((network(case.lr[kind][None])[0] - case.gt).double().square().sum())


def test_alone_is_reverting_each_filter(any_pair):
    target, baseline = any_pair
    cases, space = same_size(), FilterSpace.of(target)
    found = alone(target, baseline, cases)
    for index in range(0, len(space), 7):
        altered = revert(target, baseline, FilterSet.of(space, [index]))
        for row, case in enumerate(cases):
            for kind in case.lr:
                expected = loss(altered, case, kind) - loss(target, case, kind)
                assert float(found.loss[kind][row, index]) == pytest.approx(expected, abs=2e-4, rel=1e-3)


def test_toggling_is_the_same_from_either_side(pair):
    target, baseline = pair
    cases, space = same_size(), FilterSpace.of(target)
    chosen = FilterSet.of(space, range(0, len(space), 2))
    network, some = revert(target, baseline, chosen), torch.tensor([3, 4, len(space) - 1, len(space) - 2])
    found = toggled(network, target, baseline, cases, some)
    for index in some.tolist():
        one = FilterSet.of(space, [index])
        off, on = (revert(target, baseline, part) for part in (chosen | one, chosen - one))
        expected = loss(off, cases[1], "noise") - loss(on, cases[1], "noise")
        assert float(found.loss["noise"][1, index]) == pytest.approx(expected, abs=2e-4, rel=1e-3)
    assert found.loss["noise"].count_nonzero() == 2 * len(some)


def test_the_prediction_is_near_the_truth(pair):
    """For small steps; a wrong factor or sign would show."""
    baseline = pair[1]
    target, cases = nudged(baseline, size=1e-3), same_size()
    truth, found = alone(target, baseline, cases), predicted(target, baseline, cases, 64)
    for kind in truth.loss:
        assert rank_correlation(found.loss[kind].sum(0), truth.loss[kind].sum(0)) > 0.99
        ratio = found.output[kind].sum() / truth.output[kind].sum()
        assert float(ratio) == pytest.approx(1, abs=0.15)


def test_shares_add_up(pair):
    """Against all six orders of three filters."""
    target, baseline = pair
    cases, space = same_size(), FilterSpace.of(target)
    players = [2, 30, len(space) - 1]
    other = revert(target, baseline, FilterSet.of(space, players))  # only these three differ
    values = {}
    for size in range(4):
        for coalition in itertools.combinations(players, size):
            network = revert(target, baseline, FilterSet.of(space, coalition))
            values[coalition] = sum(loss(network, case, "blur") for case in cases) / len(cases)
    expected = {}
    for player in players:
        orders = [order[: order.index(player)] for order in itertools.permutations(players)]
        gains = [values[tuple(sorted((*before, player)))] - values[tuple(sorted(before))] for before in orders]
        expected[player] = sum(gains) / len(gains)
    found = shapley(target, other, cases, pairs=24)
    for player in players:
        assert float(found.value()["blur"][0, player]) == pytest.approx(
            expected[player], abs=4 * float(found.error("blur")[player]) + 1e-4
        )


def test_specific_asks_for_one_function_alone():
    change = {"blur": torch.tensor([[4.0, 2], [6, 2]]), "noise": torch.tensor([[-1.0, 1], [-3, 1]]), CLEAN: ONE[:2, 0]}
    change[CLEAN] = torch.tensor([[0.5, 0], [0.5, 0]])
    assert specific(change, "blur").tolist() == [5 - 2 - 0.5, 2 - 1 - 0]
    assert specific({CLEAN: change[CLEAN], "blur": change["blur"]}, "blur").tolist() == [5 - 0.5, 2]


def test_greedy_takes_what_does_most_once_the_others_are_gone():
    """y = 6 = 2 · 3: alone either filter raises the loss, by 9 and 16; together they do by 25: 16 first, then 9."""
    target, baseline = series(2, 3), series(1, 1)
    gt = torch.tensor([6.0, 0, 0]).view(3, 1, 1)
    cases = [Case("pixel", gt, {"blur": ONE, CLEAN: ONE * 0})]
    assert greedy(target, baseline, cases, "blur", torch.tensor([0, 1, 3]), 2).tolist() == [3, 0]
    assert greedy(target, baseline, cases, "blur", torch.tensor([0, 1]), 5).tolist() == [0, 1]


def test_a_ranking_that_begins_with_the_chosen_goes_on_with_the_truth():
    truth = torch.tensor([4.0, -3, 2, 5])
    assert rank(ahead(torch.tensor([1, 2]), truth)).tolist() == [1, 2, 3, 0]


def test_carriers_make_up_most_of_the_loss():
    space = FilterSpace.of(series(1, 1))
    change = torch.tensor([1.0, 60, -5, 30, 9, 900])  # the last one was not planted
    planted = FilterSet.of(space, range(5))
    assert carriers(change, planted).nonzero().flatten().tolist() == [1, 3]
    assert carriers(change, planted, 0.95).nonzero().flatten().tolist() == [1, 3, 4]


def test_distance_is_that_of_all_weights():
    assert distance(series(2, 3), series(5, -1)) == pytest.approx(5)


def test_agreement_by_hand():
    truth, scores = torch.tensor([4.0, 3, 2, 1, 1]), torch.tensor([9.0, 1, 8, 1, 0])
    assert rank_correlation(scores, truth) == pytest.approx(spearmanr(scores, truth).statistic)
    assert rank_correlation(torch.zeros(5), truth) == 0
    assert precision(scores, truth, 0.4) == 0.5
    assert recall(scores, torch.tensor([True, True, True, False, False])) == 1
    assert recall(scores, torch.tensor([False, True, False, True, False])) == 0
