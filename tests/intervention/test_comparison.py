"""Methods against each other, by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from faig.experiment.comparison_tables import write_contests
from faig.imaging.cases import Case
from faig.intervention.comparison import Reverted, area, at_equal_terms, held_against
from faig.intervention.measure import Measurement, Reference


def measured(own: list[float], left: list[float], other: list[float], clean: list[float]):
    def one(target: list[float], baseline: list[float]) -> Measurement:
        nothing = np.zeros(len(target))
        return Measurement(np.array(target, float), np.array(baseline, float), *[nothing] * 4)

    return {"blur": one(own, left), "noise": one(other, other), "clean": one(clean, clean)}


CASES = [Case(name, torch.zeros(3, 4, 4), {"blur": torch.zeros(3, 2, 2)}) for name in "ab"]
REFERENCE = Reference(CASES, {"blur": [], "noise": [], "clean": []}, {}, {"blur": np.array([4.0, 6.0])}, {}, {})
STRONG = measured([3, 5], [0.5, 0.5], [0.5, 0.5], [0.1, 0.3])  # switched off 0.9, leak 0.1
WEAK = measured([1, 3], [3, 2], [0.2, 0.3], [0.5, 1.5])  # switched off 0.5, leak 0.2


def reverted(*results) -> Reverted:
    return Reverted("blur", results, REFERENCE)


def test_by_how_much_one_is_ahead():
    row = held_against(reverted(STRONG), reverted(WEAK), seed=0)
    assert row["effect"] == pytest.approx(4 - 2)
    assert row["switched_off"] == pytest.approx(0.9 - 0.5)
    assert row["leak"] == pytest.approx(0.1 - 0.2)
    # On every image the effect is ahead by 2: resampled together, there is no doubt about it.
    assert (row["effect_low"], row["effect_high"]) == pytest.approx((2, 2))
    assert row["switched_off_low"] < row["switched_off_high"]


def test_what_two_crops_of_one_photo_say_is_unknown():
    crops = [replace(case, photo="p") for case in CASES]
    sets = [Reverted("blur", [results], replace(REFERENCE, cases=crops)) for results in (STRONG, WEAK)]
    row = held_against(*sets, seed=0)
    assert row["effect"] == pytest.approx(2)
    assert np.isnan([row["effect_low"], row["leak_high"]]).all()


def test_nobody_is_ahead_of_himself():
    assert set(held_against(reverted(STRONG), reverted(STRONG), seed=0).values()) == {0}


def test_seeds_are_averaged_image_by_image():
    both = reverted(STRONG, WEAK)
    np.testing.assert_allclose(both.own, [2, 4])
    np.testing.assert_allclose(both.others[1], [0.3, 0.9])


def test_an_area_is_that_of_the_curve_over_logarithms():
    """Excess 0.2 at 1% (own 2 less clean 1, of 5) and 0.7 at 10% (own 4 less noise 0.5, of 5)."""
    curve = {0.01: reverted(WEAK), 0.1: reverted(STRONG)}
    assert area(curve, seed=0).value == pytest.approx((0.2 + 0.7) / 2)
    three = curve | {0.1**1.5: reverted(STRONG)}  # halfway, in logarithms
    assert area(three, seed=0).value == pytest.approx(((0.2 + 0.7) / 2 + 0.7) / 2)
    assert area({0.05: reverted(STRONG)}, seed=0).value == pytest.approx(0.7)


def test_at_equal_terms_a_smaller_set_may_win():
    """FAIG: off 0.5, leak 0.2. The other: 0.3% off 0.9 at leak 0.1; 1% leaks too much; 10% is too large to count."""
    leaky = reverted(measured([3, 5], [0, 0], [4, 4], [0, 0]))  # switched off 1, leak 0.8
    row = at_equal_terms(reverted(WEAK), {0.003: reverted(STRONG), 0.01: leaky, 0.1: leaky}, seed=0)
    assert row["switched_off"] == pytest.approx(0.9)
    assert row["switched_off_ahead"] == pytest.approx(0.4)
    assert row["leak"] == pytest.approx(0.1)
    assert row["leak_ahead"] == pytest.approx(0.1)
    none = at_equal_terms(reverted(WEAK), {0.01: leaky}, seed=0)
    assert (none["switched_off"], none["leak"]) == pytest.approx((0, 0.8))  # no set leaks so little
    weaker = at_equal_terms(reverted(STRONG), {0.003: reverted(WEAK), 0.1: reverted(WEAK)}, seed=0)
    assert weaker["leak_ahead"] == pytest.approx(0.1 - 0.2)  # none switches off as much: what the largest leaks


def test_the_tables(tmp_path):
    units = {
        ("reverted", method, "blur", share): [found]
        for method, found in (("faig", STRONG), ("ig", WEAK))
        for share in (0.01, 0.1)
    }
    units["grafted", "faig", "blur", 0.01] = [WEAK]
    write_contests(tmp_path, REFERENCE, units, seed=0)
    areas, contests = (pd.read_csv(tmp_path / name) for name in ("areas.csv", "contests.csv"))
    assert list(areas["method"]) == ["faig", "ig"]
    assert areas["area"].tolist() == pytest.approx([0.7, 0.2])
    assert areas["selectivity"].tolist() == pytest.approx([8, 2])
    assert contests[["method", "proportion"]].to_numpy().tolist() == [["ig", 0.01], ["ig", 0.1]]
    assert (contests["leak"] < 0).all()
    equals = pd.read_csv(tmp_path / "equals.csv")
    assert equals[["reverted", "method"]].to_numpy().tolist() == [["blur", "ig"]]
    assert (equals["switched_off_ahead"] < 0).all()
