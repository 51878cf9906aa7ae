"""Rankings in files: ``filters-<degradation>.csv``, and the paper's ``<degradation>_index.txt``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from faig.attribution.uncertainty import SamplingError
from faig.common.errors import InputError
from faig.common.files import replacing
from faig.filters import FilterSet, FilterSpace, Scores, rank

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("rank", "index", "layer", "out", "in", "score")
INTEGERS = {"out": "Int64", "in": "Int64"}  # with gaps: a channel has no ``in``, a layer neither


def write_ranking(
    path: Path | str,
    space: FilterSpace,
    scores: Scores,
    errors: SamplingError | None = None,
    ranked: FilterSet | None = None,
) -> None:
    """Write filters, best first, as ``rank, index, layer, out, in, score`` (rank from 1).

    Args:
        path: the file to write.
        space: whose filters.
        scores: one per filter.
        errors: adds the columns ``standard_error`` and ``confidence``; see `uncertainty.SamplingError`.
        ranked: the filters to list; None for all.
    """
    with replacing(Path(path)) as part:
        ranking_frame(space, scores, errors, ranked).to_csv(part, index=False, float_format="%.9g", lineterminator="\n")


def ranking_frame(
    space: FilterSpace, scores: Scores, errors: SamplingError | None = None, ranked: FilterSet | None = None
) -> "pd.DataFrame":
    """Filters, best first, as ``rank, index, layer, out, in, score`` (rank from 1).

    Args:
        space: whose filters.
        scores: one per filter.
        errors: adds the columns ``standard_error`` and ``confidence``; see `uncertainty.SamplingError`.
        ranked: the filters to list; None for all.
    """
    order = rank(scores, ranked).numpy()
    table = filter_places(space).iloc[order].reset_index(drop=True)
    table.insert(0, "rank", np.arange(1, len(order) + 1))
    table.insert(1, "index", order)
    table["score"] = scores.double().numpy()[order]
    if errors is not None:
        table["standard_error"] = errors.standard_error.double().numpy()[order]
        table["confidence"] = errors.confidence.double().numpy()[order]
    return table


def write_sums(
    path: Path | str, space: FilterSpace, scores: Scores, by: Sequence[str], ranked: FilterSet | None = None
) -> None:
    """Write scores summed up over the filters of each layer or output channel: ``rank, <by>, filters, score``.

    Args:
        path: the file to write.
        space: whose filters.
        scores: one per filter.
        by: ``("layer",)`` or ``("layer", "out")``.
        ranked: the filters to list; None for all.
    """
    table = filter_places(space).assign(score=scores.double().numpy())
    if ranked is not None:
        table = table[ranked.mask.numpy()]
    sums = table.groupby(list(by), sort=False)["score"].agg(filters="size", score="sum").reset_index()
    sums = sums.sort_values("score", ascending=False, kind="stable")
    sums.insert(0, "rank", np.arange(1, len(sums) + 1))
    with replacing(Path(path)) as part:
        sums.to_csv(part, index=False, float_format="%.9g", lineterminator="\n")


def write_index(path: Path | str, scores: Scores) -> None:
    """Write the paper's index file: one flat index a line, best first."""
    with replacing(Path(path)) as part:
        np.savetxt(part, rank(scores).numpy(), fmt="%d")


def read_ranking(path: Path | str, space: FilterSpace) -> Int64[Tensor, " ranked"]:
    """Flat indices, best first, from either kind of file.

    A CSV may hold fewer filters than the network has; an index file may not, for its length is all that tells
    which network it is of.

    Raises:
        InputError: the file cannot be read, or is of another network.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    order = _read_csv(path, space) if path.suffix == ".csv" else _read_index(path, space)
    if len(np.unique(order)) != len(order):
        values, counts = np.unique(order, return_counts=True)
        raise InputError(f"{path}: filter {values[counts > 1][0]} stands there twice")
    return torch.from_numpy(order.copy())


def filter_places(space: FilterSpace) -> "pd.DataFrame":
    """Layer, ``out`` and ``in`` of every unit, by flat index; what a unit does not have is missing."""
    import pandas as pd

    layers = []
    for layer in space.layers:
        out, inp = np.divmod(np.arange(layer.count), layer.inputs)
        layers.append(pd.DataFrame({"layer": layer.name, "out": out, "in": inp}))
        if layer.unit != "filter":
            absent = ["in"] if layer.unit == "channel" else ["out", "in"]
            layers[-1][absent] = pd.NA
    table = pd.concat(layers, ignore_index=True)
    return table if all(layer.unit == "filter" for layer in space.layers) else table.astype(INTEGERS)


def _read_index(path: Path, space: FilterSpace) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    try:
        lines = path.read_text(encoding="utf-8").split()
        order = np.array(lines, dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{path}: expected one flat index a line: {' '.join(str(error).split())}") from None
    if len(order) != len(space) or order.min(initial=0) < 0 or order.max(initial=0) >= len(space):
        raise InputError(
            f"{path}: ranks {len(order)} filters up to {order.max(initial=0)}, but this network has {len(space)}; "
            "the file is of another network"
        )
    return order


def unit_of(path: Path) -> tuple[str, bool]:
    """What a CSV ranks, by which of ``out`` and ``in`` its rows have: the unit, and whether filters stand with others.

    Raises:
        InputError: it cannot be read.
    """
    table = _table(path)
    named = [bool((table[column] != "").any()) for column in ("out", "in")]
    return ("layer", "channel", "filter", "filter")[named[0] + 2 * named[1]], all(named) and bool(
        (table["in"] == "").any()
    )


def _table(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        table = pd.read_csv(path, keep_default_na=False, dtype=dict.fromkeys(("index", "layer", "out", "in"), str))
    except (ValueError, UnicodeDecodeError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path}: is not a CSV file: {' '.join(str(error).split())}") from None
    missing = [name for name in COLUMNS if name not in table]
    if missing or table.empty:
        needed = f"a ranking has {', '.join(COLUMNS)}, as filters-NAME.csv of faig attribute"
        raise InputError(f"{path}: has no column {missing[0]!r}; {needed}" if missing else f"{path}: ranks no filters")
    return table


def _read_csv(path: Path, space: FilterSpace) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    table = _table(path)
    absent = -1  # what a unit does not have
    try:
        order = table["index"].to_numpy(np.int64)
        places = filter_places(space).fillna(absent).astype({"out": np.int64, "in": np.int64})
        stated = table[["layer", "out", "in"]].replace({"out": {"": str(absent)}, "in": {"": str(absent)}})
        stated = stated.astype({"out": np.int64, "in": np.int64})
    except (ValueError, OverflowError) as error:
        raise InputError(f"{path}: {' '.join(str(error).split())}") from None
    computed = stated.merge(places.reset_index(names="computed"), how="left", on=["layer", "out", "in"])["computed"]
    if computed.isna().any():
        layer, *numbers = stated.iloc[int(computed.isna().argmax())]
        place = ", ".join(str(number) for number in numbers if number != absent)
        raise InputError(f"{path}: this network has no {space.unit} {layer}[{place}]; the file is of another network")
    if (computed != order).any():
        row = int((computed != order).argmax())
        raise InputError(
            f"{path}: line {row + 2} says index {order[row]}, but that {space.unit} is {computed[row]:.0f} in this "
            "network; the file is of another network"
        )
    return order
