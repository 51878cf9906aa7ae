"""What the ground truth study computes. Kept in ``config.yaml``, run by ``faig run``."""

from typing import Annotated, Literal, get_args

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_validator

from faig.attribution.methods import METHODS
from faig.attribution.options import Nodes, Options
from faig.common.setting_types import Device, FileName, Iterations, Name, Repeats, Seed, Side, Threads
from faig.common.settings import Proportion, Proportions, Strict
from faig.experiment.config import MethodNames

PARTS = ("{pair}", "{seed}", "{role}")  # of the names of networks
StageName = Literal["alone", "shapley", "greedy", "planted", "decoys", "agreement"]
NEEDED: dict[StageName, tuple[StageName, ...]] = {"greedy": ("alone",), "agreement": ("alone", "shapley", "greedy")}


class ShapleyPart(Strict):
    """The fair share of each filter.

    Attributes:
        pairs: of complementary coalitions.
    """

    pairs: Repeats = 3


class GreedyPart(Strict):
    """One filter after the other.

    Attributes:
        among: proportion of the filters, those that do most alone, which it chooses from.
    """

    among: Proportion = 0.03


class PlantedPart(Strict):
    """Functions that only known filters could learn.

    Attributes:
        proportion: of each planted set, in every layer.
        steps: of training each set.
        drifts: how far all else moves, as multiples of the planted change; ascending.
    """

    proportion: Proportion = 0.4
    steps: Iterations = 1500
    drifts: list[NonNegativeFloat] = Field(default_factory=lambda: [0.0, 0.1, 0.2], min_length=1)

    @field_validator("drifts")
    @classmethod
    def _ascending(cls, drifts: list[float]) -> list[float]:
        if drifts != sorted(set(drifts)):
            raise ValueError("must ascend: each drift goes on from the one before")
        return drifts


class DecoysPart(Strict):
    """Weights that move and change nothing.

    Attributes:
        factors: of scaled channels; two of each link, one by the factor and one by its inverse.
        swaps: pairs of swapped channels of each link.
    """

    factors: list[PositiveFloat] = Field(default_factory=lambda: [1.25, 2.0, 4.0, 8.0])
    swaps: list[Repeats] = Field(default_factory=lambda: [1, 2])


class TruthConfig(Strict):
    """The ground truth study: small pairs, whose filters can all be reverted one by one.

    Attributes:
        networks: a zoo name or a file of each network, with ``{pair}``, ``{seed}`` and ``{role}`` (``target`` or
            ``baseline``) in it.
        stages: which questions are asked; those that a stage goes on from must be among them.
        pairs: names of the pairs.
        training_seeds: of the trainings of each pair.
        find: scikit-image's photos that filters are ranked on, and reverted alone on.
        measure: photos that effects are measured on.
        crops: of each photo.
        side: of a crop of ``find``, in GT pixels.
        every: only every so many filters are reverted alone; the others count as 0.
        methods: which are held against the truths.
        nodes: of their integrals.
        proportions: of the filters, at which the tops of rankings are reverted.
        shapley: see `ShapleyPart`.
        greedy: see `GreedyPart`.
        planted: see `PlantedPart`.
        decoys: see `DecoysPart`.
        seed: added to that of each training, for everything random.
        device: the CPU.
        threads: of each process.
        processes: how many pieces are computed at a time.
    """

    command: Literal["truth"] = "truth"
    networks: FileName
    stages: list[StageName] = Field(default_factory=lambda: list(get_args(StageName)), min_length=1)
    pairs: list[Name] = Field(min_length=1)
    training_seeds: list[Seed] = Field(min_length=1)
    find: list[str] = Field(default_factory=lambda: ["astronaut", "rocket"], min_length=1)
    measure: list[str] = Field(default_factory=lambda: ["chelsea", "coffee"], min_length=1)
    crops: Repeats = 2
    side: Side = 32
    every: PositiveInt = 1
    methods: MethodNames = Field(default_factory=lambda: list(METHODS))
    nodes: Nodes = Options.model_fields["nodes"].default
    proportions: Annotated[Proportions, Field(min_length=1)] = Field(
        default_factory=lambda: [0.0025, 0.005, 0.01, 0.02, 0.05, 0.1]
    )
    shapley: ShapleyPart = ShapleyPart()
    greedy: GreedyPart = GreedyPart()
    planted: PlantedPart = PlantedPart()
    decoys: DecoysPart = DecoysPart()
    seed: Seed = 0
    device: Device = "cpu"
    threads: Threads = 1
    processes: Threads = 1

    @field_validator("stages")
    @classmethod
    def _with_those_before(cls, stages: list[StageName]) -> list[StageName]:
        for stage in stages:
            if missing := [name for name in NEEDED.get(stage, ()) if name not in stages]:
                raise ValueError(f"{stage} goes on from {', '.join(missing)}; name that too")
        return stages

    @field_validator("networks")
    @classmethod
    def _names_each(cls, networks: str) -> str:
        if missing := [part for part in PARTS if part not in networks]:
            raise ValueError(f"must have {missing[0]} in it")
        return networks

    def network(self, pair: str, training_seed: int, role: str) -> str:
        """The name or file of a network."""
        name = self.networks
        for part, value in zip(PARTS, (pair, str(training_seed), role), strict=True):
            name = name.replace(part, value)
        return name
