"""The filter map: where the best filters of each function are, compactly enough for a page."""

import base64
from pathlib import Path
from typing import Any

import pandas as pd

from faig.common.errors import InputError
from faig.results.reader import read_csv

KEPT = 0.1  # of the filters, those whose scores are shown
MOST = 200_000  # of them, however large the network
COLUMNS = ("index", "layer", "out", "in", "score")


def filter_map(rankings: dict[str, Path]) -> dict[str, Any] | None:
    """What the page's script draws; None where there is no ranking of all filters.

    Scores and flat indices of the best `KEPT` are little-endian float32 and uint32 in base64, best first, so that a
    place is a rank.

    Args:
        rankings: the file of each function.

    Returns:
        ``layers`` (``[name, out, in, start]``), ``total`` (filters of the network) and ``functions`` (``name``,
        ``index``, ``score``).

    Raises:
        InputError: a ranking cannot be read, or is of another network than the first.
    """
    tables = {kind: read_ranking(path) for kind, path in rankings.items()}
    tables = {kind: table for kind, table in tables.items() if _complete(table)}
    if not tables:
        return None
    layers = {kind: _layers(table) for kind, table in tables.items()}
    first = next(iter(layers.values()))
    if other := [kind for kind, found in layers.items() if found != first]:
        raise InputError(f"{rankings[other[0]]}: ranks filters of another network than {next(iter(rankings.values()))}")
    total = sum(out * inputs for _, out, inputs, _ in first)
    kept = {kind: table.head(min(MOST, max(1, int(total * KEPT)))) for kind, table in tables.items()}
    functions = [
        {"name": kind, "index": _packed(best["index"], "<u4"), "score": _packed(best["score"], "<f4")}
        for kind, best in kept.items()
    ]
    return {"layers": first, "total": total, "functions": functions}


def read_ranking(path: Path) -> pd.DataFrame:
    """A ranking as a table.

    Raises:
        InputError: it cannot be read, has not all columns, or no row.
    """
    table = read_csv(path)
    if missing := [column for column in COLUMNS if column not in table]:
        raise InputError(f"{path}: has no column {missing[0]}; is it a ranking?")
    if table.empty:
        raise InputError(f"{path}: ranks no filter")
    return table


def _complete(table: pd.DataFrame) -> bool:
    size = sum(out * inputs for _, out, inputs, _ in _layers(table))
    return len(table) == size and int(table["index"].max()) == size - 1


def _layers(table: pd.DataFrame) -> list[tuple[str, int, int, int]]:
    """Name, output channels, input channels and first flat index of each layer, in the order of the numbering."""
    groups = table.groupby("layer")
    found = pd.DataFrame({"out": groups["out"].max() + 1, "in": groups["in"].max() + 1, "start": groups["index"].min()})
    return [
        (str(name), int(out), int(inputs), int(start))
        for name, out, inputs, start in found.sort_values("start").itertuples()
    ]


def _packed(values: "pd.Series[Any]", kind: str) -> str:
    return base64.b64encode(values.to_numpy(kind).tobytes()).decode("ascii")
