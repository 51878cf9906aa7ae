"""The sentence on the first screen: true for each kind of run, by both measures and in dB."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faig.report.headline import headline
from faig.results.reader import Results


class Run(Results):
    """A run that has only tables."""

    def __init__(self, **rows: pd.DataFrame) -> None:
        object.__setattr__(self, "rows", rows)

    def table(self, table):
        return self.rows.get(table.name.removesuffix(".csv"))

    def first(self, name):  # noqa: ARG002 - there is no file of rankings
        return None


def without_intervals(row: dict) -> dict:
    names = [name for name in row if name.startswith(("switched_off", "leak"))]
    return row | {f"{name}{end}": math.nan for name in names for end in ("_low", "_high")}


def summary(*functions: dict, share: float = 0.01) -> pd.DataFrame:
    """Rows of the paper's method; what is not given is what a clean switch does."""
    clean = {"switched_off": 0.99, "switched_off_pixels": 0.98, "leak": 0.02, "leak_pixels": 0.03, "wrecked": ""}
    clean |= {"psnr_elsewhere": -0.05, "psnr_elsewhere_worst": -0.2, "loses_most": "clean"}
    rows = []
    for kind, changed in zip(("blur", "noise", "rain"), functions, strict=False):
        row = {"method": "faig", "reverted": kind, "proportion": share} | clean | changed
        rows.append(without_intervals(row))
    return pd.DataFrame(rows)


def said(*functions: dict, **more) -> str:
    found = headline(Run(summary=summary(*functions), **more))
    assert found
    return found.sentence.removeprefix("Give 1% of the filters their old weights back, and ")


HALF = {"switched_off": 0.6, "switched_off_pixels": 0.7}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "the network no longer deblurs, and still denoises."),
        ({"switched_off": 0.79}, "79% of the network's deblurring is gone, and it still denoises."),
        ({"switched_off_pixels": 0.79}, "79% of the network's deblurring is gone, and it still denoises."),
        ({"switched_off": 0.3}, "only 30% of the network's deblurring is gone, and it still denoises."),
        ({"switched_off": 0.001}, "the network's deblurring is not switched off, and it still denoises."),
        ({"switched_off": -3.0}, "the network's deblurring is not switched off, and it still denoises."),
        ({"psnr_elsewhere": -0.39}, "the network no longer deblurs, but clean images lose 0.39 dB."),
        (
            {"psnr_elsewhere": -0.39, "loses_most": "noise"},
            "the network no longer deblurs, but noisy images lose 0.39 dB.",
        ),
        ({"leak": 0.25}, "the network no longer deblurs, but other images change too: a leak of 0.25."),
        ({"leak_pixels": 0.25}, "the network no longer deblurs, but other images change too: a leak of 0.25."),
        (HALF | {"psnr_elsewhere": -1.5}, "60% of the network's deblurring is gone, but clean images lose 1.5 dB."),
        ({"wrecked": "on clean PSNR 3 dB under"}, "the network is wrecked: on clean PSNR 3 dB under."),
        ({"leak": math.nan, "leak_pixels": math.nan}, "the network no longer deblurs."),
        ({"leak": math.nan}, "the network no longer deblurs."),  # what is not known is not said
        ({"leak_pixels": math.nan}, "the network no longer deblurs."),
        ({"psnr_elsewhere": math.nan}, "the network no longer deblurs."),
    ],
)
def test_what_is_said_of_one_function(changed, sentence):
    worse = {"switched_off": -9.0, "leak": 9.0}  # so that it is about the first
    assert said(changed, worse if not changed.get("wrecked") else worse | {"wrecked": "too"}) == sentence


def test_it_is_about_the_function_that_is_switched_off_cleanest():
    leaks = {"leak": 0.3}
    assert said({"switched_off": 0.81}, {}) == "the network no longer denoises, and still deblurs."
    assert said({"switched_off": 1.0, "psnr_elsewhere": -2}, {"switched_off": 0.82}).startswith(
        "the network no longer den"
    )
    assert said(leaks, leaks, {}) == "the network no longer removes rain, and still deblurs and denoises."
    assert said({"wrecked": "so"}, {"switched_off": 0.1}).startswith("only 10% of the network's denoising")
    assert said({}) == "the network no longer deblurs, and clean images stay as they are."


def effects(psnr: float) -> pd.DataFrame:
    row = {"method": "faig", "reverted": "blur", "input": "blur", "proportion": 0.01}
    row |= {"psnr": psnr, "psnr_target": 28.0, "psnr_baseline": 25.0}
    return pd.DataFrame([row, row | {"input": "noise", "psnr": 0.0}, row | {"method": "ig", "psnr": 0.0}])


def test_what_the_target_gains_in_db_must_be_gone_too():
    assert said({}, effects=effects(25.1)).startswith("the network no longer deblurs")
    assert said({}, effects=effects(27.0)).startswith("only 33% of the network's deblurring is gone")
    assert said({}, effects=effects(29.0)).startswith("the network's deblurring is not switched off")
    assert said({}, effects=effects(math.nan)).startswith("the network no longer deblurs")
    found = headline(Run(summary=summary({}), effects=effects(25.1)))
    assert ("−2.90 dB", "on blurry images", "of +3.00 dB that it had learned there") in found.facts


def test_what_other_inputs_lose_in_db_counts_as_harm():
    """Of two functions that leak alike, the one whose reverting costs other images nothing is told of."""
    of_noise = {"method": "faig", "reverted": "noise", "input": "noise", "proportion": 0.01}
    of_noise |= {"psnr": 25.3, "psnr_target": 30.0, "psnr_baseline": 23.5}
    both = pd.concat([effects(25.75), pd.DataFrame([of_noise])])
    deblurring, denoising = {"leak": 0.06, "psnr_elsewhere": 0.02}, {"leak": 0.05, "psnr_elsewhere": -0.6}
    assert (
        said(deblurring, denoising, effects=both)
        == "75% of the network's deblurring is gone, counted in dB, and it still denoises."
    )
    kept = said(deblurring | {"psnr_elsewhere": -0.6}, denoising | {"psnr_elsewhere": 0.02}, effects=both)
    assert kept == "72% of the network's denoising is gone, counted in dB, and it still deblurs."


def test_the_numbers_are_those_of_the_table():
    found = headline(Run(summary=summary({"leak_pixels": 0.07}, {"switched_off": 0.5})))
    assert found.function == "blur"
    values = [(value, what) for value, what, _ in found.facts]
    assert values == [
        ("98%", "of deblurring switched off by 1%"),
        ("0.07", "leak: what changes on other inputs"),
        ("−0.05 dB", "on clean images, which lose most"),
        ("50%", "of denoising switched off by 1%"),
    ]
    assert found.facts[0][2] == "faig: 0.99 in gradient maps and 0.98 in pixels"


def test_a_run_that_found_nothing_has_no_sentence():
    assert headline(Run()) is None
    assert headline(Run(summary=summary({"switched_off": math.nan}))) is None
    assert headline(Run(summary=summary({}).assign(method="ig"))) is None
    assert headline(Run(check=check().iloc[1:])) is None  # nothing of the function's own input


@pytest.mark.slow
@given(
    off=st.floats(-2, 2),
    pixels=st.floats(-2, 2),
    leak=st.floats(0, 2),
    leaks=st.floats(0, 2),
    lost=st.floats(-9, 1),
    wrecked=st.sampled_from(["", "on clean"]),
)
def test_nothing_is_said_that_the_numbers_do_not_bear_out(off, pixels, leak, leaks, lost, wrecked):
    numbers = {"switched_off": off, "switched_off_pixels": pixels, "leak": leak, "leak_pixels": leaks}
    text = said(numbers | {"psnr_elsewhere": lost, "wrecked": wrecked}, {"wrecked": "for sure", "switched_off": -9.0})
    assert ("wrecked" in text) == bool(wrecked)
    if "no longer" in text:
        assert min(off, pixels) >= 0.8
    if "still" in text:
        assert max(leak, leaks) <= 0.1
        assert lost >= -0.1
    if not wrecked and "still" not in text:
        assert f"lose {-lost:.2g} dB" in text or f"a leak of {max(leak, leaks):.2g}" in text


def check(**learned) -> pd.DataFrame:
    own = {"function": "blur", "input": "blur", "proportion": 0.02, "switched_off": 0.9, "switched_off_pixels": 0.95}
    own |= {"leak": 0.01, "leak_pixels": 0.02, "psnr": 25.1, "psnr_target": 28.0, "psnr_baseline": 25.0, "wrecked": ""}
    others = [
        {"function": "blur", "input": kind, "psnr_gain": gain, "psnr_gain_worst": gain - 1, "wrecked": ""}
        for kind, gain in (("clean", 0.01), ("noise", -0.06))
    ]
    return pd.DataFrame([without_intervals(own), *(other | {"proportion": 0.02} for other in others)]).assign(**learned)


def test_a_check_of_one_kind_of_input_says_nothing_of_others():
    found = headline(Run(check=check().iloc[:1]))
    assert found.sentence == "Give 2% of the filters their old weights back, and the network no longer deblurs."
    assert [value for value, *_ in found.facts] == ["90%", "−2.90 dB", "0.02"]
    gone = headline(Run(check=check(psnr=26.5).iloc[:1]))
    assert gone.sentence.endswith("50% of the network's deblurring is gone, counted in dB.")


def test_a_run_of_attribute_alone_is_told_by_its_check():
    found = headline(Run(check=check()))
    assert found.sentence.startswith("Give 2% of the filters their old weights back, and the network no longer deblurs")
    assert found.facts[0][2].startswith("faig, on the images that they were found on: 0.9 in")
    assert found.facts[-1] == (
        "−0.06 dB",
        "on noisy images, which lose most",
        "on the worst image of another input −1.06 dB",
    )
    learned = headline(Run(check=check(proportion=math.nan)))
    assert learned.sentence.startswith("Set the channels to the learned strengths, and the network no longer deblurs")
    wrecked = check()
    wrecked.loc[1, "wrecked"] = "on clean"
    assert headline(Run(check=wrecked)).sentence.endswith("and the network is wrecked: on clean.")
    alone = check(leak=math.nan, leak_pixels=math.nan).head(1)
    assert headline(Run(check=alone)).sentence.endswith("and the network no longer deblurs.")
