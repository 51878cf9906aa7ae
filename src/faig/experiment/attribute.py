"""``faig attribute``: one method, one set of cases, one run directory."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faig.attribution.cache import FolderCache
from faig.attribution.files.ranking_file import RANKINGS
from faig.attribution.files.run_files import report_errors, save_attributions
from faig.attribution.methods import MASK, method_of
from faig.attribution.result import Attribution
from faig.common.distributed import processes_of
from faig.common.progress import Track, silent
from faig.experiment.config import AttributeConfig, attribution_options
from faig.experiment.networks import configured_pair, pair_fingerprint
from faig.experiment.stage import Stage
from faig.imaging.cases import middle_of
from faig.intervention.measure import measure, measure_reference
from faig.intervention.summary import summarise
from faig.intervention.wreck import described, wrecked
from faig.networks.fingerprint import case_fingerprints
from faig.results.comparison_tables import CHECK
from faig.results.run_directory import UNITS
from faig.results.table import write_table

logger = logging.getLogger("faig")

SIDE = 128  # LR pixels of the middle of an image, where reverting is checked
SHARES = ("switched_off", "leak", "switched_off_pixels", "leak_pixels")
OF_THE_FUNCTION = [f"{name}{end}" for name in SHARES for end in ("", "_low", "_high")]


def attribute_run(config: AttributeConfig, out: Path, *, force: bool = False, track: Track = silent) -> Path:
    """Find filters with one method, or go on where a killed run stopped; see `Finding` and `Stage.run`.

    Started by ``torchrun``, on one machine or on several with a common folder, each process does its share.
    """
    return Finding(config).run(out, force=force, track=track)


class Finding(Stage):
    """The filters of each function by one method.

    Leaves ``scores.safetensors`` (where the method has images), the rankings and the paper's index files.

    Args:
        config: what to find on what.

    Raises:
        InputError: networks or images do not fit.
    """

    last = RANKINGS

    def __init__(self, config: AttributeConfig) -> None:
        self.processes = processes_of(config.device)
        self.config, self.pair = config, configured_pair(config)
        self.settings = config.model_dump(mode="json")
        self.cases = config.images.cases(self.pair.scale, config.seed, self.pair.channels)
        self.method, self.options = method_of(config.method), attribution_options(config)
        self.method.check(self.pair, self.cases, self.options)
        for case in self.cases if config.check else ():
            case.check_comparable(self.pair.scale)

    def determined(self) -> dict[str, Any]:
        """Networks, images, method."""
        config = self.config
        return pair_fingerprint(self.pair, config) | {
            "images": case_fingerprints(self.cases),
            "method": config.method,
            "budget": config.budget,
            "stable": config.stable if config.budget is not None else None,
            "against": config.against,
            "check": config.check and config.top,
            "size": config.top if config.method == MASK.name else None,
            "resamples": config.resamples,
        }

    def run(self, out: Path, *, force: bool = False, track: Track = silent) -> Path:
        """As every stage; of several processes only the first opens the directory, and the others compute in it."""
        if self.processes.is_main_process:
            return super().run(out, force=force, track=track)
        self.processes.wait_for_everyone()  # until the directory is open
        if not (out / self.last).exists():
            self._attribute(out, track)
        return out

    def opened(self) -> None:
        """The other processes may begin."""
        self.processes.wait_for_everyone()

    def work(self, run: Path, track: Track) -> None:
        """Attribute, and write scores and rankings."""
        attribution = self._attribute(run, track)
        report_errors(attribution)
        if self.config.check:
            write_table(run, CHECK, list(self._checked(attribution, track)))
        save_attributions(run, [attribution])

    def _checked(self, attribution: Attribution, track: Track) -> Iterator[dict[str, Any]]:
        """What switching each function off does on the images that it was found on; a wreck is a warning.

        By the top of the ranking, or by the strengths that were learned: then there is no proportion. Of large images
        the middle is looked at, so that memory stays what the images are divided for.
        """
        pair, top = self.pair, self.config.top
        cases = [middle_of(case, SIDE, pair.scale) for case in self.cases]
        reference = measure_reference(pair.target, pair.baseline, pair.scale, cases, track=track)
        for kind in track(attribution.scores, "checking", len(attribution.scores)):
            measured = measure(pair.revert(attribution.function(kind, top)), reference, pair.scale)
            if reasons := wrecked([measured], reference):
                how = "its learned strengths wreck" if attribution.strengths else f"reverting the top {top:.3%} wrecks"
                logger.warning("%s: %s the image: %s", kind, how, described(reasons))
            for row in summarise(measured, reference, self.config.seed):
                own = row if row["input"] == kind else row | dict.fromkeys(OF_THE_FUNCTION, float("nan"))
                yield {"function": kind, "proportion": float("nan") if attribution.strengths else top} | own

    def _attribute(self, run: Path, track: Track) -> Attribution:
        cache = FolderCache(run / UNITS)
        return self.method.attribute(self.pair, self.cases, self.options, cache, processes=self.processes, track=track)
