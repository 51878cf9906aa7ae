"""Whether FAIG can be beaten: each side of the rule."""

import pandas as pd

from claim_rows import row
from faig.report.claims.claim import Verdict
from faig.report.claims.equal_terms import can_be_beaten

HOLDS, PARTLY, FAILS, OPEN = Verdict.HOLDS, Verdict.PARTLY, Verdict.FAILS, Verdict.OPEN


def table(chosen_on: str = "finding images", price: float = 0.0, in_pixels=None, **leads: tuple[float, float]):
    """By method: how far it is ahead of FAIG in switched off and in leak, each ±0.1, on both functions.

    Args:
        chosen_on: the images on which sizes were chosen.
        price: how far the method is ahead in what was to be equal.
        in_pixels: the leads in pixels, where they are others.
    """
    rows = []
    for method, lead in leads.items():
        for kind in ("blur", "noise"):
            for place, constraint in enumerate(("no more leak", "as much off")):
                labels = {
                    "reverted": kind,
                    "method": method.replace("_", "-"),
                    "constraint": constraint,
                    "proportion": 0.003,
                }
                numbers = {}
                for name, number in (("switched_off", 0), ("leak", 1)):
                    for end, values in (("", lead), ("_pixels", in_pixels or lead)):
                        numbers[f"{name}{end}_ahead"] = (values[place] if number == place else price, 0.1)
                rows.append(row(labels | {"chosen_on": chosen_on, "wrecked": ""}, **numbers))
    return pd.DataFrame(rows)


def test_faig_is_beaten_by_one_method_on_every_function():
    beaten = can_be_beaten(table(ig=(-0.5, -0.5), signed=(0.2, 0.3), gradient=(0.15, 0.15)))
    assert beaten.verdict is HOLDS
    assert beaten.says[0] == (
        "Signed on deblurring: with no more leak (0.3% of the filters), switched off +0.2 [0.1, 0.3] in gradient maps "
        "and +0.2 [0.1, 0.3] in pixels; where it switches off as much (0.3% of the filters), leak less by "
        "+0.3 [0.2, 0.4] in gradient maps and +0.3 [0.2, 0.4] in pixels."
    )
    assert beaten.says[-1] == "Also ahead in all of this: gradient."
    assert can_be_beaten(table(signed=(0.2, 0.05))).verdict is PARTLY
    assert can_be_beaten(table(signed=(-0.2, -0.3))).verdict is FAILS
    mixed = pd.concat([table(signed=(0.2, 0.2)).iloc[:2], table(signed=(-0.2, 0.2)).iloc[2:]])
    assert can_be_beaten(mixed).verdict is PARTLY
    assert can_be_beaten(table(learned_0=(0.9, 0.9))) is None  # a mask learned for it is no method


def test_at_equal_terms_both_measures_count_and_equal_means_equal():
    assert can_be_beaten(table(signed=(0.2, 0.2), in_pixels=(0.05, 0.05))).verdict is OPEN
    assert can_be_beaten(table(signed=(0.2, 0.2), in_pixels=(-0.2, -0.2))).verdict is FAILS
    paid = can_be_beaten(table(signed=(0.2, 0.2), price=-0.2))
    assert paid.verdict is FAILS
    assert "but it leaks more" in paid.says[0]
    assert "but it switches off less" in paid.says[0]
    assert can_be_beaten(table(signed=(0.2, 0.2), price=-0.05)).verdict is HOLDS
    wreck = can_be_beaten(table(signed=(0.2, 0.2)).assign(wrecked="on clean PSNR 2.0 dB under the worse end's"))
    assert wreck.verdict is FAILS
    assert "but it is wrecked, on clean PSNR 2.0 dB" in wreck.says[0]


def test_sizes_chosen_where_they_are_measured_prove_little():
    found = can_be_beaten(table("measured images", signed=(0.2, 0.2)))
    assert found.verdict is PARTLY
    assert found.says[-1].startswith("The sizes were chosen on the images that were measured")
    assert can_be_beaten(table("measured images", signed=(-0.2, -0.3))).verdict is FAILS
