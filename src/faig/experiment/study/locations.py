"""A study's stage ``locations``: is it the weights, or where they are? And what if the filters are cut?

The paper's Section 4.3 and its comparison with cut connections; permutations and intervals are ours.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from faig.common.progress import Track
from faig.common.statistics import Estimate
from faig.experiment.comparison_tables import gain, spread, summary_row, switched_on_row
from faig.experiment.networks import pair_fingerprint
from faig.experiment.stage import kept
from faig.experiment.study.context import Study, StudyStage
from faig.filters import FilterSet, FilterSpace
from faig.intervention.edit import cut, graft, revert, transplant
from faig.intervention.measure import Measured, Reference, from_json, measure, measure_reference, to_json
from faig.intervention.wreck import described, wrecked
from faig.networks.fingerprint import case_fingerprints, set_fingerprints
from faig.pair import Pair
from faig.results.table import write_table
from faig.results.tables import CUT, GRAFTED

Indices = Int64[Tensor, " moved"]
OF_TARGET = ("reverted", "cut")  # the interventions that change the target; the others change the baseline


class Locations(StudyStage):
    """The found weight changes where they belong and elsewhere; the found filters reverted and cut.

    Leaves ``grafted.csv`` and ``cut.csv``.
    """

    name, last = "locations", CUT.name

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        assert self.config.locations is not None
        self.part = self.config.locations
        self.cases = study.cases(self.config.measured)
        self.filters = study.filters(self.part.top)
        self.channel = self.config.comparison(study.out, {}).channel

    def determined(self) -> dict[str, Any]:
        """Networks, images, filters, and what is done with them."""
        return pair_fingerprint(self.pair, self.config) | {
            "images": case_fingerprints(self.cases),
            "filters": set_fingerprints(self.filters),
            "locations": self.part.model_dump(mode="json"),
            "channel": self.channel,
        }

    def work(self, run: Path, track: Track) -> None:
        """Measure each altered network."""
        pair, seed = self.pair, self.config.seed
        reference = measure_reference(pair.target, pair.baseline, pair.scale, self.cases, self.channel, None, track)
        plan = {
            (kind, change): ways
            for kind, chosen in self.filters.items()
            for change, ways in _ways(pair, chosen, self.part.seeds, seed).items()
        }
        done: dict[tuple[str, str], list[Measured]] = {}
        for (kind, change), ways in track(plan.items(), "measuring weights elsewhere", len(plan)):
            for index, make in enumerate(ways):

                def unit(make: Callable[[], nn.Module] = make) -> Any:
                    return to_json(measure(make(), reference, pair.scale, self.channel, None))

                measured = from_json(kept(run, f"{kind}-{change.replace(' ', '-')}-{index}", unit))
                done.setdefault((kind, change), []).append(measured)
        rows = {key: _row(*key, results, reference, seed) for key, results in done.items()}
        write_table(run, GRAFTED, [row for (_, change), row in rows.items() if change not in OF_TARGET])
        write_table(run, CUT, [row for (_, change), row in rows.items() if change in OF_TARGET])


def _ways(pair: Pair, chosen: FilterSet, seeds: int, seed: int) -> dict[str, list[Callable[[], nn.Module]]]:
    """What is done with one function's filters, and how to make each network; several where chance decides."""

    def moved(places: Callable[[FilterSpace, Indices, torch.Generator], Indices], draw: int) -> Callable[[], nn.Module]:
        generator = torch.Generator().manual_seed(seed + draw)
        at = places(pair.space, chosen.indices, generator)
        return lambda: transplant(pair.target, pair.baseline, chosen.indices, at)

    return {
        "in place": [lambda: graft(pair.target, pair.baseline, chosen)],
        "permuted": [moved(permuted, draw) for draw in range(seeds)],
        "elsewhere": [moved(elsewhere, draw) for draw in range(seeds)],
        "reverted": [lambda: revert(pair.target, pair.baseline, chosen)],
        "cut": [lambda: cut(pair.target, chosen)],
    }


def permuted(space: FilterSpace, indices: Indices, generator: torch.Generator) -> Indices:
    """The same places in another order, layer by layer: kernels of different layers need not be of one size."""
    return torch.cat([part[torch.randperm(len(part), generator=generator)] for part in _by_layer(space, indices)])


def elsewhere(space: FilterSpace, indices: Indices, generator: torch.Generator) -> Indices:
    """As many filters of each layer, drawn at random from all of its filters."""
    places = []
    for part in _by_layer(space, indices):
        if len(part):
            layer = space.layer_of(int(part[0]))
            places.append(layer.start + torch.randperm(layer.count, generator=generator)[: len(part)])
    return torch.cat(places)


def _by_layer(space: FilterSpace, indices: Indices) -> list[Tensor]:
    return [indices[(indices >= layer.start) & (indices < layer.start + layer.count)] for layer in space.layers]


def _row(kind: str, change: str, results: list[Measured], reference: Reference, seed: int) -> dict[str, Any]:
    """One intervention's numbers; where chance decides, the mean over its seeds, with the spread."""
    row: dict[str, Any] = {"function": kind, "seeds": len(results)}
    if change in OF_TARGET:
        row |= {"intervention": change} | summary_row(kind, results, reference, seed)
    else:
        row |= {"placement": change} | switched_on_row(kind, results, reference, seed)
    gains: list[Estimate] = [gain(result[kind].psnr, reference, kind, seed) for result in results]
    return row | spread("psnr_gain", gains) | {"wrecked": described(wrecked(results, reference))}
