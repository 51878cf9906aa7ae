"""A study's stage ``reference``: filter sets made for what they do, as rankings for `compare` beside the methods."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from faig.attribution.cache import FolderCache
from faig.attribution.files.rankings import write_ranking
from faig.attribution.learning.mask import LearnedMask
from faig.attribution.methods import MASK
from faig.attribution.options import Options
from faig.common.errors import InputError
from faig.common.files import replacing
from faig.common.progress import Track
from faig.common.settings import brief
from faig.experiment.networks import pair_fingerprint
from faig.experiment.study.config import ReferencePart
from faig.experiment.study.context import Study, StudyStage
from faig.networks.fingerprint import case_fingerprints
from faig.results.run_directory import UNITS
from faig.results.tables import LEARNED

Rankings = dict[str, dict[str, str]]  # by name and degradation, files


class References(StudyStage):
    """Sets learned on the study's ``find`` images; a finished ranking is not made again.

    Leaves a ranking for each ``learned-<proportion>`` and ``learned-graft-<proportion>`` (see `LearnedMask`)
    and each function, and ``references.json``, their files by name and function.
    """

    name, last = "reference", "references.json"

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        assert self.config.reference is not None
        self.part = self.config.reference
        self.cases = study.cases("find")

    def determined(self) -> dict[str, Any]:
        """Networks, images, and how masks are learned."""
        return pair_fingerprint(self.pair, self.config) | {
            "images": case_fingerprints(self.cases),
            "reference": self.part.model_dump(mode="json"),
        }

    def work(self, run: Path, track: Track) -> None:
        """Learn one set after the other."""
        files: Rankings = {}
        for name, (method, share) in _plan(self.part).items():
            files[name] = {kind: f"filters-{name}-{index}.csv" for index, kind in enumerate(self.config.degrade)}
            if all((run / file).exists() for file in files[name].values()):
                continue
            options = Options(top=share, seed=self.config.seed, threads=self.config.threads)
            learned = method.attribute(self.pair, self.cases, options, FolderCache(run / UNITS), track=track)
            for kind, file in files[name].items():
                write_ranking(run / file, self.pair.space, learned.scores[kind])
        with replacing(run / self.last) as part:
            part.write_text(json.dumps(files, indent=1), encoding="utf-8")


def reference_rankings(study: Study) -> Rankings:
    """What the stage left, by name and function; nothing where the study does not ask for it."""
    if not References.wanted(study.config):
        return {}
    folder = study.out / References.name
    try:
        files = TypeAdapter(Rankings).validate_json((folder / References.last).read_bytes())
    except ValidationError as error:
        raise InputError(f"{folder / References.last}: is no list of rankings: {brief(error)}") from None
    return {name: {kind: str(folder / file) for kind, file in kinds.items()} for name, kinds in files.items()}


def _plan(part: ReferencePart) -> dict[str, tuple[LearnedMask, float]]:
    """By name, how a set is learned, and its size."""
    graft = dataclasses.replace(MASK, sense="graft", steps=part.steps)
    return {
        f"{LEARNED}-{share:g}": (dataclasses.replace(MASK, steps=part.steps), share) for share in part.proportions
    } | {f"{LEARNED}-graft-{share:g}": (graft, share) for share in part.grafts}
