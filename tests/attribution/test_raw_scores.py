"""The integral, against algebra and against the naive loop."""

import copy

import pytest
import torch
from torch import nn

from conftest import doubled, nudged, path_scores, tiny_cases, tiny_network
from faig.attribution.integration.accumulate import samples_of
from faig.attribution.integration.integral import along_inputs, along_path, change
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import RULES, gauss_legendre, quadrature, riemann_left
from faig.attribution.raw_scores import Contribution, RawScores, beside, join
from faig.common.errors import InputError
from faig.filters import FilterSpace
from faig.imaging.cases import Case


def depthwise(weights, biases) -> nn.Module:
    """Three filters of one weight each: ``F_c = w_c x_c + b_c``."""
    conv = nn.Conv2d(3, 3, 1, groups=3)
    with torch.no_grad():
        conv.weight.copy_(torch.tensor(weights).view(3, 1, 1, 1))
        conv.bias.copy_(torch.tensor(biases))
    return conv


def pixel(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32).view(3, 1, 1)


@pytest.fixture
def by_hand():
    """Channel 0: x = 2, y = 1; target w = 1, b = 0 (loss 1); baseline w = 3, b = 1 (loss 36); 1 and 2 are at rest.

    The loss is quadratic along the path, so the integral is the gradient at the middle (w = 2, b = 1/2, F = 4.5):
    ∂L/∂w = 2 · 3.5 · 2 = 14, times Δw = 2 gives 28; ∂L/∂b = 7, times Δb = 1 gives 7; 28 + 7 = 36 - 1.
    """
    target, baseline = depthwise([1.0, 5.0, 5.0], [0.0, 0.0, 0.0]), depthwise([3.0, 5.0, 5.0], [1.0, 0.0, 0.0])
    return target, baseline, Case("pixel", pixel(1, 3, 4), {"blur": pixel(2, 1, 1)})


@pytest.mark.parametrize("rule", [gauss_legendre(1), gauss_legendre(2), gauss_legendre(7)])
def test_quadratic_toy_is_exact(by_hand, rule):
    target, baseline, case = by_hand
    found = path_scores(target, baseline, [case], rule)
    torch.testing.assert_close(found.score["blur"][0], torch.tensor([28.0, 0.0, 0.0]), rtol=1e-6, atol=0)
    torch.testing.assert_close(found.signed["blur"][0], torch.tensor([28.0, 0.0, 0.0]), rtol=1e-6, atol=0)
    assert found.total["blur"].item() == pytest.approx(35, rel=1e-6)
    assert abs(found.delta()["blur"]) < 1e-6
    assert found.losses["blur"][0, [0, -1]].tolist() == pytest.approx([1 + 4 + 1, 36 + 4 + 1])


def test_left_riemann_errs_by_what_algebra_says(by_hand):
    # ∂L/∂α = 10 + 50 α (that is d/dα (1 + 5α)²), and n left nodes miss half a step of its slope: 25 / n of 35.
    target, baseline, case = by_hand
    for count in (1, 10):
        delta = path_scores(target, baseline, [case], riemann_left(count)).delta()["blur"]
        assert delta == pytest.approx(-25 / count / 35, rel=1e-5)


@pytest.mark.parametrize("rule", list(RULES))
def test_agrees_with_the_naive_loop(pair, rule):
    """A new network at every node, one degradation at a time, and a Python loop over filters."""
    target, baseline = pair
    case, nodes = tiny_cases(count=1)[0], quadrature(rule, 3)
    samples = samples_of(case)
    parts = along_path(WeightPath(target, baseline), FilterSpace.of(target), nodes, samples)
    found = {sample.kind: part for sample, part in zip(samples, parts, strict=True)}
    start, end = target.state_dict(), baseline.state_dict()
    for kind, lr in case.lr.items():
        contribution = {key: torch.zeros_like(weight) for key, weight in start.items()}
        for alpha, share in zip(nodes.nodes, nodes.weights, strict=True):
            network = copy.deepcopy(target)
            network.load_state_dict({key: start[key] + alpha * (end[key] - start[key]) for key in start})
            network.requires_grad_(True)
            (network(lr[None])[0] - case.gt).square().sum().backward()
            for key, weight in network.named_parameters():
                contribution[key] += share * weight.grad * (end[key] - start[key])
        kernels = [c for key, part in contribution.items() if part.ndim == 4 for out in part for c in out]
        expected = torch.stack([kernel.abs().sum() for kernel in kernels])
        torch.testing.assert_close(found[kind].score, expected, rtol=2e-4, atol=1e-6 * expected.max().item())
        total = sum(part.double().sum() for part in contribution.values())
        torch.testing.assert_close(found[kind].total, total, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("architecture", ["srresnet", "srcnn-style"])
def test_completeness(architecture, scale):
    baseline = tiny_network(architecture, scale)
    target = nudged(baseline, size=0.02)
    found = path_scores(target.double(), baseline.double(), doubled(tiny_cases(scale)), gauss_legendre(24))
    for kind, delta in found.delta().items():
        assert abs(delta) < 0.01, (kind, delta)  # kinks of the activations keep it from zero
    coarse = path_scores(target, baseline, doubled(tiny_cases(scale)), riemann_left(1)).delta()
    assert max(map(abs, coarse.values())) > 0.01  # the check can fail


def test_equal_networks_score_zero(pair):
    target, _ = pair
    found = path_scores(target, copy.deepcopy(target), tiny_cases(), riemann_left(2))
    for kind in found.score:
        assert not found.score[kind].any()
        assert not found.signed[kind].any()
        assert found.delta()[kind] == 0
        assert found.barriers()[kind] == 1


@pytest.mark.parametrize(
    ("losses", "total", "decibels", "expected"),
    [
        ([[10, 7, 5]], [-4], False, 1 / 5),  # 1 is missing of 5
        ([[10, 7, 5], [2, 8, 8]], [-4, 6], False, 1 / 3.6),  # of a change of 1, so of a fifth of 10 + 8
        ([[10, 11, 9.9]], [-0.3], False, 0.2 / 2),
        ([[10, 11, 10]], [0.05], False, 0.05 / 2),
        ([[0, 0, 0]], [0], False, 0),
        ([[0, 1, 0]], [1], False, float("inf")),
        ([[-20, -21, -26]], [-5], True, 1 / 6),
        ([[-20, -21, -20.5]], [-1], True, 0.5 / 0.9691),  # of 10 log10(1 / 0.8) dB
    ],
)
def test_residual_by_hand(losses, total, decibels, expected):
    count = len(losses)
    raw = RawScores(
        [f"image{i}" for i in range(count)],
        {"blur": torch.zeros(count, 1)},
        total={"blur": torch.tensor(total).double()},
        losses={"blur": torch.tensor(losses).double()},
        decibels=decibels,
    )
    assert raw.residuals()["blur"] == pytest.approx(expected, rel=1e-4)


def test_photos_follow_the_cases():
    parts = {"blur": Contribution(torch.ones(2))}
    together = join([RawScores.of("a", parts), RawScores.of("b", parts, photo="p"), RawScores.of("c", parts, "p")])
    assert together.images == ["a", "b", "c"]
    assert together.photos == ["a", "p", "p"]
    of_b = RawScores.of("b", parts, photo="p")
    assert beside([of_b, RawScores.of("b", {"noise": Contribution(torch.ones(2))}, photo="p")]).photos == ["p"]


def test_only_filters_that_moved_score(pair):
    target, _ = pair
    space = FilterSpace.of(target)
    baseline = copy.deepcopy(target)
    moved = space.layers[1]
    baseline.get_parameter(moved.kernels.key).add_(0.1)
    score = path_scores(target, baseline, tiny_cases(), riemann_left(2)).score["blur"].sum(0)
    inside = torch.zeros(len(space), dtype=torch.bool)
    inside[moved.start : moved.start + moved.count] = True
    assert score[inside].all()
    assert not score[~inside].any()


def test_rows_follow_the_cases(pair):
    cases = tiny_cases()
    forward, backward = (path_scores(*pair, order, riemann_left(2)) for order in (cases, cases[::-1]))
    assert forward.images == backward.images[::-1] == [case.name for case in cases]
    for part in ("score", "signed", "total", "losses"):
        for kind, rows in getattr(forward, part).items():
            assert torch.equal(rows, getattr(backward, part)[kind].flip(0))


def test_layer_names_do_not_matter():
    chain, renamed = tiny_network("srcnn-style"), nn.Sequential()
    for i, layer in enumerate(tiny_network("srcnn-style").features):
        renamed.add_module(f"z{99 - i}", layer)
    first, second = (path_scores(nudged(n), n, tiny_cases(), riemann_left(2)) for n in (chain, renamed))
    assert torch.equal(first.score["noise"], second.score["noise"])


def test_networks_and_images_stay_as_they_are(pair):
    cases = tiny_cases()
    before = copy.deepcopy(([network.state_dict() for network in pair], [(c.gt, c.lr) for c in cases]))
    path_scores(*pair, cases, riemann_left(2))
    after = ([network.state_dict() for network in pair], [(c.gt, c.lr) for c in cases])
    torch.testing.assert_close(after, before, rtol=0, atol=0)
    assert all(weight.grad is None for network in pair for weight in network.parameters())


def test_ig_is_the_mean_output_gradient_on_the_line(pair):
    target, _ = pair
    case, rule = tiny_cases(count=1)[0], gauss_legendre(3)
    samples = [sample for sample in samples_of(case) if sample.kind != "clean"]
    parts = along_inputs(copy.deepcopy(target).requires_grad_(True), FilterSpace.of(target), rule, samples)
    found = {sample.kind: part for sample, part in zip(samples, parts, strict=True)}
    network = copy.deepcopy(target).requires_grad_(True)
    for alpha, share in zip(rule.nodes, rule.weights, strict=True):
        image = case.lr["clean"] + alpha * (case.lr["blur"] - case.lr["clean"])
        (share * network(image[None]).sum()).backward()  # gradients add up
    kernels = [kernel for w in network.parameters() if w.ndim == 4 for out in w.grad for kernel in out]
    expected = torch.stack([kernel.abs().sum() for kernel in kernels])
    torch.testing.assert_close(found["blur"].score, expected, rtol=1e-4, atol=1e-5)


def test_ig_needs_clean_images(pair):
    case = tiny_cases(count=1)[0]
    case.lr.pop("clean")
    with pytest.raises(InputError, match="ig needs clean LR images, and image0 has none"):
        along_inputs(pair[0], FilterSpace.of(pair[0]), riemann_left(1), samples_of(case))


def test_change_is_relative_to_the_baseline():
    target, baseline = depthwise([1.0, 5.0, 2.0], [0.0] * 3), depthwise([4.0, 5.0, 0.0], [0.0] * 3)
    scores = change(WeightPath(target, baseline), FilterSpace.of(target))
    assert scores.tolist() == [0.75, 0.0, float("inf")]


@pytest.mark.parametrize("where", ["weights", "image"])
def test_names_the_image_where_the_loss_is_not_finite(pair, where):
    target, baseline = pair
    case = tiny_cases(count=1)[0]
    if where == "image":
        case.lr["noise"][0, 0, 0] = float("nan")
    else:
        list(baseline.parameters())[-1].fill_(float("nan"))
    with pytest.raises(InputError, match=r"image0 \(\w+\): the loss is nan at α"):
        path_scores(target, baseline, [case], riemann_left(1))


def test_names_the_image_whose_size_does_not_fit(pair):
    case = tiny_cases(scale=3, count=1)[0]
    with pytest.raises(InputError, match=r"image0: the network gives 20x28, but the GT is 30x42"):
        path_scores(*pair, [case], riemann_left(1))


def test_join_needs_something():
    with pytest.raises(InputError, match="no cases"):
        join([])


def test_join_is_attribution_of_all(pair):
    cases = tiny_cases()
    parts = [path_scores(*pair, [case], riemann_left(2)) for case in cases]
    whole = path_scores(*pair, cases, riemann_left(2))
    assert join(parts).images == whole.images
    assert torch.equal(join(parts).score["blur"], whole.score["blur"])
