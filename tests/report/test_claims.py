"""Verdicts by hand: each claim on both sides of its rule."""

import pandas as pd
import pytest

from claim_rows import row
from faig.common.statistics import Estimate
from faig.report.claims import comparison as claims
from faig.report.claims import distribution as claims_distribution
from faig.report.claims import prediction as claims_prediction
from faig.report.claims.claim import Verdict, above_zero, listed, together, worst_of, written

HOLDS, PARTLY, FAILS, OPEN = Verdict.HOLDS, Verdict.PARTLY, Verdict.FAILS, Verdict.OPEN
NAN = float("nan")


def summary(*functions: tuple[float, float, float], share: float = 0.01, in_pixels=None) -> pd.DataFrame:
    """Of each function switched off, leak and switched on, each ±0.01; in pixels the same, or others."""
    lost = {"loses_most": "clean", "psnr_elsewhere": -0.21, "psnr_elsewhere_worst": -0.6, "wrecked": ""}
    names = ("switched_off", "leak", "switched_on")
    return pd.DataFrame(
        row(
            {"method": "faig", "reverted": kind, "proportion": share} | lost,
            **{name: (value, 0.01) for name, value in zip(names, numbers, strict=True)},
            **{f"{name}_pixels": (value, 0.01) for name, value in zip(names, in_pixels or numbers, strict=True)},
        )
        for kind, numbers in zip(("blur", "noise"), functions, strict=False)
    )


@pytest.mark.parametrize(
    ("functions", "off", "on"),
    [
        ([(0.95, 0.05, 0.9), (0.8, 0.1, 0.8)], HOLDS, HOLDS),
        ([(0.95, 0.05, 0.9), (0.79, 0.05, 0.6)], PARTLY, PARTLY),
        ([(0.95, 0.05, 0.4), (0.95, 0.6, 0.4)], PARTLY, FAILS),  # one wrecks other inputs
        ([(0.4, 0.05, 0.9), (0.9, 0.5, 0.1)], FAILS, PARTLY),
    ],
)
def test_one_percent_switches_off_and_on(functions, off, on):
    table = summary(*functions)
    assert claims.switches_off(table).verdict is off
    assert claims.is_enough(table).verdict is on
    assert "[0.94, 0.96]" in claims.switches_off(summary((0.95, 0.05, 0.9))).says[0]


@pytest.mark.parametrize(
    ("pixels", "off", "on"),
    [
        ((0.8, 0.1, 0.8), HOLDS, HOLDS),
        ((0.79, 0.1, 0.79), PARTLY, PARTLY),
        ((0.8, 0.11, 0.8), PARTLY, HOLDS),
        ((0.9, 0.46, 0.4), FAILS, FAILS),
    ],
)
def test_pixels_count_as_much_as_gradient_maps(pixels, off, on):
    for table in (summary((0.9, 0.05, 0.9), in_pixels=pixels), summary(pixels, in_pixels=(0.9, 0.05, 0.9))):
        assert claims.switches_off(table).verdict is off
        assert claims.is_enough(table).verdict is on


def test_what_others_lose_is_said_in_decibels():
    (said,) = claims.switches_off(summary((0.95, 0.05, 0.9), in_pixels=(0.85, 0.08, 0.9))).says
    assert "0.95 [0.94, 0.96] in gradient maps and 0.85 [0.84, 0.86] in pixels of the whole way" in said
    assert (
        "on clean images PSNR changes by −0.21 dB on average, on the worst image of another input by −0.60 dB" in said
    )
    noisy = summary((0.95, 0.05, 0.9)).assign(loses_most="noise")
    assert "on images with noise PSNR changes by" in claims.switches_off(noisy).says[0]


def test_the_papers_claims_are_about_its_method():
    table = pd.concat([summary((0.1, 0, 0.1)), summary((0.9, 0, 0.9)).assign(method="signed")])
    papers, ours = claims.switches_off(table), claims.switches_off(table, "signed")
    assert (papers.whose, papers.verdict, ours.whose, ours.verdict) == ("paper", FAILS, "ours", HOLDS)
    assert "by signed" in ours.claim
    assert claims.is_enough(table, "signed").verdict is HOLDS
    table = differences(signed=(0, 1, 0)).assign(method="ig")
    assert claims.better_than_each(table) is None
    assert claims.better_than_each(table, "ig").verdict is HOLDS
    assert claims.ahead(differences(random=(1, 0, 0)).assign(method="signed")) is None
    where = claims_distribution.at_the_back(depths(0.8, 0.5).assign(method="signed"))
    assert (where.whose, where.verdict) == ("ours", HOLDS)
    assert "by signed" in where.claim


def test_one_percent_is_what_is_judged_wherever_it_is_there():
    table = pd.concat([summary((0.1, 0, 0.1), share=0.001), summary((0.9, 0, 0.9))])
    assert claims.switches_off(table).verdict is HOLDS
    assert claims.switches_off(table).claim.startswith("Reverting 1% ")
    assert claims.switches_off(summary((0.1, 0, 0.1), share=0.05)).claim.startswith("Reverting 5% ")
    assert claims.switches_off(table.assign(method="ig")) is None
    assert claims.switches_off(table.assign(leak=float("nan"))) is None


def differences(in_pixels=None, **leads: tuple[float, float, float]) -> pd.DataFrame:
    """By method: FAIG's lead in effect, switched off and leak, each ±0.1; the last two in pixels too."""
    return pd.DataFrame(
        row(
            {"method": "faig", "other_method": method.replace("_", "-"), "reverted": "blur", "proportion": 0.01},
            **{name: (value, 0.1) for name, value in zip(("effect", "switched_off", "leak"), lead, strict=True)},
            **{
                f"{name}_pixels": (value, 0.1)
                for name, value in zip(("switched_off", "leak"), in_pixels or lead[1:], strict=True)
            },
        )
        for method, lead in leads.items()
    )


@pytest.mark.parametrize(
    ("ig", "random", "verdict"), [(1, 2, HOLDS), (-1, 2, PARTLY), (-1, -2, FAILS), (0.05, -1, FAILS), (0.05, 0, OPEN)]
)
def test_ahead_by_the_papers_measure(ig, random, verdict):
    found = claims.ahead(differences(ig=(ig, 0, 0), random=(random, 0, 0), signed=(-9, 0, 0)))
    assert found.verdict is verdict
    assert "signed" not in " ".join(found.says)
    if ig == -1:
        assert any("Behind ig on deblurring: −1 [−1.1, −0.9]" in said for said in found.says)


@pytest.mark.parametrize(
    ("off", "leak", "verdict"),
    [(1, 0, HOLDS), (0, -1, HOLDS), (1, 1, PARTLY), (-1, -1, PARTLY), (-1, 0, FAILS), (0, 1, FAILS), (0, 0, OPEN)],
)
def test_better_means_neither_clearly_worse(off, leak, verdict):
    assert claims.better_than_each(differences(signed=(0, off, leak))).verdict is verdict


@pytest.mark.parametrize(
    ("pixels", "verdict"),
    [
        ((1, 0), HOLDS),
        ((0, -1), HOLDS),
        ((0, 0), OPEN),  # ahead in gradient maps alone is not ahead
        ((-1, 0), PARTLY),
        ((0, 1), PARTLY),
    ],
)
def test_better_means_by_both_measures(pixels, verdict):
    assert claims.better_than_each(differences(pixels, signed=(0, 1, 0))).verdict is verdict


def test_better_than_each_names_who_wins():
    found = claims.better_than_each(differences(ig=(0, 1, 0), signed=(0, -1, 0), change=(0, 0, 0), random=(0, 1, 1)))
    assert found.verdict is PARTLY
    assert found.says[0] == "Better than ig on deblurring."
    assert found.says[1] == "Better in one and worse in the other than random on deblurring."
    assert found.says[2].startswith(
        "Worse than signed on deblurring: switched off −1 [−1.1, −0.9] in gradient maps and"
    )
    assert found.says[3] == "Not told apart by both measures from change on deblurring."


def depths(blur: float, noise: float, half: float = 0.05) -> pd.DataFrame:
    return pd.DataFrame(
        row(
            {"method": "faig", "function": kind, "proportion": 0.01, "depth_of_all": 0.5},
            depth=(v, half),
            unevenness=(v, half),
        )
        for kind, v in (("blur", blur), ("noise", noise))
    )


def test_where_the_filters_are():
    for blur, verdict in ((0.8, HOLDS), (0.52, OPEN), (0.3, FAILS)):
        assert claims_distribution.at_the_back(depths(blur, 0.5)).verdict is verdict
        assert claims_distribution.less_even(depths(blur, 0.5)).verdict is verdict
        overlaps = pd.DataFrame(
            row(
                {"method": "faig", "function": "blur", "other_function": "noise", "proportion": 0.01},
                depth_difference=(blur - 0.52, 0.05),
            )
            for _ in range(1)
        )
        assert claims_distribution.deeper(overlaps).verdict is verdict
    assert claims_distribution.at_the_back(depths(0.8, 0.5, NAN)).verdict is OPEN  # one image
    assert "0.8," in claims_distribution.at_the_back(depths(0.8, 0.5, NAN)).says[0]
    assert claims_distribution.less_even(depths(0.8, 0.5).iloc[:1]) is None


def accuracy(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        row({"predictor": predictor, "classes": classes}, accuracy=(value, 0.02)) for predictor, classes, value in rows
    )


@pytest.mark.parametrize(
    ("two", "clean", "verdict"),
    [(0.99, 0.95, HOLDS), (0.98, 0.95, PARTLY), (0.99, 0.94, PARTLY), (0.8, 0.7, FAILS), (1.0, 0.7, PARTLY)],
)
def test_prediction(two, clean, verdict):
    table = accuracy(("own", "blur noise", two), ("own", "clean, blur, noise", clean), ("own", "blur a+b", 0.1))
    found = claims_prediction.predicts(table)
    assert found.verdict is verdict
    assert found.says[1].startswith("Clean, blur and noise: ")
    assert claims_prediction.beats_others(table) is None


@pytest.mark.parametrize(("other", "verdict"), [(0.9, HOLDS), (0.95, OPEN), (1.0, FAILS)])
def test_prediction_against_another(other, verdict):
    table = accuracy(("own", "blur noise", 0.95), ("statistics", "blur noise", other), ("statistics", "x y", 0.1))
    found = claims_prediction.beats_others(table)
    assert found.verdict is verdict
    assert len(found.says) == 1


@pytest.mark.parametrize(("correlation", "verdict"), [(0.85, HOLDS), (0.7, PARTLY), (-1, FAILS)])
def test_responses_follow_levels(correlation, verdict):
    table = pd.DataFrame([row({"degradation": "blur"}, rank_correlation=(correlation, 0.02))])
    found = claims_prediction.follows_level(table)
    assert found.verdict is verdict
    assert f"{correlation:.3g}".replace("-", "−") in found.says[0]


@pytest.mark.parametrize(("ahead", "half", "verdict"), [(1, 0.1, HOLDS), (-1, 0.1, FAILS), (0.05, 0.1, OPEN)])
def test_found_places_against_others(ahead, half, verdict):
    table = pd.DataFrame(
        row({"function": "blur", "trainable": free}, gain=(gain, half), found_ahead=(lead, half if lead else 0))
        for free, gain, lead in (("found", 2, 0), ("random", 2 - ahead, ahead))
    )
    claim = claims_prediction.places_matter(table)
    assert claim.verdict is verdict
    assert "found gain 2 [" in claim.says[0]
    assert claim.says[0].endswith("dB more than random.")
    assert claims_prediction.places_matter(table.head(1)) is None


def test_learned_masks_are_no_methods():
    assert claims.better_than_each(differences(signed=(1, 0.5, -0.5), learned_graft=(1, -0.5, 0.5))).verdict is HOLDS


def test_small_pieces():
    assert together([HOLDS, HOLDS]) is HOLDS
    assert together([HOLDS, OPEN]) is PARTLY
    assert together([FAILS, OPEN]) is FAILS
    assert together([OPEN]) is OPEN
    assert above_zero(Estimate(1, NAN, NAN)) is OPEN
    assert written(Estimate(-0.5, -0.6, -0.4), sign=True) == "−0.5 [−0.6, −0.4]"
    assert written(Estimate(0.5, NAN, NAN)) == "0.5"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a"]) == "a"
    assert worst_of([HOLDS, PARTLY]) is PARTLY
    assert worst_of([OPEN, HOLDS]) is OPEN
    assert worst_of([HOLDS, HOLDS]) is HOLDS
    assert worst_of([PARTLY, FAILS]) is FAILS
