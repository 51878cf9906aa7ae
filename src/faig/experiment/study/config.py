"""What a whole study is: the paper's questions, one stage each. Kept in ``config.yaml``, run by ``faig run``."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from faig.attribution.integration.quadrature import RULES
from faig.attribution.methods import METHODS
from faig.attribution.options import TOP, Nodes
from faig.common.setting_types import FilePath, Iterations, Name, Repeats, Side
from faig.common.settings import NumberOrText, Proportion, Proportions, Strict, one_of
from faig.experiment.config import PROTOCOLS, CompareConfig, ImagesConfig, MethodNames, NetworksConfig, StrengthList
from faig.imaging.degradation import named
from faig.imaging.metrics import CHANNELS
from faig.imaging.photos import SourceConfig
from faig.intervention.knob import WAYS


class ComparePart(Strict):
    """Methods against each other; see `CompareConfig`. What is not given is what the protocol, or the command, says."""

    methods: MethodNames = Field(default_factory=lambda: list(METHODS))
    proportions: Annotated[Proportions, Field(min_length=1)] = Field(
        default_factory=lambda: [0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.3, 1.0]
    )
    channel: Annotated[str, one_of(CHANNELS)] | None = None
    quadrature: Annotated[str, one_of(RULES)] | None = None
    nodes: Nodes | None = None
    all_scores: bool | None = None


class ReferencePart(Strict):
    """Filter sets made for what they do, which the methods are held against.

    Attributes:
        proportions: at which a mask is learned for reverting.
        grafts: at which one is learned for grafting.
        steps: of learning each.
    """

    proportions: Proportions = Field(default_factory=lambda: [TOP])
    grafts: Proportions = Field(default_factory=list)
    steps: Iterations = 100


class SweepPart(Strict):
    """Functions turned up and down; see `SweepConfig`."""

    top: Proportion = TOP
    way: Annotated[str, one_of(WAYS)] = WAYS[0]
    strengths: StrengthList = Field(default_factory=lambda: [step / 10 for step in range(16)])


class PredictPart(Strict):
    """Degradation prediction, learned on the images of ``learn``, tried on those of ``measure``.

    Attributes:
        top: share of the filters that are switched off.
        levels: at which the response is measured, by degradation.
        seeds: of random filters in place of the found ones.
    """

    top: Proportion = TOP
    levels: dict[str, Annotated[list[PositiveFloat], Field(min_length=1)]] = Field(
        default_factory=lambda: {"blur": [0.5, 1.0, 1.5, 2.0, 3.0, 4.0], "noise": [0.01, 0.02, 0.05, 0.1, 0.2]}
    )
    seeds: Repeats = 3


class LocationsPart(Strict):
    """The found weights elsewhere, and zeros in place of the baseline's.

    Attributes:
        top: share of the filters.
        seeds: of permutations and random places.
    """

    top: Proportion = TOP
    seeds: Repeats = 3


class RetrainPart(Strict):
    """The baseline trained with few filters free: the found ones, or as many others.

    Attributes:
        top: share of the filters.
        iterations: of each training.
        every: so many iterations, PSNR is measured.
        learning_rate: of the first iteration.
        batch: patches an iteration.
        lr_patch: LR pixels of a patch's side.
    """

    top: Proportion = TOP
    iterations: Iterations = 400
    every: PositiveInt = 50
    learning_rate: PositiveFloat = 1e-3
    batch: Annotated[int, Field(ge=1, le=2**16)] = 8
    lr_patch: Side = 24


class StudyConfig(NetworksConfig):
    """A whole study: filters found, compared, located, turned, used and trained.

    Attributes:
        protocol: ``paper`` measures effects on the images that filters are found on, with the published scripts' rule
            and channel.
        images: a folder of folders of GT images, in place of packaged photos.
        find: what filters are found on.
        measure: what effects are measured on.
        show: what is turned up and down, and shown.
        learn: what predictors and retrained filters learn on; needed by these parts alone.
        degrade: spec or level by degradation; see `ImagesConfig`.
        downsampling: of clean images, and of ``degrade`` where a spec does not say.
        compare: methods against each other.
        reference: sets made for what they do; None leaves the stage out, and so for the others.
        sweep: functions turned up and down.
        predict: degradation prediction.
        locations: weights elsewhere.
        retrain: found filters trained anew.
    """

    command: Literal["study"] = "study"
    protocol: Annotated[str, one_of(PROTOCOLS)] | None = None
    images: FilePath | None = None
    find: SourceConfig
    measure: SourceConfig
    show: SourceConfig
    learn: SourceConfig | None = None
    degrade: dict[Name, NumberOrText]
    downsampling: str = "bilinear"
    compare: ComparePart = ComparePart()
    reference: ReferencePart | None = None
    sweep: SweepPart | None = None
    predict: PredictPart | None = None
    locations: LocationsPart | None = None
    retrain: RetrainPart | None = None

    @model_validator(mode="after")
    def _degradations(self) -> "StudyConfig":
        self.images_of("find", Path())  # raises where one cannot be made
        if self.predict and (unknown := [kind for kind in self.predict.levels if kind not in self.degrade]):
            raise ValueError(f"predict.levels: {unknown[0]!r} is not among the degradations, {', '.join(self.degrade)}")
        if (self.predict or self.retrain) and self.learn is None:
            raise ValueError("learn: the parts predict and retrain need images to learn on")
        for kind, levels in self.predict.levels.items() if self.predict else ():
            for level in levels:
                named(kind, level, self.downsampling)  # raises where the name stands for no step
        return self

    def images_of(self, part: str, out: Path) -> ImagesConfig:
        """The images ``find``, ``measure``, ``show`` or ``learn`` of a run directory."""
        return ImagesConfig(gt=out / "images" / part, degrade=self.degrade, downsampling=self.downsampling)

    def networks(self) -> dict[str, Any]:
        """The settings that every stage has."""
        return self.model_dump(include=set(NetworksConfig.model_fields))

    @property
    def measured(self) -> str:
        """The part whose images effects are measured on."""
        return "find" if self.protocol else "measure"

    def comparison(self, out: Path, filters: dict[str, dict[str, str]]) -> CompareConfig:
        """The settings of the stage ``compare``; ``filters`` as `CompareConfig` has them."""
        return CompareConfig.model_validate(
            self.networks()
            | self.compare.model_dump(exclude_none=True)
            | {"images": self.images_of(self.measured, out), "filters": filters}
            | ({"protocol": self.protocol} if self.protocol else {"find": self.images_of("find", out)})
        )
