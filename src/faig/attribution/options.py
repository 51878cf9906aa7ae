"""How an attribution is computed. A default stands here, and nowhere else."""

from collections.abc import Callable
from typing import Annotated, Any

import torch
from pydantic import ByteSize, Field

from faig.attribution.integration.gradients import PRECISIONS
from faig.attribution.integration.quadrature import RULES
from faig.attribution.uncertainty import RESAMPLES
from faig.common.setting_types import Seed, Threads
from faig.common.settings import Proportion, Strict, one_of
from faig.networks.tiling import MEMORY

MOST_NODES = 1000  # of a rule: its own computation grows faster than their number
Nodes = Annotated[int, Field(ge=1, le=MOST_NODES)]
Budget = Annotated[int, Field(ge=1, le=10**9)]
TOP = 0.01  # the paper's share of all filters
Resamples = Annotated[int, Field(ge=0, le=RESAMPLES)]
SUBTRACT = ("mean", "strongest")


class IntegralOptions(Strict):
    """What every way to find filters can be told.

    Attributes:
        against: what is subtracted where there are three or more degradations; see `methods.contrast`.
        quadrature: rule of the integral (and of ig's line).
        nodes: of that rule.
        tolerance: share of the top 1% that must stand, in place of nodes: more are taken where needed.
        memory: bytes to stay under: of the process on a CPU, of the device on a GPU. Large images are run by tiles.
        precision: ``float32``, ``tf32`` or ``bf16``; the last two on a GPU.
        objective: ``squared`` (the paper's), ``l1``, ``psnr``, ``ssim``, or ``file.py:function``.
        layers: patterns of layer names: only filters of these are ranked. All, where there are none.
        not_layers: patterns of layer names whose filters are not ranked.
    """

    against: Annotated[str, one_of(SUBTRACT)] = "mean"
    quadrature: Annotated[str, one_of(RULES)] = "graded"
    nodes: Nodes = 12
    tolerance: Annotated[Proportion, Field(lt=1)] | None = None
    memory: ByteSize = Field(ByteSize(MEMORY), gt=0)
    precision: Annotated[str, one_of(PRECISIONS)] = "float32"
    objective: str = "squared"
    layers: list[str] = Field(default_factory=list)
    not_layers: list[str] = Field(default_factory=list)

    @property
    def chooses_layers(self) -> bool:
        """Whether filters of some layers only are ranked."""
        return bool(self.layers or self.not_layers)


class BudgetOptions(Strict):
    """How much may be spent.

    Attributes:
        budget: how many passes (forward and backward, one image with one degradation) may be spent, in place of nodes.
        stable: with a budget: share of the top 1% that must stand when half as many images again are added; then no
            more are.
    """

    budget: Budget | None = None
    stable: Proportion = 0.95


class Options(IntegralOptions, BudgetOptions):
    """Everything that `methods.Method.attribute` can be told.

    Attributes:
        objective: a name, or a function of output and GT of one image, ``[channel, height, width]``, that returns one
            number, the lower the better.
        seed: what everything random depends on.
        threads: how many of the CPU; results are equal to the byte only for equal threads.
        top: how many of all units, in (0, 1], the set has that `learned` learns; rankings know no size.
        resamples: how often a method that learns does so anew, on resamples of the photos, to say how sure it is of
            each unit; every time costs as much as the first. Rankings by scores of images need none.
        tolerance_method: the method whose top 1% must stand within the tolerance, where several share the integral; the
            method itself where there is none.
    """

    objective: str | Callable[..., Any] = "squared"  # type: ignore[assignment]
    seed: Seed = 0
    threads: Threads = Field(default_factory=torch.get_num_threads)
    top: Proportion = TOP
    resamples: Resamples = 0
    tolerance_method: str | None = None

    @property
    def determining(self) -> dict[str, Any]:
        """The options that determine raw scores, beside the objective; JSON-able."""
        names = {"quadrature", "nodes", "tolerance", "memory", "precision", "seed", "threads"}
        return self.model_dump(include=names)
