import dataclasses
import re
from pathlib import Path

import pytest
import torch
from matplotlib.colors import to_hex

from conftest import PlainPair, nudged, path_scores, tiny_cases, tiny_network
from faig.attribution.cache import MemoryCache
from faig.attribution.combine import contrast, raw_scores, signed
from faig.attribution.files.run_files import report_errors
from faig.attribution.integration.quadrature import gauss_legendre, riemann_left
from faig.attribution.methods import METHODS, method_of
from faig.attribution.options import Options
from faig.attribution.raw_scores import RawScores
from faig.attribution.sources import random_scores
from faig.common.errors import FaigWarning, InputError
from faig.filters import FilterSpace
from faig.imaging.colours import FIXED
from faig.networks.adapters import adapted


def raw(**score: list[list[float]]) -> RawScores:
    """Raw scores by degradation, ``[image][filter]``; the signed ones are half of them."""
    rows = {kind: torch.tensor(values) for kind, values in score.items()}
    return RawScores(["a", "b"], rows, {kind: value / 2 for kind, value in rows.items()})


TWO = raw(blur=[[3.0, 1.0], [5.0, 1.0]], noise=[[1.0, 4.0], [1.0, 8.0]], clean=[[1.0, 0.0], [0.0, 1.0]])
THREE = raw(blur=[[3.0], [5.0]], noise=[[1.0], [1.0]], jpeg=[[2.0], [5.0]])


def test_contrast_of_two_is_antisymmetric_and_ignores_clean():
    assert contrast(TWO, "blur").mean(0).tolist() == [3.0, -5.0]
    assert contrast(TWO, "noise").mean(0).tolist() == [-3.0, 5.0]


def test_contrast_of_three_subtracts_the_mean_of_the_others():
    assert contrast(THREE, "blur").mean(0).tolist() == [((3 - 1.5) + (5 - 3)) / 2]
    assert contrast(THREE, "jpeg").mean(0).tolist() == [((2 - 2) + (5 - 3)) / 2]


def test_against_the_strongest_other():
    """For each filter, the other degradation with the largest mean over images."""
    found = raw(blur=[[3.0, 3.0], [5.0, 5.0]], noise=[[1.0, 9.0], [1.0, 1.0]], jpeg=[[0.0, 2.0], [4.0, 2.0]])
    assert contrast(found, "blur", "strongest").tolist() == [[3 - 0, 3 - 9], [5 - 4, 5 - 1]]
    assert METHODS["faig"].scores(found, "blur", "strongest").tolist() == [2.0, -1.0]
    assert METHODS["faig"].scores(found, "noise", "strongest").tolist() == [1 - 4, 5 - 4]
    assert METHODS["faig"].scores(found, "jpeg", "mean").tolist() == METHODS["faig"].scores(found, "jpeg").tolist()
    assert METHODS["gradient"].scores(found, "jpeg", "strongest").tolist() == [2.0, 2.0]
    with pytest.raises(InputError, match="against 'best' is not one of mean, strongest"):
        METHODS["faig"].scores(found, "blur", "best")
    with pytest.raises(InputError, match="the method random looks at no image"):
        METHODS["random"].scores(found, "blur")


@pytest.mark.parametrize("method", ["faig", "signed", "gradient-contrastive"])
def test_two_degradations_have_one_other(method):
    for kind in ("blur", "noise"):
        both = [METHODS[method].scores(TWO, kind, what) for what in ("mean", "strongest")]
        assert torch.equal(*both)


def test_raw_scores_subtract_nothing():
    assert raw_scores(TWO, "blur").mean(0).tolist() == [4.0, 1.0]


def test_signed_subtracts_others_and_clean():
    assert signed(TWO, "blur").mean(0).tolist() == [
        ((1.5 - 1 - 1) + (2.5 - 1 - 0)) / 2,
        ((0.5 - 4 - 0) + (0.5 - 8 - 1)) / 2,
    ]


def test_a_single_degradation_subtracts_clean_or_says_that_nothing_is():
    with_clean = raw(blur=[[3.0], [5.0]], clean=[[1.0], [2.0]])
    assert contrast(with_clean, "blur").mean(0).tolist() == [2.5]
    assert signed(with_clean, "blur").mean(0).tolist() == [((1.5 - 1) + (2.5 - 2)) / 2]
    with pytest.warns(FaigWarning, match="blur is the only degradation and there are no clean images"):
        assert contrast(raw(blur=[[3.0], [5.0]]), "blur").mean(0).tolist() == [4.0]


def test_signed_needs_clean():
    with pytest.raises(InputError, match="signed needs clean"):
        METHODS["signed"].scores(THREE, "blur")


def test_random_depends_on_the_seed_alone():
    space = FilterSpace.of(tiny_network())
    assert torch.equal(random_scores(space, 3), random_scores(space, 3))
    assert not torch.equal(random_scores(space, 3), random_scores(space, 4))


@pytest.mark.slow
@pytest.mark.parametrize("against", ["mean", "strongest"])
@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if method.source.on_path])
def test_giving_every_image_twice_changes_no_mean(method, against):
    baseline = tiny_network()
    cases = tiny_cases(count=2)
    once, twice = (path_scores(nudged(baseline), baseline, c, gauss_legendre(2)) for c in (cases, cases * 2))
    first, second = (METHODS[method].scores(raw, "blur", against) for raw in (once, twice))
    torch.testing.assert_close(first, second)


def test_the_worked_example_of_contributing_runs():
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "BaselineGradient" in block)
    names: dict = {}
    exec(code, names)
    baseline = tiny_network()
    pair, cases = PlainPair(nudged(baseline), baseline), tiny_cases(count=2)
    cache = MemoryCache()
    attribution = names["method"].attribute(pair, cases, Options(threads=2), cache)
    naive = path_scores(baseline, pair.target, cases, riemann_left(1))  # at the other end, the other way round
    torch.testing.assert_close(attribution.raw.score["blur"], naive.score["blur"], rtol=1e-4, atol=1e-7)
    assert not attribution.sampling_errors["blur"].confidence.isnan().any()
    again = names["method"].attribute(pair, cases, Options(threads=2), cache, track=lambda items, label, total: [])
    assert torch.equal(again.scores["noise"], attribution.scores["noise"])  # nothing was left to compute


@pytest.mark.slow
def test_an_attribution_says_what_one_needs():
    baseline = tiny_network()
    attribution = METHODS["faig"].attribute(PlainPair(nudged(baseline), baseline), tiny_cases(), Options(nodes=6))
    shown = repr(attribution)
    for part in ("method: faig", "images: 3 photos", "convergence delta: clean", "barrier:", "trust:"):
        assert part in shown
    assert len(shown.splitlines()) < 12
    assert "<table>" in attribution._repr_html_()
    top = attribution.top("blur", "10%")
    assert len(top) == len(attribution.space) // 10
    table = attribution.to_frame("blur", 5)
    assert table["index"].tolist() == attribution.order("blur")[:5].tolist()
    assert list(table) == ["rank", "index", "layer", "out", "in", "score", "standard_error", "confidence"]
    with pytest.raises(InputError, match="there are no scores for 'jpeg', only for blur, noise"):
        attribution.top("jpeg")
    for kind, colour in (("blur", FIXED["blur"]), ("noise", FIXED["noise"])):
        figure = attribution.plot(kind, 0.1)
        panels = [axes.get_title() for axes in figure.axes if axes.get_title()]
        assert panels == [layer.name for layer in attribution.space.layers]
        assert to_hex(figure.legends[0].get_patches()[0].get_facecolor()) == colour
        assert {to_hex(axes.images[0].get_cmap()(1.0)) for axes in figure.axes if axes.images} == {colour}
        assert figure._repr_png_().startswith(b"\x89PNG")  # a notebook shows it, without pyplot


class Tripled(torch.autograd.Function):
    """A step whose backward pass is wrong."""

    @staticmethod
    def forward(_, x):
        return x.clone()

    @staticmethod
    def backward(_, gradient):
        return 3 * gradient


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [False, True])
def test_an_integral_that_does_not_close_is_not_to_be_trusted(wrong, caplog):
    baseline = tiny_network()
    pair = nudged(baseline), baseline
    if wrong:
        pair = [adapted(network, lambda forward, x: Tripled.apply(forward(x))) for network in pair]
    found = METHODS["faig"].attribute(PlainPair(*pair), tiny_cases(), Options(nodes=12))
    assert (max(found.residual.values()) > 0.2) is wrong
    assert ("trust: the integral does not close (it misses" in repr(found)) is wrong
    assert found.metadata.get("distrust") == found.distrust
    if wrong:
        with pytest.warns(FaigWarning, match="do not trust the ranking"):
            report_errors(found)
        assert "does not close" in caplog.text
    else:
        report_errors(found)
        assert found.distrust is None
    assert METHODS["gradient"].attribute(PlainPair(*pair), tiny_cases(), Options()).distrust is None  # never closes


def test_the_net_of_signed_scores():
    """|Σ| of the others after the mean over images: 1 and -1 on clean cancel."""
    rows = {"blur": [[3.0], [5.0]], "noise": [[-1.0], [-2.0]], "clean": [[1.0], [-1.0]]}
    signed_rows = {kind: torch.tensor(values) for kind, values in rows.items()}
    found = RawScores(["a", "b"], {kind: values.abs() for kind, values in signed_rows.items()}, signed_rows)
    assert METHODS["signed-net"].scores(found, "blur").tolist() == [4 - 1.5]
    assert METHODS["signed"].scores(found, "blur").tolist() == [4 - 1.5 - 1]


def test_an_unknown_method_is_refused_by_name():
    with pytest.raises(InputError, match="method 'fiag' is not one of faig, signed"):
        method_of("fiag")
    pair, cases = PlainPair(nudged(tiny_network()), tiny_network()), tiny_cases(count=1)
    with pytest.raises(InputError, match="method 'nobody'"):
        METHODS["faig"].attribute(pair, cases, Options(nodes=3, tolerance_method="nobody"))


def test_crops_of_one_photo_say_nothing_of_other_photos():
    pair = PlainPair(nudged(tiny_network()), tiny_network())
    whole = tiny_cases(count=2)
    crops = [dataclasses.replace(case, photo="one") for case in whole]
    known, unknown = (METHODS["faig"].attribute(pair, cases, Options(nodes=3)) for cases in (whole, crops))
    assert unknown.raw.photos == ["one", "one"]
    assert not known.sampling_errors["blur"].confidence.isnan().any()
    assert unknown.sampling_errors["blur"].confidence.isnan().all()
    assert "2 crops of 1 photo" in repr(unknown)
