"""The part of a training study's page that says which filters hold what was learned, from its tables."""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from faig.attribution.methods import MASK
from faig.report.escape import markdown

Branches = Mapping[str, Sequence[str]]  # patterns of layers, by name
KEYS = ["arm", "function", "chosen", "proportion"]
Table = tuple[str, list[str], list[list[str]]]  # what it is, heads, lines

HALVED = (
    " *Half strength*: PSNR less the trained network's; `learned` turns one function, by output images, `DNI` (all "
    "parameters mixed) and `blend` (both output images averaged) turn all at once."
)
ABOUT = (
    "Each trained network against the one that its training began as: filters ranked, and the first of them, or all of "
    "a branch, given their weights of then back. *Switched off* is 1 where the network does on that input what it did "
    "then, *leak* what changes on other inputs, as a share of that; `random` is the control. Means over seeds, ± the "
    "standard deviation between them; the tables beside this page have intervals over photos, the paths' barriers and "
    "the integrals' errors."
)


@dataclass(frozen=True)
class Held:
    """What a study says of where what its arms learned is.

    Attributes:
        attributed: the table `ATTRIBUTED`.
        layers: the table `ATTRIBUTED_LAYERS`.
        halves: the table `HALVES`; None where no set was learned.
        trained: the table `TRAINED`.
        cost: the table `COST`.
        branches: of the networks.
    """

    attributed: pd.DataFrame
    layers: pd.DataFrame
    halves: pd.DataFrame | None
    trained: pd.DataFrame
    cost: pd.DataFrame
    branches: Branches


def about(held: Held) -> str:
    """How to read the tables."""
    return ABOUT if held.halves is None else ABOUT + HALVED


def found(held: Held) -> str:
    """Of each function: what switches it off, and where these filters are.

    Told of are the smallest set of the first method, the learned set and branches; of more than two arms, those whose
    weights moved least and most.
    """
    attributed = held.attributed
    moved = _moved(held).sort_values()
    ends = [moved.index[0], moved.index[-1]]
    sentences = []
    if len(moved) > 2:
        sentences.append(
            f"Of the arms, the weights of `{markdown(ends[0])}` moved least, by {moved.iloc[0]:.1%}, those of "
            f"`{markdown(ends[1])}` most, by {moved.iloc[-1]:.1%}."
        )
        attributed = attributed[attributed["arm"].isin(ends)]
    small = _smallest(attributed, held.branches)
    small = small[small["chosen"].isin([*small["chosen"].head(1), MASK.name])]
    for function, of_function in attributed.groupby("function", sort=False):
        for (method, proportion), rows in small[small["function"] == function].groupby(KEYS[2:], sort=False):
            parts = []
            for _, group in rows.groupby("arm", sort=False):
                own = held.layers[(held.layers[KEYS] == group[KEYS].iloc[0]).all(axis=1)]
                where = [
                    f"{of_found:.0%} of them in {markdown(name)}, which has {of_all:.0%} of all"
                    for name, (of_found, of_all) in shares(own, held.branches).items()
                ]
                parts.append(f"{_off(group)} ({'; '.join(where)})" if where else _off(group))
            sentences.append(
                f"Given back, {100 * float(str(proportion)):g}% of the filters by `{markdown(method)}` switch "
                f"{markdown(function)} off {', '.join(parts)}."
            )
        whole = of_function[of_function["chosen"].isin([*held.branches])]
        sentences += [
            f"All filters of {markdown(name)} switch it off {_off(group)}."
            for (name, _), group in whole.groupby(["chosen", "arm"], sort=False)
        ]
    return " ".join(sentences)


def _moved(held: Held) -> "pd.Series[float]":
    """By arm whose filters were found: how far its weights moved."""
    cost = held.cost[held.cost["arm"].isin(held.attributed["arm"])]
    return cost.groupby("arm", sort=False)["moved"].mean()


def _smallest(attributed: pd.DataFrame, branches: Branches) -> pd.DataFrame:
    """The rows of the smallest set of every method."""
    ranked = attributed[~attributed["chosen"].isin([*branches])]
    return ranked[ranked["proportion"] == ranked.groupby("chosen")["proportion"].transform("min")]


def tables(held: Held) -> Iterator[Table]:
    """What filters do that are given back, and where they are: by arm, function and ranking, over seeds."""
    yield "By arm: what it is, and what the smallest sets do: switched off / leak", *_overview(held)
    columns = {
        "switched_off": "switched off",
        "leak": "leak",
        "switched_off_pixels": "switched off, pixels",
        "leak_pixels": "leak, pixels",
        "psnr_gain": "dB on it",
        "psnr_elsewhere": "dB elsewhere",
    }
    lines = [
        [
            *_labels(key),
            f"{group['filters'].mean():.0f}",
            *(_mean(group, name) for name in columns),
            f"{group['wrecked'].fillna('').astype(bool).sum()} of {len(group)}",
        ]
        for key, group in held.attributed.groupby(KEYS, sort=False)
    ]
    yield "What they do", [*KEYS, "filters", *columns.values(), "wrecked"], lines
    branches = held.branches
    by_set = {key: group for key, group in held.layers.groupby(KEYS, sort=False) if key[2] not in branches}
    if branches:
        heads = [head for name in branches for head in (f"{name}: of the found", "of all")]
        rows = [
            [*_labels(key), *(f"{share:.0%}" for pair in of_set.values() for share in pair)]
            for key, group in by_set.items()
            if len(of_set := shares(group, branches)) == len(branches)
        ]
        yield "By branch, share of the filters", [*KEYS, *heads], rows
    rows = [
        [*_labels(key), markdown(layer), f"{of_layer['filters'].iloc[0]}", _mean(of_layer, "found", 1)]
        for key, group in by_set.items()
        for layer, of_layer in group.groupby("layer", sort=False)
    ]
    yield "By layer, filters found", [*KEYS, "layer", "filters", "found"], rows
    if held.halves is not None:
        keys, inputs = ["arm", "function", "knob"], [*dict.fromkeys(held.halves["input"])]
        lines = [
            [*map(markdown, key), *(_mean(group[group["input"] == kind], "change") for kind in inputs)]
            for key, group in held.halves.groupby(keys, sort=False)
        ]
        yield "At half strength, in dB", [*keys, *inputs], lines


def _overview(held: Held) -> tuple[list[str], list[list[str]]]:
    """Heads, and a line for each arm: how far it moved, what it gained, and what the smallest sets do."""
    small, moved = _smallest(held.attributed, held.branches), _moved(held)
    functions, methods = ([*dict.fromkeys(small[name])] for name in ("function", "chosen"))
    heads = ["arm", "moved", *(f"gained, {kind}" for kind in functions), "highest barrier"]
    heads += [f"{kind}, {method}" for kind in functions for method in methods]
    lines = []
    for arm, of_arm in small.groupby("arm", sort=False):
        gained = held.trained[held.trained["arm"] == arm]
        line = [markdown(arm), f"{moved[arm]:.1%}"]
        line += [_mean(gained[gained["input"] == kind], "gain") for kind in functions]
        line.append("" if of_arm["barrier"].isna().all() else f"{of_arm['barrier'].max():.2f}")
        for kind in functions:
            for method in methods:
                rows = of_arm[(of_arm["function"] == kind) & (of_arm["chosen"] == method)]
                line.append(f"{_mean(rows, 'switched_off')} / {_mean(rows, 'leak')}")
        lines.append(line)
    return heads, lines


def shares(layers: pd.DataFrame, branches: Branches) -> dict[str, tuple[float, float]]:
    """Of each branch that a network has: its share of the found filters, and of all."""
    known = {
        name: layers[[any(fnmatch.fnmatch(layer, each) for each in patterns) for layer in layers["layer"]]]
        for name, patterns in branches.items()
    }
    whole = layers[["found", "filters"]].sum()
    return {
        name: (part["found"].sum() / whole["found"], part["filters"].sum() / whole["filters"])
        for name, part in known.items()
        if len(part)
    }


def _off(rows: pd.DataFrame) -> str:
    [arm] = rows["arm"].unique()
    return f"to {_mean(rows, 'switched_off')} in `{markdown(arm)}` at a leak of {_mean(rows, 'leak')}"


def _labels(key: tuple[object, ...]) -> list[str]:
    *names, proportion = key
    return [*map(markdown, names), f"{100 * float(str(proportion)):.3g}%"]


def _mean(rows: pd.DataFrame, name: str, digits: int = 2) -> str:
    """The mean over seeds, and the standard deviation between them; empty where there is none."""
    values = rows[name]
    if values.isna().all():
        return ""
    spread = f" ±{values.std():.{digits}f}" if len(values) > 1 else ""
    return f"{round(values.mean(), digits) + 0.0:.{digits}f}{spread}"
