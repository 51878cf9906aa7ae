"""The discriminant: Bayes' answers where they are known, crops of one photo, abstaining."""

import json

import numpy as np
import pytest

from faig.analysis.discriminant import RARE, UNKNOWN, Discriminant
from faig.common.errors import InputError

SPREAD = np.array([[2.0, 0.6], [0.6, 0.5]])
ROOT = np.linalg.cholesky(SPREAD)
SHIFT = ROOT @ np.array([2.0, 0.0])  # two standard deviations


def photos(generator, count, crops, at=0.0, between=0.0, within=1.0, tail=None):
    """Photos that spread by ``between``, crops in them by ``within``, in units of SPREAD's root."""
    own = generator.standard_normal((count, 1, 2)) * between + generator.standard_normal((count, crops, 2)) * within
    if tail:
        own /= np.sqrt(generator.chisquare(tail, (count, 1, 1)) / tail)
    return list(own @ ROOT.T + at * SHIFT)


@pytest.fixture(scope="module")
def two():
    generator = np.random.default_rng(0)
    return Discriminant.fit([("a", photos(generator, 200, 8)), ("b", photos(generator, 200, 8, at=1.0))])


@pytest.mark.parametrize("at", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("crops", [1, 4])
def test_it_is_bayes_for_gaussians(two, at, crops):
    """Two classes at a Mahalanobis distance of 2, of means of 4 crops of 4: the posterior is a logistic of it."""
    share = two.classify(at * SHIFT, crops).probabilities
    assert share["b"] == pytest.approx(1 / (1 + np.exp(-crops * (4 * at - 2))), abs=0.03)
    assert sum(share.values()) == pytest.approx(1)
    assert two.classify(at * SHIFT, crops).label == ("b" if share["b"] > share["a"] else "a")


@pytest.mark.slow
def test_crops_of_one_photo_are_alike():
    """Where photos differ and their crops do not, many crops say no more than one does."""
    generator = np.random.default_rng(1)
    known = [(name, photos(generator, 400, 5, at, between=1.0, within=0.5)) for name, at in (("a", 0.0), ("b", 1.0))]
    found = Discriminant.fit(known)
    for cloud in found.clouds:
        np.testing.assert_allclose(cloud.between, SPREAD, atol=0.25)
        np.testing.assert_allclose(cloud.within, SPREAD / 4, atol=0.03)
        assert cloud.crops == pytest.approx(5)
    one, five = (found.classify(0.8 * SHIFT, crops).probabilities["b"] for crops in (1, 5))
    # By hand: distance² 4 over a spread of 1 + 1/4, and of 1 + 1/20.
    assert one == pytest.approx(1 / (1 + np.exp(-1.2 / 1.25)), abs=0.04)
    assert five == pytest.approx(1 / (1 + np.exp(-1.2 / 1.05)), abs=0.04)
    assert found.classify(0.8 * SHIFT, 1000).probabilities["b"] == five  # no more than it learned from


def test_what_is_like_nothing_known_gets_no_answer(two):
    for far in (-5 * SHIFT, 6 * SHIFT, ROOT @ np.array([0.0, 7.0])):
        found = two.classify(far, 1)
        assert found.label == UNKNOWN
        assert found.typicality == 0
        assert max(found.probabilities.values()) > 0.5
    assert two.classify(np.zeros(2), 1).typicality > 0.95


@pytest.mark.parametrize(("wide", "answer"), [("clean", UNKNOWN), ("a", "b")])
def test_what_is_more_typical_of_clean_is_not_called_degraded(wide, answer):
    """Two from the middle of a narrow class, and well within a wide one: the narrow one has the better odds."""
    generator = np.random.default_rng(9)
    known = [(wide, photos(generator, 100, 4, between=3.0)), ("b", photos(generator, 100, 4))]
    fitted, place, far = Discriminant.fit(known), ROOT @ np.array([2.0, 0.0]), ROOT @ np.array([6.0, 0.0])
    found = fitted.classify(place, 1)
    assert found.probabilities["b"] > 0.5
    assert 0.05 < found.typicality < 0.3
    assert found.label == answer
    assert fitted.classify(place, 1, clean=False).label == "b"
    assert fitted.classify(far, 1).label == wide
    assert fitted.classify(far, 1, clean=False).label == (UNKNOWN if wide == "clean" else wide)


@pytest.mark.slow
@pytest.mark.parametrize("crops", [1, 8])
def test_typicality_is_the_share_that_is_as_far(crops):
    """Of new photos a tenth has a typicality under 0.1, and so on."""
    generator = np.random.default_rng(8)
    apart = Discriminant.fit([(name, photos(generator, 150, 8, at)) for name, at in (("a", 0.0), ("b", 5.0))])
    fresh = [photo[:crops].mean(0) for photo in photos(np.random.default_rng(2), 2000, 8)]
    seen = np.array([apart.classify(each, crops).typicality for each in fresh])
    for share in (0.1, 0.5, 0.9):
        assert (seen < share).mean() == pytest.approx(share, abs=0.04)
    assert 0.002 < (seen < RARE).mean() < 0.03


@pytest.mark.slow
def test_a_class_may_be_of_several_groups():
    generator = np.random.default_rng(3)
    known = [(name, photos(generator, 200, 6, at)) for name, at in (("a", 0.0), ("b", 3.0), ("a", 6.0))]
    found = Discriminant.fit(known)
    assert found.classes == ("a", "b")
    assert [found.classify(at * SHIFT, 1).label for at in (0, 3, 6)] == ["a", "b", "a"]
    assert found.classify(6 * SHIFT, 1).typicality > 0.9
    # Half of a class's share is for each of its groups: between one of them and b it is 1 to 2.
    assert found.classify(4.5 * SHIFT, 1).probabilities["b"] == pytest.approx(2 / 3, abs=0.1)


def test_the_wide_class_has_what_is_far():
    """Spreads of 1 and 9: with one covariance for both, what lies far on the narrow's side would be its."""
    generator = np.random.default_rng(4)
    known = [
        ("narrow", photos(generator, 100, 4)),
        ("wide", photos(generator, 100, 4, at=1.0, between=2.0, within=2.0)),
    ]
    found = Discriminant.fit(known)
    assert found.classify(np.zeros(2), 1).label == "narrow"
    assert found.classify(-2.0 * SHIFT, 1).label == "wide"


@pytest.mark.slow
def test_tails_are_as_heavy_as_those_of_what_is_known():
    generator = np.random.default_rng(5)
    for tail, heavy in ((None, False), (3, True)):
        known = [(name, photos(generator, 300, 3, at, tail=tail)) for name, at in (("a", 0.0), ("b", 1.0))]
        assert (Discriminant.fit(known).tail <= 8) == heavy


def test_of_few_photos_each_crop_stands_for_itself():
    generator = np.random.default_rng(6)
    found = Discriminant.fit([("a", photos(generator, 2, 40)), ("b", photos(generator, 2, 40, at=2.0))])
    assert all((cloud.within == 0).all() for cloud in found.clouds)
    assert found.classify(2 * SHIFT, 1) == found.classify(2 * SHIFT, 9)
    assert found.classify(2 * SHIFT, 1).label == "b"


def test_too_few_examples_are_refused():
    one, other = np.zeros((1, 1)), np.ones((1, 1))
    with pytest.raises(InputError, match="3 crops for 2 classes are too few; 2 more are needed"):
        Discriminant.fit([("a", [np.zeros((1, 2))]), ("b", [np.ones((2, 2))])])
    with pytest.raises(InputError, match="one crop of b is too little; give another image"):
        Discriminant.fit([("a", [one, other, one]), ("b", [one])])
    found = Discriminant.fit([("a", [one, other]), ("b", [one, other])])
    assert found.classify(one[0], 1).probabilities == pytest.approx({"a": 0.5, "b": 0.5})


def test_what_never_varies_is_no_trouble():
    """A feature that is the same everywhere, as the effect of filters that do nothing."""
    generator = np.random.default_rng(7)
    known = [
        (name, [np.concatenate([photo, np.full((4, 1), 3.0)], axis=1) for photo in photos(generator, 50, 4, at)])
        for name, at in (("a", 0.0), ("b", 2.0))
    ]
    found = Discriminant.fit(known)
    assert found.classify(np.array([*(2 * SHIFT), 3.0]), 1).label == "b"
    assert found.classify(np.array([*(2 * SHIFT), 4.0]), 1).label == UNKNOWN


def test_what_was_learned_makes_it_again(two):
    again = Discriminant.of(json.loads(json.dumps(two.learned())))
    for at in (0.2, 9.0):
        assert again.classify(at * SHIFT, 2) == two.classify(at * SHIFT, 2)


def test_what_is_usual_is_judged_by_other_photos():
    """Ten photos in five dimensions lie near the middle that they make themselves; new ones lie farther."""
    generator = np.random.default_rng(10)
    known = [(name, list(generator.standard_normal((10, 1, 5)) + at)) for name, at in (("a", 0.0), ("b", 9.0))]
    found = Discriminant.fit(known)
    fresh = [found.classify(each, 1).typicality for each in generator.standard_normal((500, 5))]
    assert np.mean(np.array(fresh) < 0.1) < 0.45  # judged by themselves: two thirds
