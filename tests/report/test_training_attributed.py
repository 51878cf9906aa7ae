"""What the page of a training study says of found filters, of tables that are made up."""

import pandas as pd

from faig.report.training_attributed import Held, found, tables

MOVED = {"middle": 0.2, "gentle": 0.1, "hard": 0.3, "from-scratch": float("nan")}

SETS = (("faig", 0.01, 1), ("faig", 0.05, 1.1), ("learned", 0.01, 1.1), ("random", 0.01, 0))


def held(**changes: object) -> Held:
    """Three arms that moved the weights less and more; the harder, the more is off."""
    rows = [
        {"arm": arm, "seed": 1, "chosen": method, "function": "blur", "proportion": size, "filters": 3}
        | {"switched_off": 3 * MOVED[arm] * share, "leak": MOVED[arm] / 10 * share, "barrier": 1.0, "wrecked": ""}
        | dict.fromkeys(("switched_off_pixels", "leak_pixels", "psnr_gain", "psnr_elsewhere"), 0.0)
        for arm in ("middle", "gentle", "hard")
        for method, size, share in (
            ("faig", 0.01, 1),
            ("faig", 0.05, 1.1),
            ("learned", 0.01, 1.1),
            ("random", 0.01, 0),
        )
    ]
    layers = [
        {name: row[name] for name in ("arm", "function", "chosen", "proportion")}
        | {"layer": layer, "filters": 50, "found": count}
        for row in rows
        for layer, count in (("body", 2), ("tail", 1))
    ]
    parts = {
        "attributed": pd.DataFrame(rows),
        "layers": pd.DataFrame(layers),
        "halves": None,
        "trained": pd.DataFrame([{"arm": arm, "input": "blur", "gain": 1.5} for arm in MOVED]),
        "cost": pd.DataFrame([{"arm": arm, "moved": moved} for arm, moved in MOVED.items()]),
        "branches": {},
    }
    return Held(**(parts | changes))


def test_of_many_arms_those_are_named_that_moved_least_and_most():
    text = found(held())
    assert "Of the arms, the weights of `gentle` moved least, by 10.0%, those of `hard` most, by 30.0%." in text
    assert (
        "Given back, 1% of the filters by `faig` switch blur off to 0.30 in `gentle` at a leak of 0.01, to 0.90 in "
        "`hard` at a leak of 0.03." in text
    )
    assert "1% of the filters by `learned` switch blur off to 0.33 in `gentle`" in text
    assert "middle" not in text
    assert "5%" not in text  # the smallest sets alone
    assert "random" not in text  # the control is in the tables


def test_of_two_arms_both_are_told_of_in_the_order_of_the_study():
    both = held()
    text = found(held(attributed=both.attributed[both.attributed["arm"] != "gentle"]))
    assert text.startswith("Given back, 1% of the filters by `faig` switch blur off to 0.60 in `middle`")


def test_where_filters_are_is_told_of_every_branch():
    text = found(held(branches={"back": ["tail"]}))
    assert "at a leak of 0.01 (33% of them in back, which has 50% of all)" in text


def test_every_arm_has_a_line_of_its_smallest_sets():
    [heads, lines] = next(tables(held()))[1:]
    assert heads == ["arm", "moved", "gained, blur", "highest barrier", "blur, faig", "blur, learned", "blur, random"]
    assert lines[2] == ["hard", "30.0%", "1.50", "1.00", "0.90 / 0.03", "0.99 / 0.03", "0.00 / 0.00"]
