import pytest
import torch

from conftest import nudged, tiny_cases, tiny_network
from faig.attribution.integral import attribute
from faig.attribution.methods import METHODS, contrast, own, random_scores, signed
from faig.attribution.quadrature import gauss_legendre
from faig.attribution.raw_scores import RawScores
from faig.common.errors import FaigWarning, InputError
from faig.filters import FilterSpace


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
    strongest = METHODS["faig"].against("strongest")
    assert strongest.combine(found, "blur").tolist() == [2.0, -1.0]
    assert strongest.combine(found, "noise").tolist() == [1 - 4, 5 - 4]
    assert (
        METHODS["faig"].against("mean").combine(found, "jpeg").tolist()
        == METHODS["faig"].combine(found, "jpeg").tolist()
    )
    assert METHODS["gradient"].against("strongest").combine(found, "jpeg").tolist() == [2.0, 2.0]
    assert METHODS["random"].against("strongest").rows is None
    with pytest.raises(InputError, match="against 'best': is not one of mean, strongest"):
        METHODS["faig"].against("best")


@pytest.mark.parametrize("method", ["faig", "signed", "gradient-contrastive"])
def test_two_degradations_have_one_other(method):
    for kind in ("blur", "noise"):
        both = [METHODS[method].against(what).combine(TWO, kind) for what in ("mean", "strongest")]
        assert torch.equal(*both)


def test_own_subtracts_nothing():
    assert own(TWO, "blur").mean(0).tolist() == [4.0, 1.0]


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
        signed(THREE, "blur")


def test_random_depends_on_the_seed_alone():
    space = FilterSpace.of(tiny_network())
    assert torch.equal(random_scores(space, 3), random_scores(space, 3))
    assert not torch.equal(random_scores(space, 3), random_scores(space, 4))


@pytest.mark.parametrize("against", ["mean", "strongest"])
@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if method.raw == "path"])
def test_giving_every_image_twice_changes_no_mean(method, against):
    baseline = tiny_network()
    cases = tiny_cases(count=2)
    once, twice = (attribute(nudged(baseline), baseline, c, gauss_legendre(2)) for c in (cases, cases * 2))
    combine = METHODS[method].against(against).combine
    torch.testing.assert_close(combine(once, "blur"), combine(twice, "blur"))
