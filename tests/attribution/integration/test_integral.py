"""The engine's ways of computing one integral, and what it says about its error."""

import pytest
import torch

from conftest import nudged, path_scores, tiny_cases, tiny_network
from faig.attribution.combine import contrast
from faig.attribution.integration.accumulate import ComputeOptions, Sample, samples_of
from faig.attribution.integration.gradients import LossGradients
from faig.attribution.integration.integral import along_inputs, along_path, until_settled
from faig.attribution.integration.objectives import squared_error
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import gauss_legendre, graded, graded_levels, riemann_left
from faig.attribution.raw_scores import RawScores, beside, join
from faig.attribution.uncertainty import ranking_error
from faig.common.errors import InputError
from faig.filters import FilterSpace


@pytest.fixture
def path(pair):
    return WeightPath(*pair)


def close(first, second, tolerance=1e-5):
    assert (first - second).norm() <= tolerance * first.norm()


@pytest.mark.slow
@pytest.mark.parametrize("together", [2, 3, 7])
def test_views_together_are_views_one_by_one(pair, path, together):
    samples = samples_of(tiny_cases(count=1)[0])
    space = FilterSpace.of(pair[0])
    alone = along_path(path, space, graded(6), samples)
    grouped = along_path(path, space, graded(6), samples, ComputeOptions(together=together))
    for one, other in zip(alone, grouped, strict=True):
        for name in ("score", "signed", "total", "losses", "coarse_score", "coarse_signed"):
            close(getattr(one, name), getattr(other, name))


def test_inputs_together_are_inputs_one_by_one(pair, path):
    samples = [sample for sample in samples_of(tiny_cases(count=1)[0]) if sample.kind != "clean"]
    space = FilterSpace.of(pair[0])
    path.move(0.0)
    alone, grouped = (
        along_inputs(path.network, space, graded(4), samples, ComputeOptions(together=together)) for together in (1, 2)
    )
    for one, other in zip(alone, grouped, strict=True):
        close(one.score, other.score)


def test_bfloat16_is_near(pair, path):
    samples = samples_of(tiny_cases(count=1)[0])
    space = FilterSpace.of(pair[0])
    exact, rough = (
        along_path(path, space, graded(4), samples, ComputeOptions(precision=p)) for p in ("float32", "bf16")
    )
    for one, other in zip(exact, rough, strict=True):
        close(one.score, other.score, 0.1)
        assert not torch.equal(one.score, other.score)


def test_float64_stays_float64(pair):
    target, baseline = (network.double() for network in pair)
    case = tiny_cases(count=1)[0]
    sample = Sample("image", "blur", case.gt.double(), case.lr["blur"].double())
    found = along_path(WeightPath(target, baseline), FilterSpace.of(target), graded(3), [sample])[0]
    with torch.no_grad():
        loss = (target(sample.lr[None])[0] - sample.gt).square().sum()
    assert float(found.losses[0]) == pytest.approx(float(loss), rel=1e-13)
    assert found.score.dtype == torch.float64


def test_a_gradient_is_asked_for_where_something_moved():
    target = tiny_network()
    baseline = tiny_network()
    key = FilterSpace.of(target).keys[1]
    baseline.get_parameter(key).add_(0.1)
    assert list(WeightPath(target, baseline).moving) == [key]


def test_a_twin_moves_by_itself(path):
    twin = path.twin()
    path.move(0.0)
    before = [weight.clone() for weight in path.parameters.values()]
    twin.move(1.0)
    assert all(torch.equal(*both) for both in zip(before, path.parameters.values(), strict=True))
    assert not any(torch.equal(*both) for both in zip(before, twin.parameters.values(), strict=True))


def test_values_are_the_objective(path):
    case = tiny_cases(count=1)[0]
    passes = LossGradients(path.network, path.moving, squared_error, 2)
    lr, gt = case.lr["blur"][None], case.gt[None]
    height, width = lr.shape[2:]
    from faig.networks.tiling import whole

    grid = whole(height, width)
    value = passes.values(lr, gt, grid)
    assert value[0].item() == pytest.approx((path.network(lr) - gt).square().sum().item(), rel=1e-6)
    assert passes.gradients(lr, gt, grid[0])[0].item() == pytest.approx(value[0].item(), rel=1e-6)


def test_the_coarse_part_is_a_third_of_the_nodes(pair, path):
    samples = samples_of(tiny_cases(count=1)[0])
    space = FilterSpace.of(pair[0])
    fine, coarse = (along_path(path, space, graded(count), samples) for count in (12, 4))
    for one, other in zip(fine, coarse, strict=True):
        close(one.coarse_score, other.score)
        close(one.coarse_signed, other.signed)
    assert along_path(path, space, riemann_left(2), samples)[0].coarse_score is None


def test_levels_end_with_the_rule_of_all_their_nodes():
    nodes, shares = [], []
    for level, count in zip(graded_levels(), (4, 12, 36, 108), strict=True):
        nodes += level.nodes
        shares += level.shares
        pairs = sorted(zip(nodes, (share * level.scale for share in shares), strict=True))
        whole = graded(count)
        assert [node for node, _ in pairs] == pytest.approx(whole.nodes)
        assert [weight for _, weight in pairs] == pytest.approx(whole.weights)


@pytest.mark.slow
def test_more_nodes_until_settled(pair, path):
    samples = samples_of(tiny_cases(count=1)[0])
    space = FilterSpace.of(pair[0])
    asked = []

    def settled(found):
        asked.append(len(found[0].losses) - 2)
        return len(asked) == 2

    found = until_settled(path, space, settled, samples)
    assert asked == [12, 36]
    expected = along_path(path, space, graded(36), samples)
    for one, other in zip(found, expected, strict=True):
        for name in ("score", "signed", "total", "losses"):
            close(getattr(one, name), getattr(other, name))
        close(one.coarse_score, other.coarse_score)
    never = until_settled(path, space, lambda found: False, samples)
    assert len(never[0].losses) == 108 + 2


def test_images_with_different_numbers_of_nodes_stand_beside_each_other(pair, path):
    space = FilterSpace.of(pair[0])
    first, second = (samples_of(case) for case in tiny_cases(count=2))
    kinds = [sample.kind for sample in first]
    few = RawScores.of("a", dict(zip(kinds, along_path(path, space, graded(4), first), strict=True)))
    many = RawScores.of("b", dict(zip(kinds, along_path(path, space, graded(12), second), strict=True)))
    both = join([few, many])
    losses = both.losses["blur"]
    assert losses.shape == (2, 14)
    shown = losses[0].isfinite().nonzero().flatten().tolist()
    assert shown == [0, 2, 5, 8, 11, 13]  # the middles of three
    assert torch.equal(losses[0, shown], few.losses["blur"][0])
    assert both.barriers()["blur"] >= 1
    close(both.coarse_score["blur"], (few.coarse_score["blur"] + many.coarse_score["blur"]) / 2)


def test_degradations_beside_each_other_are_those_together(pair, path):
    space, samples = FilterSpace.of(pair[0]), samples_of(tiny_cases(count=1)[0])
    parts = dict(zip((sample.kind for sample in samples), along_path(path, space, graded(3), samples), strict=True))
    apart = beside(RawScores.of("a", {kind: part}) for kind, part in parts.items())
    assert apart.score.keys() == parts.keys()
    assert torch.equal(apart.coarse_score["noise"], RawScores.of("a", parts).coarse_score["noise"])


@pytest.mark.slow
def test_the_ranking_error_falls_with_the_nodes_and_bounds_the_true_one():
    baseline = tiny_network()
    target = nudged(baseline, seed=1, size=0.1)
    cases = tiny_cases(count=1, height=24, width=24)

    def top(found):
        return set(contrast(found, "blur").mean(0).topk(27).indices.tolist())

    truth = top(path_scores(target, baseline, cases, gauss_legendre(64)))
    estimated = {}
    for count in (3, 9, 24):
        found = path_scores(target, baseline, cases, graded(count))
        estimated[count] = ranking_error(contrast, found, "blur", 0.2)
        assert 1 - len(top(found) & truth) / 27 <= estimated[count] + 1 / 27
    assert estimated[24] < estimated[3]
    without = path_scores(target, baseline, cases, graded(2))
    assert ranking_error(contrast, without, "blur", 0.2) != ranking_error(contrast, without, "blur", 0.2)  # NaN


def test_names_the_image_that_does_not_fit_a_tile(pair, path):
    samples = samples_of(tiny_cases(scale=3, count=1)[0])
    with pytest.raises(InputError, match="image0: the network gives 20x28, but the GT is 30x42"):
        along_path(path, FilterSpace.of(pair[0]), graded(1), samples, ComputeOptions(together=3))
