"""What a budget of passes is spent on: images first, then nodes; and when enough is spent (ours)."""

import logging
import random
import warnings
from collections.abc import Iterator, Mapping

from faig.attribution.methods import METHODS
from faig.common.errors import FaigWarning, InputError
from faig.experiment.config import AttributeConfig
from faig.filters import Scores, count_of, rank
from faig.imaging.cases import CLEAN, Case

logger = logging.getLogger("faig")

FIRST, GROWTH = 6, 1.5  # images of the first round; how many times more each round has
FEW = 4  # nodes: fewer distort the scores, and more of them are worth less than more images (docs/engine.md)


def within_budget(config: AttributeConfig, cases: list[Case]) -> tuple[AttributeConfig, list[Case]]:
    """The images and the number of nodes that give the truest ranking for the budget.

    As many images as there are, or as the budget allows with `FEW` nodes each: other images change a ranking far more
    than other nodes do. What is left of the budget goes into nodes. The images are chosen by the seed alone.

    Args:
        config: the study; returned with the nodes, where it has a budget.
        cases: all images.

    Returns:
        The study, and the images in the order in which they are to be taken.

    Raises:
        InputError: the budget is too small for two images, or the method has no nodes.
    """
    if config.budget is None:
        return config, cases
    if METHODS[config.method].raw not in ("path", "ig"):
        raise InputError(f"--budget: the method {config.method} has no nodes to spend it on")
    kinds = len(cases[0].lr) - (METHODS[config.method].raw == "ig" and CLEAN in cases[0].lr)
    images = min(len(cases), config.budget // (kinds * FEW))
    if images < min(2, len(cases)):
        raise InputError(
            f"--budget {config.budget}: two images with {kinds} versions each at {FEW} nodes take {2 * kinds * FEW}"
        )
    if images < len(cases):
        warnings.warn(
            f"--budget {config.budget}: {images} of {len(cases)} images, chosen by the seed", FaigWarning, stacklevel=2
        )
    chosen = random.Random(config.seed).sample(range(len(cases)), images)
    nodes = config.budget // (kinds * images)
    return config.model_copy(update={"nodes": nodes}), [cases[i] for i in chosen]


def rounds(config: AttributeConfig, cases: list[Case]) -> Iterator[list[Case]]:
    """Ever more of the images, half as many again each round, sorted by name; all at once without a budget.

    Args:
        config: the study.
        cases: in the order that `within_budget` gives.
    """
    count = len(cases) if config.budget is None else FIRST
    while count < len(cases):
        yield sorted(cases[:count], key=lambda case: case.name)
        count = round(GROWTH * count)
    yield sorted(cases, key=lambda case: case.name)


class Stable:
    """Whether the top set of every function stands, from one round of images to the next.

    Args:
        share: of the top set that must.
        proportion: of the filters that the top set has.
    """

    def __init__(self, share: float, proportion: float) -> None:
        self.share, self.proportion = share, proportion
        self.before: dict[str, set[int]] = {}

    def __call__(self, scores: Mapping[str, Scores], images: int) -> bool:
        """Take the scores of one more round, by degradation, and the number of its images."""
        now = {
            kind: set(rank(values)[: count_of(self.proportion, len(values))].tolist())
            for kind, values in scores.items()
        }
        shares = {kind: len(top & self.before[kind]) / len(top) for kind, top in now.items() if kind in self.before}
        self.before = now
        if not shares:
            return False
        told = ", ".join(f"{kind} {share:.1%}" for kind, share in shares.items())
        logger.info("%d images: so much of the top %g%% stands: %s", images, 100 * self.proportion, told)
        return min(shares.values()) >= self.share
