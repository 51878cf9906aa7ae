"""What a budget of passes is spent on: images first, then nodes (ours)."""

import random
import warnings

from faig.cases import CLEAN, Case
from faig.errors import FaigWarning, InputError
from faig.experiment.config import AttributeConfig
from faig.methods import METHODS

FEW = 4  # nodes: fewer distort the scores, and more of them are worth less than more images (docs/engine.md)


def within_budget(config: AttributeConfig, cases: list[Case]) -> tuple[AttributeConfig, list[Case]]:
    """The images and the number of nodes that give the truest ranking for the budget.

    As many images as there are, or as the budget allows with `FEW` nodes each: other images change a ranking far more
    than other nodes do. What is left of the budget goes into nodes. The images are chosen by the seed alone.

    Args:
        config: the study; returned with the nodes, where it has a budget.
        cases: all images.

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
    chosen = sorted(random.Random(config.seed).sample(range(len(cases)), images))
    nodes = config.budget // (kinds * images)
    return config.model_copy(update={"nodes": nodes}), [cases[i] for i in chosen]
