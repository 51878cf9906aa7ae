"""``faig distribution``: where in the network the filters that a run found are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faig.analysis.layers import Distribution, depth_difference, depths, distribution
from faig.analysis.sharing import Grouping, grouping, profiles
from faig.attribution.methods import METHODS, only
from faig.attribution.raw_scores import RawScores
from faig.attribution.score_files import load_scores
from faig.common.errors import InputError
from faig.common.statistics import Estimate
from faig.experiment.compare import score_file
from faig.filters import FilterSet, FilterSpace
from faig.results.tables import write_table

Found = dict[tuple[str, float], Distribution]  # by function and proportion
Groupings = dict[float, Grouping]  # by proportion


def distribute(
    run: Path, method: str, proportions: Sequence[float], *, seed: int = 0
) -> tuple[FilterSpace, Found, Groupings]:
    """Write ``distribution.csv``, ``layers.csv``, ``overlaps.csv``, ``groups.csv`` and ``profiles.csv`` into a run.

    Args:
        run: with the raw scores of the method, as ``faig attribute`` and ``faig compare`` leave them.
        method: whose ranking: one that has scores by image.
        proportions: of the filters, in (0, 1].
        seed: of resampling the images.

    Returns:
        The filter space, where the method's filters are, and what each filter does, whatever is subtracted.

    Raises:
        InputError: the run has no such scores, or the method has none by image.
    """
    if METHODS[method].rows is None:
        raise InputError(f"the method {method} has no scores by image; take one of {', '.join(_by_image())}")
    files = [file for name in (score_file(METHODS[method].raw), "scores.safetensors") if (file := run / name).is_file()]
    if not files:
        raise InputError(f"{run}: has no scores.safetensors; run faig attribute first")
    raw, told = load_scores(files[0])
    if METHODS[told["method"]].raw != METHODS[method].raw:
        raise InputError(f"{files[0]}: holds scores of the method {told['method']}, which say nothing about {method}")
    rows = METHODS[method].against(told.get("against", "mean")).rows
    assert rows is not None
    space = FilterSpace.described(told["layers"])
    among = FilterSet.of_layers(space, told["ranked"]) if "ranked" in told else None
    found = {
        (kind, proportion): distribution(space, only(rows(raw, kind), among), proportion, seed=seed)
        for kind in raw.degradations
        for proportion in proportions
    }
    groupings = {proportion: grouping(raw, proportion, seed=seed) for proportion in proportions}
    write_table(run / "layers.csv", _layers(space, found))
    write_table(run / "overlaps.csv", _overlaps(found, groupings))
    write_table(run / "groups.csv", _groups(groupings))
    write_table(run / "profiles.csv", _profiles(space, raw, groupings[proportions[0]]))
    write_table(run / "distribution.csv", _depths(space, found))
    return space, found, groupings


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


def _overlaps(found: Found, groupings: Groupings) -> list[dict[str, Any]]:
    """What the sets of two functions share, also by raw scores, and how much deeper one is than the other."""
    return [
        {
            "function": kind,
            "other": other,
            "proportion": proportion,
            "shared": len(one.filters & found[other, proportion].filters) / len(one.filters),
        }
        | _estimate("shared_raw", groupings[proportion].overlaps[kind, other])
        | _estimate("deeper", depth_difference(one, found[other, proportion]))
        for (kind, proportion), one in found.items()
        for other in dict.fromkeys(name for name, _ in found)
        if other != kind
    ]


def _groups(groupings: Groupings) -> list[dict[str, Any]]:
    """How many filters do something for these functions and for no other; then the sums by kind."""
    rows: list[dict[str, Any]] = []
    for proportion, found in groupings.items():
        for group in found.groups:
            place = {"proportion": proportion, "kind": group.kind, "functions": "+".join(group.functions)}
            rows.append(
                place | {"filters": group.filters} | _estimate("share", group.share) | {"by_chance": group.by_chance}
            )
        for kind, share in found.kinds.items():
            members = [group for group in found.groups if group.kind == kind]
            rows.append(
                {"proportion": proportion, "kind": kind, "functions": "all"}
                | {"filters": sum(group.filters for group in members)}
                | _estimate("share", share)
                | {"by_chance": sum(group.by_chance for group in members)}
            )
    return rows


def _profiles(space: FilterSpace, raw: RawScores, found: Grouping) -> list[dict[str, Any]]:
    """Of every filter that does something, how strong it is on each degradation."""
    strengths = profiles(raw)
    rows = []
    for index in found.sets.any(0).nonzero()[:, 0].tolist():
        layer, out, inp = space.locate(index)
        own = [name for name, member in zip(found.functions, found.sets[:, index], strict=True) if member]
        rows.append(
            {"index": index, "layer": layer, "out": out, "in": inp, "functions": "+".join(own)}
            | dict(zip(found.functions, strengths[:, index].tolist(), strict=True))
        )
    return rows


def _estimate(name: str, found: Estimate) -> dict[str, float]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
