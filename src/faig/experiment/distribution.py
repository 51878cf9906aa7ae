"""``faig distribution``: where in the network the filters that a run found are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faig.distribution import Distribution, depth_difference, depths, distribution
from faig.effect import Estimate
from faig.errors import InputError
from faig.experiment.compare import score_file
from faig.experiment.tables import write_table
from faig.filters import FilterSet, FilterSpace
from faig.methods import METHODS, only
from faig.scores import load_scores

Found = dict[tuple[str, float], Distribution]  # by function and proportion


def distribute(run: Path, method: str, proportions: Sequence[float], *, seed: int = 0) -> tuple[FilterSpace, Found]:
    """Write ``distribution.csv``, ``layers.csv`` and ``overlaps.csv`` into a run directory.

    Args:
        run: with the raw scores of the method, as ``faig attribute`` and ``faig compare`` leave them.
        method: whose ranking: one that has scores by image.
        proportions: of the filters, in (0, 1].
        seed: of resampling the images.

    Returns:
        The filter space, and what was found.

    Raises:
        InputError: the run has no such scores, or the method has none by image.
    """
    rows = METHODS[method].rows
    if rows is None:
        raise InputError(f"the method {method} has no scores by image; take one of {', '.join(_by_image())}")
    files = [file for name in (score_file(METHODS[method].raw), "scores.safetensors") if (file := run / name).is_file()]
    if not files:
        raise InputError(f"{run}: has no scores.safetensors; run faig attribute first")
    raw, told = load_scores(files[0])
    if METHODS[told["method"]].raw != METHODS[method].raw:
        raise InputError(f"{files[0]}: holds scores of the method {told['method']}, which say nothing about {method}")
    space = FilterSpace.described(told["layers"])
    among = FilterSet.of_layers(space, told["ranked"]) if "ranked" in told else None
    found = {
        (kind, proportion): distribution(space, only(rows(raw, kind), among), proportion, seed=seed)
        for kind in raw.degradations
        for proportion in proportions
    }
    write_table(run / "layers.csv", _layers(space, found))
    write_table(run / "overlaps.csv", _overlaps(found))
    write_table(run / "distribution.csv", _depths(space, found))
    return space, found


def _by_image() -> list[str]:
    return [name for name, method in METHODS.items() if method.rows is not None]


def _layers(space: FilterSpace, found: Found) -> list[dict[str, Any]]:
    """Of each layer, how many of its filters are in each set."""
    return [
        {
            "function": kind,
            "proportion": proportion,
            "layer": layer.name,
            "filters": layer.count,
            "found": int(count),
            "share_of_found": float(count) / len(one.filters),
            "share_of_layer": float(count) / layer.count,
        }
        for (kind, proportion), one in found.items()
        for layer, count in zip(space.layers, one.found, strict=True)
    ]


def _depths(space: FilterSpace, found: Found) -> list[dict[str, Any]]:
    """How deep each set is on average, and how unevenly it is spread."""
    whole = float(depths(space).mean())
    return [
        {"function": kind, "proportion": proportion, "filters": len(one.filters)}
        | _estimate("depth", one.depth)
        | {"depth_of_all": whole}
        | _estimate("unevenness", one.unevenness)
        for (kind, proportion), one in found.items()
    ]


def _overlaps(found: Found) -> list[dict[str, Any]]:
    """What the sets of two functions share, and how much deeper one is than the other."""
    return [
        {
            "function": kind,
            "other": other,
            "proportion": proportion,
            "shared": len(one.filters & found[other, proportion].filters) / len(one.filters),
        }
        | _estimate("deeper", depth_difference(one, found[other, proportion]))
        for (kind, proportion), one in found.items()
        for other in dict.fromkeys(name for name, _ in found)
        if other != kind
    ]


def _estimate(name: str, found: Estimate) -> dict[str, float]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
