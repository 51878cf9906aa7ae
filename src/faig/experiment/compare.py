"""``faig compare``: revert and graft the filters that each method finds, and measure what that does."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faig.attribution.cache import FolderCache
from faig.attribution.files.run_files import report_errors, save_attributions
from faig.attribution.methods import DEFAULT, METHODS, PAPER
from faig.attribution.options import TOP
from faig.common.errors import InputError
from faig.common.progress import Track, silent
from faig.experiment.comparison_tables import INTERVENTIONS, Key, write_comparisons, write_knobs, write_tables
from faig.experiment.config import CompareConfig, attribution_options
from faig.experiment.held_out import share_images
from faig.experiment.networks import configured_pair, pair_fingerprint
from faig.experiment.stage import Stage, kept
from faig.filters import FilterSet, Order, Strengths
from faig.imaging.cases import degradations_of
from faig.imaging.metrics import single_channel
from faig.intervention.comparison import Reverted
from faig.intervention.edit import graft, revert
from faig.intervention.equal_terms import FINDING, MEASURED, Sizes, sizes_at_equal_terms
from faig.intervention.knob import CONTROLS
from faig.intervention.measure import Measured, Reference, from_json, measure, measure_reference, to_json
from faig.networks.fingerprint import case_fingerprints, fingerprint
from faig.pair import Pair
from faig.results.comparison_tables import SUMMARY
from faig.results.run_directory import UNITS
from faig.results.table import write_table
from faig.results.tables import IMAGES
from faig.zoo.scores import read_units

logger = logging.getLogger("faig")

Rankings = dict[str, dict[str, list[Order]]]  # by method and degradation, one per seed
POSITIONS = (0.0, 0.25, 0.5, 0.75)  # of the controls that need no attribution
NOT_HELD_OUT = (
    "so nothing is held out, and sizes at equal terms are chosen on the measured images; find filters on others, or "
    "rename what is another photo"
)
KEPT = Path(IMAGES.name).parent  # in the run directory: outputs that are kept


def compare(config: CompareConfig, out: Path, *, force: bool = False, track: Track = silent) -> Path:
    """Run a comparison, or go on where a killed one stopped; see `Comparison` and `Stage.run`."""
    return Comparison(config).run(out, force=force, track=track)


class Comparison(Stage):
    """Methods against each other, by what reverting and grafting the filters that they find does.

    Leaves the raw scores, the rankings, ``effects.csv``, ``grafts.csv``, ``areas.csv``, ``differences.csv``,
    ``equal-terms.csv``, ``knobs.csv`` and ``summary.csv``.

    Args:
        config: what to compare on what.
        pair: its networks, where they are loaded already.

    Raises:
        InputError: networks, images or methods do not fit.
    """

    last = SUMMARY.name

    def __init__(self, config: CompareConfig, pair: Pair | None = None) -> None:
        config.check()
        self.config, self.pair = config, pair or configured_pair(config)
        self.settings = config.model_dump(mode="json")
        self.cases = config.images.cases(self.pair.scale, config.seed, self.pair.channels)
        find = config.find
        self.found_on = find.cases(self.pair.scale, config.seed, self.pair.channels) if find else self.cases
        self.held_out = bool(find) and not share_images(self.found_on, self.cases, NOT_HELD_OUT)
        single_channel(self.cases[0].gt, config.channel)  # raises where there is no such channel
        self.options = attribution_options(config)
        for case in self.cases:
            case.check_comparable(self.pair.scale)
        self.methods = [METHODS[name] for name in config.methods if name not in config.filters]
        self.methods.sort(key=lambda method: method.name != DEFAULT)  # the run's own first
        for method in self.methods:
            method.check(self.pair, self.found_on, method.applicable(self.options))
        inputs = self.cases[0].lr
        if missing := [kind for kind in degradations_of(self.found_on) if kind not in inputs]:
            raise InputError(f"filters are found for {missing[0]}, but there is no such input to measure the effect on")
        self.of_files = {
            method: {kind: self._order_in(file, kind) for kind, file in files.items()}
            for method, files in config.filters.items()
        }
        if unknown := [kind for kinds in self.of_files.values() for kind in kinds if kind not in inputs]:
            raise InputError(
                f"rankings are given for {unknown[0]}, but there are no images with that degradation", setting="filters"
            )

    def _order_in(self, file: str, function: str) -> Order:
        """A function's ranking from a file."""
        pair, space = self.pair, self.pair.space
        numbering: dict[str, Any] = {"unit": space.unit, "everything": space.everything}
        read = read_units(file, pair.target, baseline=pair.baseline, function=function, **numbering)
        if isinstance(read, Strengths):
            raise InputError(f"{file}: says strengths; a comparison takes rankings", setting="filters")
        if read.space != space:
            raise InputError(f"{file}: ranks {read.space}, but this comparison {space}", setting="unit")
        return read.order

    def determined(self) -> dict[str, Any]:
        """Networks, images, methods, and what is measured."""
        config, files = self.config, self.of_files.items()
        return pair_fingerprint(self.pair, config) | {
            "images": case_fingerprints(self.cases),
            "find": case_fingerprints(self.found_on),
            "methods": config.methods,
            "against": config.against,
            "proportions": config.proportions,
            "channel": config.channel,
            "random_seeds": config.random_seeds,
            "save_images": config.save_images,
            "all_scores": config.all_scores,
            "filters": {m: {k: fingerprint([(k, order)]) for k, order in kinds.items()} for m, kinds in files},
        }

    def work(self, run: Path, track: Track) -> None:
        """Find filters, revert and graft them, measure the effects, and compare the methods."""
        pair, config = self.pair, self.config
        rankings, passes = self._attribute(run, track)
        images = run / KEPT if config.save_images else None
        reference = measure_reference(pair.target, pair.baseline, pair.scale, self.cases, config.channel, images, track)
        rows: list[dict[str, Any]] = []
        units = dict(self._measure(run, reference, rankings, rows, track))
        if images is not None:
            unaltered = [
                _image_row(name, "", "", None, None, name, kind)
                for name in ("target", "baseline")
                for kind in reference.target
            ]
            write_table(run, IMAGES, unaltered + rows)
        methods = dict.fromkeys([PAPER, *(method.name for method in self.methods[:1])])
        sizes = dict(self._sizes(run, reference, rankings, units, track))
        write_comparisons(run, reference, units, config.seed, methods=methods, sizes=sizes)
        kinds = dict.fromkeys(kind for _, _, kind, _ in units)
        write_knobs(run, reference, dict(self._knobs(run, reference, track)), kinds, config.seed)
        write_tables(run, reference, units, config.seed, passes)

    def _attribute(self, run: Path, track: Track) -> tuple[Rankings, dict[str, int]]:
        """Score filters by every method, and write scores and rankings; ``random`` has one ranking per seed.

        Returns:
            Rankings; and by method how many passes they took, where they were not read from files.
        """
        config, cache = self.config, FolderCache(run / UNITS)
        on_path = next((method.name for method in self.methods if method.source.on_path), None)
        options = self.options.model_copy(update={"tolerance_method": on_path})
        rankings: Rankings = {}
        attributions = []
        for method in self.methods:
            method_options = method.applicable(options)
            seeds = range(config.random_seeds) if method.name == "random" else range(1)
            of_seeds = [
                method.attribute(
                    self.pair,
                    self.found_on,
                    method_options.model_copy(update={"seed": config.seed + seed}),
                    cache,
                    track=track,
                )
                for seed in seeds
            ]
            degradations = of_seeds[0].degradations
            rankings[method.name] = {kind: [each.order(kind) for each in of_seeds] for kind in degradations}
            attributions.append(of_seeds[0])
            report_errors(of_seeds[0])
        if attributions:
            save_attributions(run, attributions, all_scores=config.all_scores)
        passes = {attribution.method.name: attribution.passes for attribution in attributions}
        return rankings | {
            name: {kind: [order] for kind, order in kinds.items()} for name, kinds in self.of_files.items()
        }, passes

    def _measure(
        self, run: Path, reference: Reference, rankings: Rankings, rows: list[dict[str, Any]], track: Track
    ) -> Iterator[tuple[Key, list[Measured]]]:
        """Measure every intervention; yields what it is, and one result per seed.

        Args:
            run: the run directory.
            reference: what the unaltered networks do.
            rankings: of every method.
            rows: gets the rows of the table of outputs that are kept.
            track: shows progress.
        """
        config = self.config
        plan = [
            (intervention, method, kind, proportion)
            for intervention in INTERVENTIONS
            for method, kinds in rankings.items()
            for kind in kinds
            for proportion in config.proportions
        ]
        for key in track(plan, "reverting and grafting", len(plan)):
            draws = list(self._draws(run, reference, rankings, key, save_images=config.save_images))
            for seed, (name, _) in enumerate(draws):
                rows += [_image_row(*key, seed, name, degradation) for degradation in reference.target]
            yield key, [measured for _, measured in draws]

    def _draws(
        self, run: Path, reference: Reference, rankings: Rankings, key: Key, on: str = "", *, save_images: bool = False
    ) -> Iterator[tuple[str, Measured]]:
        """Measure an intervention, for each seed of its method; yields the name of the unit, and what it does.

        Args:
            run: the run directory.
            reference: what the unaltered networks do on the images to measure on.
            rankings: of every method.
            key: which intervention.
            on: what the names of units begin with: other images need other names.
            save_images: keep the outputs.
        """
        (intervention, method, kind, proportion), space = key, self.pair.space
        alter = revert if intervention == "reverted" else graft
        # What looks at no degradation finds the same filters for each: measure them once.
        blind = method not in self.config.filters and METHODS[method].combine is None
        for seed, order in enumerate(rankings[method][kind]):
            name = f"{on}{intervention}-{method}-{'any' if blind else kind}-{proportion:g}-{seed}"
            filters = FilterSet.top(space, order, proportion)
            if len(filters) == len(space):  # all of them, whoever ranked them
                name = f"{on}{intervention}-all"

            def unit(name: str = name, filters: FilterSet = filters) -> Any:
                altered = alter(self.pair.target, self.pair.baseline, filters)
                images = run / KEPT / name if save_images else None
                return to_json(measure(altered, reference, self.pair.scale, self.config.channel, images))

            yield name, from_json(kept(run, name, unit))

    def _knobs(self, run: Path, reference: Reference, track: Track) -> Iterator[tuple[tuple[str, float], Measured]]:
        """Measure the controls that need no attribution, at each position; yields knob, position, and what it does."""
        pair = self.pair
        plan = [(knob, position) for knob in CONTROLS for position in POSITIONS]
        for knob, position in track(plan, "turning DNI and blend", len(plan)):

            def unit(knob: str = knob, position: float = position) -> Any:
                network = CONTROLS[knob](pair.target, pair.baseline, position)
                return to_json(measure(network, reference, pair.scale, self.config.channel))

            yield (knob, position), from_json(kept(run, f"knob-{knob}-{position:g}", unit))

    def _sizes(
        self, run: Path, reference: Reference, rankings: Rankings, units: dict[Key, list[Measured]], track: Track
    ) -> Iterator[tuple[tuple[str, str], Sizes]]:
        """By method and function, at which sizes the method is held against FAIG at equal terms.

        They are chosen on the images that filters are found on, where none of these is measured on.

        Args:
            run: the run directory.
            reference: what the unaltered networks do on the images that are measured on.
            rankings: of every method.
            units: what was measured there.
            track: shows progress.
        """
        proportions = self.config.proportions
        comparable = [kind for kind in rankings.get(PAPER, {}) if TOP in proportions and len(reference.target) > 1]
        plan = [
            (method, kind) for method in rankings if method != PAPER for kind in rankings[method] if kind in comparable
        ]
        finding = self.found_on[0].lr if self.held_out and len(self.found_on[0].lr) > 1 else {}
        pair, found = self.pair, reference
        if any(kind in finding for _, kind in plan):
            logger.info("sizes at equal terms are chosen on the images that filters are found on")
            found = measure_reference(pair.target, pair.baseline, pair.scale, self.found_on, self.config.channel)
        for method, kind in track(plan, "choosing sizes", len(plan)):

            def measured(size: float, method: str = method, kind: str = kind) -> Reverted:
                key = ("reverted", method, kind, size)
                if kind not in finding:
                    return Reverted.of(kind, units[key], reference)
                draws = self._draws(run, found, rankings, key, on="find-")
                return Reverted.of(kind, [result for _, result in draws], found)

            by_constraint = sizes_at_equal_terms(measured(TOP, PAPER), proportions, measured)
            yield (method, kind), Sizes(FINDING if kind in finding else MEASURED, by_constraint)


def _image_row(
    intervention: str, method: str, function: str, proportion: float | None, seed: int | None, folder: str, kind: str
) -> dict[str, Any]:
    return {
        "intervention": intervention,
        "method": method,
        "function": function,
        "proportion": proportion,
        "seed": seed,
        "input": kind,
        "folder": f"{folder}/{kind}",
    }
