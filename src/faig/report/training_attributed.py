"""The part of a training study's page that says which filters hold what was learned, from its tables."""

import fnmatch
from collections.abc import Mapping, Sequence

import pandas as pd

from faig.report.escape import markdown

Branches = Mapping[str, Sequence[str]]  # patterns of layers, by name
KEYS = ["arm", "function", "chosen", "proportion"]
Held = tuple[pd.DataFrame, pd.DataFrame, Branches]  # the tables `ATTRIBUTED` and `ATTRIBUTED_LAYERS`, and the branches
Table = tuple[str, list[str], list[list[str]]]  # what it is, heads, lines

ABOUT = (
    "Each trained network against the one that its training began as: filters ranked, and the first of them, or all of "
    "a branch, given their weights of then back. *Switched off* is 1 where the network does on that input what it did "
    "then, *leak* what changes on other inputs, as a share of that; `random` is the control. Means over seeds, ± the "
    "standard deviation between them; the tables beside this page have intervals over photos, the paths' barriers and "
    "the integrals' errors."
)


def found(attributed: pd.DataFrame, layers: pd.DataFrame, branches: Branches) -> str:
    """Of each function: what switches it off, the first filters by the first method or a branch, and where they are."""
    ranked = attributed[attributed["chosen"] == attributed["chosen"].iloc[0]]
    first = ranked[ranked["proportion"] == ranked["proportion"].min()]
    sentences = []
    for (function, method, proportion), rows in first.groupby(KEYS[1:], sort=False):
        parts = []
        for _, group in rows.groupby("arm", sort=False):
            own = layers[(layers[KEYS] == group[KEYS].iloc[0]).all(axis=1)]
            where = [
                f"{of_found:.0%} of them in {markdown(name)}, which has {of_all:.0%} of all"
                for name, (of_found, of_all) in shares(own, branches).items()
            ]
            parts.append(f"{_off(group)} ({'; '.join(where)})" if where else _off(group))
        sentences.append(
            f"Given back, {100 * proportion:g}% of the filters by `{markdown(method)}` switch {markdown(function)} off "
            f"{', '.join(parts)}."
        )
        whole = attributed[attributed["chosen"].isin([*branches]) & (attributed["function"] == function)]
        sentences += [
            f"All filters of {markdown(name)} switch it off {_off(group)}."
            for (name, _), group in whole.groupby(["chosen", "arm"], sort=False)
        ]
    return " ".join(sentences)


def tables(attributed: pd.DataFrame, layers: pd.DataFrame, branches: Branches) -> list[Table]:
    """What filters do that are given back, and where they are: by arm, function and ranking, over seeds."""
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
        for key, group in attributed.groupby(KEYS, sort=False)
    ]
    done = [("What they do", [*KEYS, "filters", *columns.values(), "wrecked"], lines)]
    by_set = {key: group for key, group in layers.groupby(KEYS, sort=False) if key[2] not in branches}
    if branches:
        heads = [head for name in branches for head in (f"{name}: of the found", "of all")]
        rows = [
            [*_labels(key), *(f"{share:.0%}" for pair in of_set.values() for share in pair)]
            for key, group in by_set.items()
            if len(of_set := shares(group, branches)) == len(branches)
        ]
        done.append(("By branch, share of the filters", [*KEYS, *heads], rows))
    rows = [
        [*_labels(key), markdown(layer), f"{of_layer['filters'].iloc[0]}", _mean(of_layer, "found", 1)]
        for key, group in by_set.items()
        for layer, of_layer in group.groupby("layer", sort=False)
    ]
    return [*done, ("By layer, filters found", [*KEYS, "layer", "filters", "found"], rows)]


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
    """The mean over seeds, and the standard deviation between them."""
    values = rows[name]
    spread = f" ±{values.std():.{digits}f}" if len(values) > 1 else ""
    return f"{round(values.mean(), digits) + 0.0:.{digits}f}{spread}"
