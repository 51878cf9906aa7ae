"""The claim that FAIG can be beaten at equal terms."""

from typing import Any

import pandas as pd

from faig.common.statistics import Estimate
from faig.intervention.comparison import MEASURES
from faig.intervention.equal_terms import AS_MUCH_OFF, MEASURED, NO_MORE_LEAK
from faig.report.claims.claim import Claim, Verdict, above_zero, in_both, job, listed, sentences, together
from faig.results.tables import LEARNED

# By constraint: what a method has to be ahead in, what it must not lose, and the words for it.
BY_CONSTRAINT = {
    NO_MORE_LEAK: ("switched_off", "leak", "with no more leak", "switched off", "leaks more"),
    AS_MUCH_OFF: ("leak", "switched_off", "where it switches off as much", "leak less by", "switches off less"),
}


def can_be_beaten(equal_terms: pd.DataFrame) -> Claim | None:
    """Whether one method beats FAIG at equal terms, by both measures; learned masks are left out."""
    rows = equal_terms[~equal_terms["method"].str.startswith(LEARNED)]
    by_method = {
        str(method): (together(_verdict(row) for _, row in group.iterrows()), _words(str(method), group))
        for method, group in rows.groupby("method", sort=False)
    }
    if not by_method:
        return None
    best = max(by_method, key=lambda method: _most_ahead(rows[rows["method"] == method]))
    verdict, parts = by_method[best]
    winners = [method for method, (outcome, _) in by_method.items() if outcome is Verdict.HOLDS and method != best]
    more = [f"also ahead in all of this: {listed(winners)}"] if winners else []
    if MEASURED in set(rows["chosen_on"]):
        more.append("the sizes were chosen on the images that were measured, which flatters the other methods")
        verdict = Verdict.PARTLY if verdict is Verdict.HOLDS else verdict
    return Claim(
        "FAIG can be beaten: by a method that switches off more where it leaks no more, and leaks less where it "
        "switches off as much.",
        "ours",
        verdict,
        sentences([*parts, *more]),
        "The best of the other methods at equal terms, with at most 1% of the filters for the first number; sizes are "
        "chosen on the images that filters were found on. It holds where, for every function, the intervals of both "
        "leads are above 0 in gradient maps and in pixels, what was to be equal is not clearly worse, and no network "
        "is wrecked; at most partly where filters were found on the measured images.",
    )


def _leads(row: "pd.Series[Any]", name: str) -> list[Estimate]:
    return [Estimate.of_row(row, f"{name}{end}_ahead") for end in MEASURES]


def _verdict(row: "pd.Series[Any]") -> Verdict:
    """Of one row: ahead by both measures, at no price; behind by one of them, or at a price; or neither."""
    lead, _, *_ = BY_CONSTRAINT[row["constraint"]]
    verdicts = {above_zero(each) for each in _leads(row, lead)}
    if Verdict.FAILS in verdicts or _price(row):
        return Verdict.FAILS
    return Verdict.HOLDS if verdicts == {Verdict.HOLDS} else Verdict.OPEN


def _price(row: "pd.Series[Any]") -> str:
    """What the method pays on the measured images, whatever it did on those of the choice; empty for nothing."""
    _, equal, *_, price = BY_CONSTRAINT[row["constraint"]]
    if row["wrecked"]:
        return f"is wrecked, {row['wrecked']}"
    return price if any(each.high < 0 for each in _leads(row, equal)) else ""


def _words(method: str, group: pd.DataFrame) -> list[str]:
    """What a method does, function by function."""
    by_function = []
    for function, rows in group.groupby("reverted", sort=False):
        parts = []
        for _, row in rows.iterrows():
            lead, _, constraint, words, _ = BY_CONSTRAINT[row["constraint"]]
            price, share = _price(row), f"{100 * row['proportion']:.3g}% of the filters"
            parts.append(
                f"{constraint} ({share}), {words} {in_both(row, lead, True, '_ahead')}"
                + (f", but it {price}" if price else "")
            )
        by_function.append(f"{method} on {job(str(function))}: {'; '.join(parts)}")
    return by_function


def _most_ahead(rows: pd.DataFrame) -> tuple[int, float]:
    """The key to choose a method by: how many of its leads are surely above 0, then their sum."""
    leads = [each for _, row in rows.iterrows() for each in _leads(row, BY_CONSTRAINT[row["constraint"]][0])]
    return sum(each.low > 0 for each in leads), sum(each.value for each in leads)
