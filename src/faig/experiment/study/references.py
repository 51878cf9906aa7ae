"""A study's stage ``reference``: filter sets made for what they do, as rankings for `compare` beside the methods."""

import functools
from collections.abc import Callable
from pathlib import Path

from faig.attribution.integral import attribute
from faig.attribution.methods import METHODS
from faig.attribution.quadrature import graded
from faig.attribution.rankings import write_ranking
from faig.attribution.raw_scores import RawScores
from faig.common.progress import Track, silent
from faig.experiment.networks import pair_fingerprint
from faig.experiment.study.config import ReferencePart, StudyConfig
from faig.filters import Scores
from faig.imaging.cases import Case
from faig.intervention.learned_masks import Learning, learn, part_by_part
from faig.networks.fingerprint import case_fingerprints
from faig.pair import Pair
from faig.results.run_directory import run_directory
from faig.results.tables import LEARNED

FOLDER = "reference"
AGAIN = "signed-again"
NODES = 8  # of what learning begins with; and all together of attribution part by part
Rankings = dict[str, dict[str, str]]  # by name and degradation, files


def find_references(
    config: StudyConfig, pair: Pair, out: Path, *, force: bool = False, track: Track = silent
) -> Rankings:
    """Find and learn sets on the study's ``find`` images; a finished ranking is not made again.

    Args:
        config: the study, with its part ``reference``.
        pair: its networks.
        out: the study's directory.
        force: replace what was found for other inputs.
        track: shows progress.

    Returns:
        The rankings: ``signed-again`` (see `learned_masks.part_by_part`), ``learned-<proportion>`` and
        ``learned-graft-<proportion>`` (see `learned_masks.learn`).
    """
    part = config.reference
    assert part is not None
    cases = config.images_of("find", out).cases(pair.scale, config.seed)
    determined = pair_fingerprint(pair, config) | {
        "images": case_fingerprints(cases),
        "reference": part.model_dump(mode="json"),
    }
    found: Rankings = {}
    with run_directory(out / FOLDER, None, determined, force=force) as run:
        for name, make in _plan(part, pair, cases, config.seed, track).items():
            for kind in config.degrade:
                file = run / f"filters-{name}-{kind}.csv"
                if not file.exists():
                    write_ranking(file, pair.space, make(kind))
                found.setdefault(name, {})[kind] = str(file)
    return found


def _plan(
    part: ReferencePart, pair: Pair, cases: list[Case], seed: int, track: Track
) -> dict[str, Callable[[str], Scores]]:
    """By name, how to make a ranking's scores for a degradation."""

    @functools.cache
    def begin(kind: str) -> Scores:
        return METHODS["signed"].combine(attributed(), kind)

    @functools.cache
    def attributed() -> RawScores:
        shown = track(cases, "attribute (reference)", len(cases))
        return attribute(pair.target, pair.baseline, shown, graded(NODES))

    def again(kind: str) -> Scores:
        rule = graded(max(1, NODES // part.parts))
        return part_by_part(pair.target, pair.baseline, cases, kind, rule, parts=part.parts)

    def learned(sense: str, proportion: float) -> Callable[[str], Scores]:
        how = Learning(sense, proportion, part.steps, seed=seed)
        return lambda kind: learn(pair.target, pair.baseline, cases, kind, begin(kind), how, track)

    return (
        {AGAIN: again}
        | {f"{LEARNED}-{share:g}": learned("revert", share) for share in part.proportions}
        | {f"{LEARNED}-graft-{share:g}": learned("graft", share) for share in part.grafts}
    )
