"""What a budget of passes is spent on: images first, then nodes; and when enough is spent (ours)."""

import logging
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence

from faig.attribution.options import MOST_NODES, Options
from faig.common.errors import FaigWarning, InputError
from faig.common.settings import count_of
from faig.filters import Scores, rank
from faig.imaging.cases import Case

logger = logging.getLogger("faig")

FIRST, GROWTH = 6, 1.5  # images of the first round; how many times more each round has
FEW = 4  # nodes: fewer distort the scores, and more of them are worth less than more images (docs/engine.md)


def within_budget(options: Options, cases: Sequence[Case], versions: int) -> tuple[Options, list[Case]]:
    """The images and the number of nodes that give the truest ranking for the budget.

    As many images as there are, or as the budget allows with `FEW` nodes each: other images change a ranking far more
    than other nodes do. What is left of the budget goes into nodes. The images are chosen by the seed alone.

    Args:
        options: returned with the nodes, where they have a budget.
        cases: all images.
        versions: LR images of a case that are integrated.

    Returns:
        The options, and the images in the order in which they are to be taken.

    Raises:
        InputError: the budget is too small for two images.
    """
    if options.budget is None:
        return options, list(cases)
    images = min(len(cases), options.budget // (versions * FEW))
    if images < min(2, len(cases)):
        raise InputError(
            f"a budget of {options.budget} passes: two images with {versions} versions each at {FEW} nodes take "
            f"{2 * versions * FEW}",
            setting="budget",
        )
    if images < len(cases):
        warnings.warn(
            f"a budget of {options.budget} passes: {images} of {len(cases)} images, chosen by the seed",
            FaigWarning,
            stacklevel=2,
        )
    chosen = random.Random(options.seed).sample(range(len(cases)), images)
    nodes = min(MOST_NODES, options.budget // (versions * images))
    return options.model_copy(update={"nodes": nodes}), [cases[i] for i in chosen]


def rounds(options: Options, cases: Sequence[Case]) -> Iterator[list[Case]]:
    """Ever more of the images, half as many again each round, sorted by name; without a budget all as they are.

    Args:
        options: how to attribute.
        cases: the images, in the order that `within_budget` gives.
    """
    if options.budget is None:
        yield list(cases)
        return
    count = FIRST
    while count < len(cases):
        yield sorted(cases[:count], key=lambda case: case.name)
        count = round(GROWTH * count)
    yield sorted(cases, key=lambda case: case.name)


class Stable:
    """Whether the top set of every function stands, from one round of images to the next.

    Args:
        share: how much of the top set must stand.
        proportion: how much of all filters the top set is.
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
        listed = ", ".join(f"{kind} {share:.1%}" for kind, share in shares.items())
        logger.info("%d images: so much of the top %g%% stands: %s", images, 100 * self.proportion, listed)
        return min(shares.values()) >= self.share
