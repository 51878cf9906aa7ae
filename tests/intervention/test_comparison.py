"""Methods against each other, by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from faig.experiment.comparison_tables import write_comparisons
from faig.imaging.cases import Case
from faig.intervention.comparison import Reverted, area, differences
from faig.intervention.equal_terms import AS_MUCH_OFF, NO_MORE_LEAK, Sizes, leads, sizes_at_equal_terms
from faig.intervention.measure import Measurement, Reference


def measured(own: list[float], left: list[float], other: list[float], clean: list[float], in_pixels=None):
    """Distances by input; in pixels the same, or others."""

    def one(target: list[float], baseline: list[float], pixels: tuple[list[float], list[float]]) -> Measurement:
        psnr, ssim = np.full(len(target), 28.0), np.ones(len(target))
        return Measurement(*(np.array(each, float) for each in (target, baseline, psnr, ssim, *pixels)))

    maps = (own, left, other, clean)
    of_pixels = in_pixels or maps
    pairs = [((o, w), (t, t), (c, c)) for o, w, t, c in (maps, of_pixels)]
    return {kind: one(*pairs[0][at], pairs[1][at]) for at, kind in enumerate(("blur", "noise", "clean"))}


CASES = [Case(name, torch.zeros(3, 4, 4), {"blur": torch.zeros(3, 2, 2)}) for name in "ab"]
WHOLE = {"blur": np.array([4.0, 6.0])}
PSNR = {"blur": (np.full(2, 30.0), np.full(2, 27.0))}
REFERENCE = Reference(CASES, {"blur": [], "noise": [], "clean": []}, {}, WHOLE, PSNR, WHOLE, {})
STRONG = measured([3, 5], [0.5, 0.5], [0.5, 0.5], [0.1, 0.3])  # switched off 0.9, leak 0.1
WEAK = measured([1, 3], [3, 2], [0.2, 0.3], [0.5, 1.5])  # switched off 0.5, leak 0.2
COLOURED = measured([3, 5], [0.5, 0.5], [0.5, 0.5], [0.1, 0.3], ([1, 3], [3, 2], [0.2, 0.3], [0.5, 1.5]))


def reverted(*results) -> Reverted:
    return Reverted.of("blur", results, REFERENCE)


def test_by_how_much_one_is_ahead():
    row = differences(reverted(STRONG), reverted(WEAK), seed=0)
    assert row["effect"] == pytest.approx(4 - 2)
    assert row["switched_off"] == pytest.approx(0.9 - 0.5)
    assert row["leak"] == pytest.approx(0.1 - 0.2)
    # On every image the effect is ahead by 2: resampled together, there is no doubt about it.
    assert (row["effect_low"], row["effect_high"]) == pytest.approx((2, 2))
    assert row["switched_off_low"] < row["switched_off_high"]
    assert (row["switched_off_pixels"], row["leak_pixels"]) == pytest.approx((0.4, -0.1))


def test_what_gradient_maps_do_not_see_is_seen_in_pixels():
    row = differences(reverted(COLOURED), reverted(STRONG), seed=0)
    assert (row["switched_off"], row["leak"]) == (0, 0)
    assert (row["switched_off_pixels"], row["leak_pixels"]) == pytest.approx((0.5 - 0.9, 0.2 - 0.1))


def test_what_two_crops_of_one_photo_say_is_unknown():
    crops = [replace(case, photo="p") for case in CASES]
    sets = [Reverted.of("blur", [results], replace(REFERENCE, cases=crops)) for results in (STRONG, WEAK)]
    row = differences(*sets, seed=0)
    assert row["effect"] == pytest.approx(2)
    assert np.isnan([row["effect_low"], row["leak_high"]]).all()


def test_nobody_is_ahead_of_himself():
    assert set(differences(reverted(STRONG), reverted(STRONG), seed=0).values()) == {0}


def test_seeds_are_averaged_image_by_image():
    both = reverted(STRONG, WEAK)
    np.testing.assert_allclose(both.maps.own, [2, 4])
    np.testing.assert_allclose(both.maps.others[1], [0.3, 0.9])
    np.testing.assert_allclose(reverted(STRONG, COLOURED).pixels.left, [1.75, 1.25])


def test_an_area_is_that_of_the_curve_over_logarithms():
    """Excess 0.2 at 1% (own 2 less clean 1, of 5) and 0.7 at 10% (own 4 less noise 0.5, of 5)."""
    curve = {0.01: reverted(WEAK), 0.1: reverted(STRONG)}
    assert area(curve, seed=0).value == pytest.approx((0.2 + 0.7) / 2)
    three = curve | {0.1**1.5: reverted(STRONG)}  # halfway, in logarithms
    assert area(three, seed=0).value == pytest.approx(((0.2 + 0.7) / 2 + 0.7) / 2)
    assert area({0.05: reverted(STRONG)}, seed=0).value == pytest.approx(0.7)


LEAKY = measured([3, 5], [0, 0], [4, 4], [0, 0])  # switched off 1, leak 0.8


def sizes(paper, sets):
    asked = []

    def given(size):
        asked.append(size)
        return reverted(sets[size])

    return sizes_at_equal_terms(reverted(paper), sorted(sets, reverse=True), given), asked


def test_at_equal_terms_a_smaller_set_may_win():
    """FAIG: off 0.5, leak 0.2. The other: 0.3% off 0.9 at leak 0.1; 1% leaks too much; 10% is too large to count."""
    chosen, asked = sizes(WEAK, {0.003: STRONG, 0.01: LEAKY, 0.1: STRONG})
    assert chosen == {NO_MORE_LEAK: 0.003, AS_MUCH_OFF: 0.003}
    assert asked == [0.003, 0.01]  # the largest is not needed, so it is not measured
    assert sizes(WEAK, {0.003: WEAK, 0.01: STRONG})[0] == {NO_MORE_LEAK: 0.01, AS_MUCH_OFF: 0.003}
    assert sizes(WEAK, {0.01: LEAKY})[0] == {NO_MORE_LEAK: 0, AS_MUCH_OFF: 0.01}  # no set leaks so little
    weaker = {0.003: WEAK, 0.03: WEAK, 0.1: STRONG, 0.3: STRONG}
    assert sizes(STRONG, weaker) == ({NO_MORE_LEAK: 0, AS_MUCH_OFF: 0.1}, [0.003, 0.03, 0.1])
    assert sizes(STRONG, {0.003: WEAK, 0.1: WEAK})[0][AS_MUCH_OFF] == 0.1  # none switches off as much: the largest


def test_at_equal_terms_both_measures_count():
    """As far off in gradient maps, but in pixels half, and with twice the leak."""
    assert sizes(STRONG, {0.01: COLOURED, 0.1: STRONG})[0] == {NO_MORE_LEAK: 0, AS_MUCH_OFF: 0.1}
    leaks = measured([3, 5], [0.5, 0.5], [2, 2], [0, 0], ([3, 5], [0.5, 0.5], [0.5, 0.5], [0.1, 0.3]))
    assert sizes(STRONG, {0.01: leaks})[0] == {NO_MORE_LEAK: 0, AS_MUCH_OFF: 0.01}


def test_leads_say_what_is_better():
    row = leads(reverted(WEAK), reverted(STRONG), seed=0)
    assert (row["switched_off"], row["switched_off_ahead"]) == pytest.approx((0.9, 0.4))
    assert (row["leak"], row["leak_ahead"]) == pytest.approx((0.1, 0.1))
    row = leads(reverted(STRONG), reverted(COLOURED), seed=0)
    assert (row["switched_off_ahead"], row["leak_ahead"]) == (0, 0)
    assert (row["switched_off_pixels"], row["switched_off_pixels_ahead"]) == pytest.approx((0.5, -0.4))
    assert (row["leak_pixels"], row["leak_pixels_ahead"]) == pytest.approx((0.2, -0.1))
    nothing = leads(reverted(STRONG), Reverted.nothing("blur", REFERENCE), seed=0)
    assert (nothing["switched_off"], nothing["leak"], nothing["leak_pixels"]) == (0, 0, 0)
    assert (nothing["switched_off_ahead"], nothing["leak_ahead"]) == pytest.approx((-0.9, 0.1))


def test_the_tables(tmp_path):
    units = {
        ("reverted", method, "blur", share): [found]
        for method, found in (("faig", STRONG), ("ig", WEAK))
        for share in (0.01, 0.1)
    }
    units["reverted", "wild", "blur", 0.01] = [measured([50, 50], [50, 50], [0, 0], [0, 0])]
    units["grafted", "faig", "blur", 0.01] = [WEAK]
    chosen = {("ig", "blur"): Sizes("finding images", {NO_MORE_LEAK: 0.0, AS_MUCH_OFF: 0.1})}
    chosen["wild", "blur"] = Sizes("finding images", {AS_MUCH_OFF: 0.01})
    write_comparisons(tmp_path, REFERENCE, units, seed=0, sizes=chosen)
    areas, apart = (pd.read_csv(tmp_path / name) for name in ("areas.csv", "differences.csv"))
    assert list(areas["method"]) == ["faig", "ig", "wild"]
    assert areas["area"].tolist()[:2] == pytest.approx([0.7, 0.2])
    assert areas["selectivity"].tolist()[:2] == pytest.approx([8, 2])
    assert apart[["other_method", "proportion"]].to_numpy().tolist() == [["ig", 0.01], ["ig", 0.1], ["wild", 0.01]]
    assert (apart["leak"][:2] < 0).all()
    at_equal_terms = pd.read_csv(tmp_path / "equal-terms.csv", keep_default_na=False)
    assert at_equal_terms[["reverted", "method", "constraint", "proportion"]].to_numpy().tolist() == [
        ["blur", "ig", "no more leak", 0],
        ["blur", "ig", "as much off", 0.1],
        ["blur", "wild", "as much off", 0.01],
    ]
    assert at_equal_terms["switched_off_ahead"].tolist()[:2] == pytest.approx([-0.9, 0.5 - 0.9])
    assert at_equal_terms["wrecked"].tolist() == [
        "",
        "",
        "on blur 10.0 times as far from both ends as they are from each other",
    ]
    assert (at_equal_terms["chosen_on"] == "finding images").all()
