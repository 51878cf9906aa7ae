"""The sections of the page of a ground truth study: what stands there of each stage, from its tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from faig.attribution.options import TOP
from faig.report.escape import markdown
from faig.report.figures.truth_charts import OF_DECOYS, SHOWN, TRUTHS
from faig.results.reader import Results
from faig.results.table import Table
from faig.results.truth_tables import AGREEMENT, DECOYS, PLANTED, TOPS

SUMMARISED = ("faig", "signed", "predicted", "random")  # of the methods, on the first lines
GAINED = {
    "gain": "gained",
    "reverted": "own set reverted",
    "other_reverted": "other set reverted",
    "clean": "on clean images",
}
Tables = Sequence[pd.DataFrame]


@dataclass(frozen=True)
class Section:
    """What a page says of a stage.

    Attributes:
        tables: that it is made of.
        title: of a page that begins with it.
        asked: the question.
        found: the answer, of the tables.
        picture: name of its picture, and what that shows.
        head: its text, with settings of the study in braces, and where its ``{picture}`` stands.
        parts: its tables as Markdown.
    """

    tables: tuple[Table, ...]
    title: str
    asked: str
    found: Callable[..., str]
    picture: tuple[str, str]
    head: str
    parts: Callable[..., list[str]]

    def of(self, results: Results) -> Tables:
        """Its tables of a run.

        Raises:
            InputError: one is missing, has no rows, or cannot be read.
        """
        return [results.needed(table) for table in self.tables]


def _agree(agreement: pd.DataFrame, tops: pd.DataFrame) -> str:  # noqa: ARG001 - as the other sections
    """The range, over pairs and functions, of how well some methods agree with what each filter does alone."""
    return f"Rank correlation with what each filter does alone: {_ranges(agreement, 'alone')}."


def _found_again(planted: pd.DataFrame) -> str:
    """How much was planted, and how much of what carries it is found again: before all else moves, and after."""
    still = planted[planted["drift"] == planted["drift"].min()]
    gain, clean = still["psnr"] - still["psnr_baseline"], still["psnr_clean"] - still["psnr_clean_baseline"]
    gained = [
        f"{function} in {markdown(pair)} {_mean(gain[rows.index].groupby(rows['seed']).first())} dB"
        for (pair, function), rows in still.groupby(["pair", "function"], sort=False)
    ]
    kept = clean.groupby([still["pair"], still["seed"]]).first().groupby(level=0).mean()
    text = (
        f"Gained by planting: {', '.join(gained)}; on clean images {_span(kept)} dB. "
        f"Of the filters that carry a function, found again: {_ranges(still, 'recall')}."
    )
    drift = planted["drift"].max()
    if drift == still["drift"].max():
        return text
    moved = planted[planted["drift"] == drift]
    left = (moved["psnr_reverted"] - moved["psnr_baseline"]).groupby([moved["pair"], moved["function"]]).mean()
    return (
        f"{text} Once all else has moved {drift:g} times as far as they had: {_ranges(moved, 'recall')}; with a "
        f"function's own set reverted, {_span(left)} dB over the baseline are left."
    )


def _decoys_found(decoys: pd.DataFrame) -> str:
    """The decoys' share of the top 1%, without and with the largest move."""
    shares = decoys.assign(share=decoys["in_top"] / decoys["top"])
    shares = shares[shares["method"].isin(OF_DECOYS) & shares["version"].isin(("without", "with"))]
    means = shares.groupby(["method", "version", "decoy", "size"], sort=False)["share"].mean()
    most = means.groupby(["method", "version"], sort=False).max().unstack().reindex(columns=["with", "without"])
    parts = [
        f"`{name}` up to {_number(row['with'])} ({_number(row['without'])} without)" for name, row in most.iterrows()
    ]
    return f"Share of the top 1%: {', '.join(parts)}."


def _ranges(rows: pd.DataFrame, value: str) -> str:
    means = rows.groupby(["pair", "function", "method"])[value].mean().unstack()
    ends = {name: (means[name].min(), means[name].max()) for name in SUMMARISED if name in means}
    return ", ".join(f"`{name}` {_number(low)} to {_number(high)}" for name, (low, high) in ends.items())


def _span(values: "pd.Series[Any]") -> str:
    return " to ".join(dict.fromkeys(_number(end) for end in (values.min(), values.max())))


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"  # 0 has no sign


def _brute_force(agreement: pd.DataFrame, tops: pd.DataFrame) -> list[str]:
    """Of every pair and function: how well methods agree with the truths, and what their top 1% does."""
    columns = {
        "alone": "rank correlation, alone",
        "shapley": "Shapley",
        "alone_top": "precision at 1%, alone",
        "shapley_top": "Shapley",
        "switched_off": "switched off at 1%",
        "leak": "leak",
    }
    keys = ["pair", "seed", "function", "method"]
    rows = agreement.merge(tops[tops["proportion"] == TOP].drop(columns="proportion"), on=keys, how="left")
    order, parts = _ordered(rows["method"], (*TRUTHS, *SHOWN)), []
    for (pair, function), group in rows.groupby(["pair", "function"], sort=False):
        halves, barrier = (_mean(group.groupby("seed")[name].first()) for name in ("halves", "barrier"))
        parts += [
            f"### {markdown(pair)}, {function}\n\n{_table(group, 'method', columns, order)}\n",
            f"Half of the coalitions against the other half: {halves}; barrier {barrier}.\n",
        ]
    return parts


def _planted(planted: pd.DataFrame) -> list[str]:
    """Of every pair and function: how much was planted, and how much of it every method finds again."""
    drifts = {drift: f"drift {drift:g}" for drift in sorted(planted["drift"].unique())}
    order, parts = _ordered(planted["method"], SHOWN), []
    planted = planted.assign(
        gain=planted["psnr"] - planted["psnr_baseline"],
        reverted=planted["psnr_reverted"] - planted["psnr_baseline"],
        other_reverted=planted["psnr_other_reverted"] - planted["psnr_baseline"],
        clean=planted["psnr_clean"] - planted["psnr_clean_baseline"],
    )
    for pair, of_pair in planted.groupby("pair", sort=False):
        for function, rows in sorted(of_pair.groupby("function"), key=lambda item: str(item[0])):
            networks = rows.drop_duplicates(["seed", "drift"])  # the same for every method
            starts = networks.drop_duplicates("seed")
            networks = networks.assign(drift=networks["drift"].map("{:g}".format))
            recall = rows.pivot_table(index=["seed", "method"], columns="drift", values="recall").reset_index()
            parts.append(
                f"### {markdown(pair)}, {function}\n\n"
                f"Carriers {_mean(starts['carriers'])} of {int(starts['planted'].iloc[0])} planted; the trained target "
                f"gains {_mean(starts['psnr_target'] - starts['psnr_baseline'])} dB.\n\n"
                f"{_table(networks, 'drift', GAINED, _ordered(networks['drift'], ()))}\n\n"
                f"{_table(recall, 'method', drifts, order)}\n"
            )
    return parts


def _decoys(decoys: pd.DataFrame) -> list[str]:
    """Of every pair and some methods: the share of the top 1% that decoys make up."""
    columns = {
        "share without": "without decoys",
        "share with": "with",
        "share aligned": "aligned",
        "share aligned without": "aligned, without",
        "barrier with": "barrier with",
        "barrier aligned": "barrier aligned",
    }
    decoys = decoys.assign(
        share=decoys["in_top"] / decoys["top"], case=decoys["decoy"] + " " + decoys["size"].map("{:g}".format)
    )
    parts = []
    for pair, of_pair in decoys.groupby("pair", sort=False):
        for method in OF_DECOYS:
            rows = of_pair[of_pair["method"] == method]
            if rows.empty:
                continue
            wide = rows.pivot_table(
                index=["seed", "case"], columns="version", values=["share", "barrier"], dropna=False
            )
            wide.columns = pd.Index([" ".join(column) for column in wide.columns])
            cases = list(dict.fromkeys(rows["case"]))
            parts.append(f"### {markdown(pair)}, `{method}`\n\n{_table(wide.reset_index(), 'case', columns, cases)}\n")
    return parts


def _ordered(methods: "pd.Series[Any]", first: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*first, *methods)))


def _mean(values: "pd.Series[Any]") -> str:
    """The mean over seeds, and half of its 95% t interval."""
    from scipy import stats  # slow to import

    count = len(values)
    if count < 2:
        return f"{values.mean():.2f}"
    half = stats.t.ppf(0.975, count - 1) * values.std() / np.sqrt(count)
    return f"{values.mean():.2f} ±{half:.2f}"


def _table(rows: pd.DataFrame, by: str, columns: Mapping[Any, str], order: Sequence[str]) -> str:
    """A Markdown table, folded: a row for each value of ``by``, means over seeds."""
    summary = f"By {by}: {', '.join(dict.fromkeys(columns.values()))}"
    lines = [f"| {by} | " + " | ".join(columns.values()) + " |", "|---|" + "---|" * len(columns)]
    for name in order:
        group = rows[rows[by] == name]
        if len(group):
            means = (_mean(group[column]) if column in group else "" for column in columns)
            lines.append(f"| `{markdown(name)}` | {' | '.join(means)} |")
    table = "\n".join(lines)
    return f'<details markdown="1">\n<summary>{summary}</summary>\n\n{table}\n\n</details>'


BRUTE_FORCE_HEAD = """## Brute force

Filters are ranked on {crops} crops each of two photos, {side} GT pixels a side, and reverted alone on the same;
switched off and leak are measured on two other photos. **alone**: the loss that reverting a filter alone adds on its
degradation, less what it changes on the other one and on clean images (as `signed` asks). **Shapley**: the same of
Shapley values, from {shapley[pairs]} pairs of complementary coalitions. **greedy**: one filter after the other, each
the one that does most then. `signed-net`: `signed` with the absolute value taken after the sums. `predicted`: brute
force predicted by one forward and {nodes} + 1 backward passes an image.
"""
PLANTED_HEAD = """## Planted functions

Two disjoint random sets, each {planted[proportion]:.0%} of every layer, learn one after the other, deblurring first, in
{planted[steps]} steps each; while one learns, nothing else moves. It learns by *interchange*: once there is another
set, that one is reverted in every second step. Blurry or noisy images whose set learns shall come out as the GT; all
others as before, clean images as the baseline makes them, within a limit that the weights of the losses are adapted to.

**Gained**: PSNR in dB over the baseline, on the two other photos; with the function's own set reverted (0: nothing but
the set does it), with the other's reverted (as gained: the other takes no part), and on clean images. **Carriers** are
the planted filters that make up 90% of the loss when reverted one by one. Recall: share of the carriers among as many
first filters of a ranking. **Drift**: everything but the planted filters fine-tuned on clean images, and to keep what
was made of degraded ones, until it has moved so many times as far as the planted filters had.

{picture}
"""
DECOYS_HEAD = """## Decoys

Hidden channels scaled (two of each link, by the factor and by its inverse) or swapped with their readers: the
function stays. The share of the top 1% that the moved filters make up, without and with the move, and after
`faig.networks.align`.

{picture}
"""
SECTIONS = {
    "agreement": Section(
        (AGREEMENT, TOPS),
        "Are these the right filters?",
        "How well does each method's ranking agree with what filters really do: each alone, and all together? On small "
        "pairs, whose filters can all be reverted one by one.",
        _agree,
        ("curves", "Switched off and leak, by the proportion of filters reverted; a triangle at an edge: beyond it"),
        BRUTE_FORCE_HEAD,
        _brute_force,
    ),
    "planted": Section(
        (PLANTED,),
        "Are planted filters found again?",
        "Where only known filters could learn a function, does each method find them, and does it still when "
        "everything else moves?",
        _found_again,
        ("recall", "Recall of the filters that carry a planted function, against drift"),
        PLANTED_HEAD,
        _planted,
    ),
    "decoys": Section(
        (DECOYS,),
        "Are filters that only moved ranked high?",
        "Where weights move and the function stays, which methods rank what moved among the first?",
        _decoys_found,
        ("decoys", "Decoys in the top 1%, against their scale"),
        DECOYS_HEAD,
        _decoys,
    ),
}
