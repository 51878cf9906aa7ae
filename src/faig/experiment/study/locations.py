"""A study's stage ``locations``: is it the weights, or where they are? And what if the filters are cut?

The paper's Section 4.3 and its comparison with cut connections; permutations and intervals are ours.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from faig.common.progress import Track, silent
from faig.common.statistics import Estimate
from faig.experiment.comparison_tables import gain, spread, summary_row
from faig.experiment.networks import pair_fingerprint
from faig.experiment.study.config import StudyConfig
from faig.filters import FilterSet, FilterSpace
from faig.intervention.edit import cut, graft, revert, transplant
from faig.intervention.effect import switched_off
from faig.intervention.measure import Measured, Reference, measure, measure_reference, read_measured, write_measured
from faig.networks.fingerprint import case_fingerprints, set_fingerprints
from faig.pair import Pair
from faig.results.run_directory import UNITS, run_directory
from faig.results.tables import write_table
from faig.zoo.scores import chosen_by

FOLDER = "locations"
GRAFTED, CUT = "grafted.csv", "cut.csv"
Indices = Int64[Tensor, " moved"]


def locate(
    config: StudyConfig,
    pair: Pair,
    rankings: dict[str, str],
    out: Path,
    *,
    force: bool = False,
    track: Track = silent,
) -> Path:
    """Graft the found weight changes where they belong and elsewhere; revert and cut the found filters.

    Writes ``grafted.csv`` and ``cut.csv``.

    Args:
        config: the study, with its part ``locations``.
        pair: its networks.
        rankings: by function, the file of the found filters.
        out: the study's directory.
        force: replace what was measured for other inputs.
        track: shows progress.
    """
    part = config.locations
    assert part is not None
    cases = config.images_of("find" if config.protocol else "measure", out).cases(pair.scale, config.seed)
    filters = chosen_by(rankings, pair.space, part.top)
    comparison = config.comparison(out, {})
    determined = pair_fingerprint(pair, config) | {
        "images": case_fingerprints(cases),
        "filters": set_fingerprints(filters),
        "locations": part.model_dump(mode="json"),
        "channel": comparison.channel,
    }
    with run_directory(out / FOLDER, None, determined, force=force) as run:
        if (run / CUT).exists():
            return run
        reference = measure_reference(pair.target, pair.baseline, pair.scale, cases, comparison.channel, None, track)
        plan = {
            (kind, what): ways
            for kind, chosen in filters.items()
            for what, ways in _ways(pair, chosen, part.seeds, config.seed).items()
        }
        done: dict[tuple[str, str], list[Measured]] = {}
        for (kind, what), ways in track(plan.items(), "weights and locations", len(plan)):
            for seed, make in enumerate(ways):
                file = run / UNITS / f"{kind}-{what.replace(' ', '-')}-{seed}.json"
                if not file.exists():
                    write_measured(file, measure(make(), reference, pair.scale, comparison.channel, None))
                done.setdefault((kind, what), []).append(read_measured(file))
        rows = {key: _row(*key, results, reference, config.seed) for key, results in done.items()}
        write_table(run / GRAFTED, [row for (_, what), row in rows.items() if what not in ("reverted", "cut")])
        write_table(run / CUT, [row for (_, what), row in rows.items() if what in ("reverted", "cut")])
    return run


def _ways(pair: Pair, chosen: FilterSet, seeds: int, seed: int) -> dict[str, list[Callable[[], nn.Module]]]:
    """What is done with one function's filters, and how to make each network; several where chance decides."""

    def moved(places: Callable[[FilterSpace, Indices, torch.Generator], Indices], own: int) -> Callable[[], nn.Module]:
        generator = torch.Generator().manual_seed(seed + own)
        at = places(pair.space, chosen.indices, generator)
        return lambda: transplant(pair.baseline, pair.target, chosen.indices, at)

    return {
        "in place": [lambda: graft(pair.baseline, pair.target, chosen)],
        "permuted": [moved(permuted, own) for own in range(seeds)],
        "elsewhere": [moved(elsewhere, own) for own in range(seeds)],
        "reverted": [lambda: revert(pair.target, pair.baseline, chosen)],
        "cut": [lambda: cut(pair.target, chosen)],
    }


def permuted(space: FilterSpace, indices: Indices, generator: torch.Generator) -> Indices:
    """The same places in another order, layer by layer: kernels of different layers need not be of one size."""
    return torch.cat([part[torch.randperm(len(part), generator=generator)] for part in _by_layer(space, indices)])


def elsewhere(space: FilterSpace, indices: Indices, generator: torch.Generator) -> Indices:
    """As many places of each layer, drawn from all of its filters."""
    places = []
    for part in _by_layer(space, indices):
        if len(part):
            layer = space.layer_of(int(part[0]))
            places.append(layer.start + torch.randperm(layer.count, generator=generator)[: len(part)])
    return torch.cat(places)


def _by_layer(space: FilterSpace, indices: Indices) -> list[Tensor]:
    return [indices[(indices >= layer.start) & (indices < layer.start + layer.count)] for layer in space.layers]


def _row(kind: str, what: str, results: list[Measured], reference: Reference, seed: int) -> dict[str, Any]:
    """One intervention's numbers; where chance decides, the mean over its seeds, with the spread."""
    row: dict[str, Any] = {"function": kind, "weights": what, "seeds": len(results)}
    if what in ("reverted", "cut"):
        row |= summary_row(kind, results, reference, seed)
    else:
        whole = reference.between[kind]
        row |= spread("switched_on", [switched_off(one[kind].to_target, whole, seed) for one in results])
    gains: list[Estimate] = [gain(one[kind].psnr, reference, kind, seed) for one in results]
    return row | spread("psnr_gain", gains)
