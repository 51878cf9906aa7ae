"""``faig distribution``: where in the network the filters that a run found are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faig.analysis.layers import Distribution, depth_difference, depths, distribution
from faig.analysis.sharing import Grouping, grouping, profiles
from faig.attribution.combine import keep_only
from faig.attribution.files.ranking_file import RankingFile
from faig.attribution.files.run_files import load_run_scores
from faig.attribution.methods import METHODS, ranking_method
from faig.attribution.raw_scores import RawScores
from faig.common.errors import InputError
from faig.filters import FilterSpace
from faig.results.run_directory import replacing_files
from faig.results.table import write_table
from faig.results.tables import DISTRIBUTION, GROUPS, LAYERS, OVERLAPS, PROFILES

Distributions = dict[tuple[str, float], Distribution]  # by function and proportion
Groupings = dict[float, Grouping]  # by proportion


def distribute(
    run: Path, method: str | None, proportions: Sequence[float], *, seed: int = 0, out: Path | None = None
) -> tuple[str, FilterSpace, Distributions, Groupings]:
    """Write ``distribution.csv``, ``layers.csv``, ``overlaps.csv``, ``groups.csv`` and ``profiles.csv`` into a run.

    Args:
        run: with the raw scores of the method, as ``faig attribute`` and ``faig compare`` leave them.
        method: whose ranking: one that has scores by image; the run's own where there is none.
        proportions: of the filters, in (0, 1].
        seed: of resampling the photos.
        out: where the tables go; into the run itself where it is not given.

    Returns:
        The method's name, the filter space, where the method's filters are, and what each filter does, whatever is
        subtracted.

    Raises:
        InputError: the run has no such scores, or the method has none by image.
    """
    chosen = ranking_method(method or RankingFile.load(run).default)
    if chosen.combine is None:
        by_image = ", ".join(name for name, each in METHODS.items() if each.combine)
        raise InputError(f"the method {chosen.name} has no scores by image; take one of {by_image}", setting="method")
    scores = load_run_scores(run, chosen)
    raw, space, folder = scores.raw, scores.space, out or run
    distributions = {
        (kind, proportion): distribution(
            space,
            keep_only(chosen.rows(raw, kind, scores.against), scores.ranked),
            proportion,
            photos=raw.photos,
            seed=seed,
        )
        for kind in raw.degradations
        for proportion in proportions
    }
    groupings = {proportion: grouping(raw, proportion, seed=seed) for proportion in proportions}
    by_method = {
        LAYERS: _layers(space, distributions),
        OVERLAPS: _overlaps(distributions, groupings),
        DISTRIBUTION: _depths(space, distributions),
    }
    with replacing_files(folder, "distribution") as part:  # all or none: they are read together
        write_table(part, GROUPS, _groups(groupings))
        write_table(part, PROFILES, _profiles(space, raw, groupings[proportions[0]]))
        for table, rows in by_method.items():
            write_table(part, table, [{"method": chosen.name} | row for row in rows])
    return chosen.name, space, distributions, groupings


def _layers(space: FilterSpace, distributions: Distributions) -> list[dict[str, Any]]:
    """How many filters of each layer are in each set."""
    return [
        {
            "function": kind,
            "proportion": proportion,
            "layer": layer.name,
            "filters": layer.count,
            "found": int(count),
            "share_of_found": float(count) / len(dist.filters),
            "share_of_layer": float(count) / layer.count,
        }
        for (kind, proportion), dist in distributions.items()
        for layer, count in zip(space.layers, dist.found, strict=True)
    ]


def _depths(space: FilterSpace, distributions: Distributions) -> list[dict[str, Any]]:
    """How deep each set is on average, and how unevenly it is spread."""
    depth_of_all = float(depths(space).mean())
    return [
        {"function": kind, "proportion": proportion, "filters": len(dist.filters)}
        | dist.depth.columns("depth")
        | {"depth_of_all": depth_of_all}
        | dist.unevenness.columns("unevenness")
        for (kind, proportion), dist in distributions.items()
    ]


def _overlaps(distributions: Distributions, groupings: Groupings) -> list[dict[str, Any]]:
    """What the sets of two functions share, also by raw scores, and how much deeper one is than the other."""
    return [
        {
            "function": kind,
            "other_function": other_kind,
            "proportion": proportion,
            "shared": len(dist.filters & distributions[other_kind, proportion].filters) / len(dist.filters),
        }
        | groupings[proportion].overlaps[kind, other_kind].columns("shared_raw")
        | depth_difference(dist, distributions[other_kind, proportion]).columns("depth_difference")
        for (kind, proportion), dist in distributions.items()
        for other_kind in dict.fromkeys(name for name, _ in distributions)
        if other_kind != kind
    ]


def _groups(groupings: Groupings) -> list[dict[str, Any]]:
    """How many filters do something for these functions and for no other; then the sums by kind."""
    rows: list[dict[str, Any]] = []
    for proportion, grouped in groupings.items():
        for group in grouped.groups:
            labels = {"proportion": proportion, "kind": group.kind, "functions": "+".join(group.functions)}
            rows.append(
                labels | {"filters": group.filters} | group.share.columns("share") | {"by_chance": group.by_chance}
            )
        for kind, share in grouped.kinds.items():
            members = [group for group in grouped.groups if group.kind == kind]
            rows.append(
                {"proportion": proportion, "kind": kind, "functions": "all"}
                | {"filters": sum(group.filters for group in members)}
                | share.columns("share")
                | {"by_chance": sum(group.by_chance for group in members)}
            )
    return rows


def _profiles(space: FilterSpace, raw: RawScores, grouped: Grouping) -> list[dict[str, Any]]:
    """How strong every filter that does something is on each degradation."""
    strengths = profiles(raw)
    rows = []
    for index in grouped.sets.any(0).nonzero()[:, 0].tolist():
        layer, out, inp = space.locate(index)
        functions = [name for name, member in zip(grouped.functions, grouped.sets[:, index], strict=True) if member]
        rows.append(
            {"index": index, "layer": layer, "out": out, "in": inp, "functions": "+".join(functions)}
            | dict(zip(grouped.functions, strengths[:, index].tolist(), strict=True))
        )
    return rows
