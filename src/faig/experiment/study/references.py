"""A study's stage ``reference``: filter sets made for what they do, as rankings for `compare` beside the methods."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faig.attribution.files.rankings import write_ranking
from faig.attribution.methods import METHODS
from faig.attribution.options import Options
from faig.attribution.result import Attribution
from faig.common.files import replacing
from faig.common.progress import Track
from faig.experiment.networks import pair_fingerprint
from faig.experiment.study.config import ReferencePart, StudyConfig
from faig.experiment.study.context import Study, StudyStage
from faig.filters import Scores
from faig.imaging.cases import Case
from faig.intervention.learned_masks import Learning, learn
from faig.networks.fingerprint import case_fingerprints
from faig.pair import Pair
from faig.results.tables import LEARNED

NODES = 8  # of the integral that learning begins with
Rankings = dict[str, dict[str, str]]  # by name and degradation, files


class References(StudyStage):
    """Sets learned on the study's ``find`` images; a finished ranking is not made again.

    Leaves a ranking for each ``learned-<proportion>`` and ``learned-graft-<proportion>`` (see `learned_masks.learn`)
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
        for name, make in _plan(self.part, self.pair, self.cases, self.config, track).items():
            for index, kind in enumerate(self.config.degrade):
                file = f"filters-{name}-{index}.csv"
                if not (run / file).exists():
                    write_ranking(run / file, self.pair.space, make(kind))
                files.setdefault(name, {})[kind] = file
        with replacing(run / self.last) as part:
            part.write_text(json.dumps(files, indent=1), encoding="utf-8")


def reference_rankings(study: Study) -> Rankings:
    """What the stage left, by name and function; nothing where the study does not ask for it."""
    if not References.wanted(study.config):
        return {}
    folder = study.out / References.name
    files: Rankings = json.loads((folder / References.last).read_text(encoding="utf-8"))
    return {name: {kind: str(folder / file) for kind, file in kinds.items()} for name, kinds in files.items()}


def _plan(
    part: ReferencePart, pair: Pair, cases: list[Case], config: StudyConfig, track: Track
) -> dict[str, Callable[[str], Scores]]:
    """By name, how to make a ranking's scores for a degradation."""

    @functools.cache
    def begin() -> Attribution:
        options = Options(nodes=NODES, seed=config.seed, threads=config.threads)
        return METHODS["signed"].attribute(pair, cases, options, track=track)

    def learned(sense: str, proportion: float) -> Callable[[str], Scores]:
        how = Learning(sense, proportion, part.steps, seed=config.seed)
        return lambda kind: learn(pair.target, pair.baseline, cases, kind, begin().scores[kind], how, track)

    return {f"{LEARNED}-{share:g}": learned("revert", share) for share in part.proportions} | {
        f"{LEARNED}-graft-{share:g}": learned("graft", share) for share in part.grafts
    }
