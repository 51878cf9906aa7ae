"""What a training study computes. Kept in ``config.yaml``, run by ``faig run``."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, model_validator

from faig.attribution.methods import ALL, DEFAULT, MASK, METHODS
from faig.attribution.options import Nodes, Options
from faig.common.setting_types import Device, FileName, FilePath, Label, Name, Seed, Threads, label
from faig.common.settings import NumberOrText, Proportion, Proportions, Strict, distinct, one_of
from faig.experiment.config import ImagesConfig, MethodName, Ranking
from faig.imaging.photos import SourceConfig

Text = Annotated[str, AfterValidator(lambda value: label(value, 1000))]
SEED = "{seed}"  # in names of networks and rankings: that of their training


class Found(Strict):
    """Units that a method ranks first, found on the images that are learned on.

    Attributes:
        method: that ranks them; ``random`` and ``change`` are controls.
        degradation: whose function is meant; of several, as many units each. Where a method ranks alike for several, as
            those that look at no image, the next ones in the ranking.
        same_layers: as many units of the same layers in their place, drawn at random.
    """

    method: MethodName = DEFAULT
    degradation: Name | Annotated[list[Name], Field(min_length=1), AfterValidator(distinct)]
    same_layers: bool = False

    @property
    def degradations(self) -> list[str]:
        """Whose functions are meant."""
        return [self.degradation] if isinstance(self.degradation, str) else self.degradation


class Training(Strict):
    """Settings of trainings; see `TrainingConfig`, whose other settings the study gives.

    Attributes:
        network: architecture, arguments, start; those of the study's ``start`` where they are not given.
        data: patches and what is done to them; ``gt`` is the images that the study learns on.
        optimizer: iterations, learning rate and the like.
        filters: what alone is trained: a ranking, or units to be found.
        protect: what stays as it is.
        layers: patterns of layers by name, which alone are trained.
        banks: units that the banks of the network are of: a bank for each degradation.
        label_loss: how much it counts in training whether the classifier of banks says what is on a patch.
        top: how many of these.
        teachers: what patches shall become in place of their GT.
    """

    network: dict[str, Any] = Field(default_factory=dict)
    data: dict[str, Any] = Field(default_factory=dict)
    optimizer: dict[str, Any] = Field(default_factory=dict)
    filters: Found | Ranking | None = None
    protect: Found | Ranking | None = None
    layers: list[Label] = Field(default_factory=list)
    banks: Found | None = None
    label_loss: PositiveFloat | None = None
    top: Proportion | None = None
    teachers: dict[str, FileName] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _learned_on(self) -> "Training":
        if self.banks and (self.filters or self.protect):
            raise ValueError("banks stands alone: leave filters and protect out")
        if "gt" in self.data:
            raise ValueError("data.gt: the study's own learn says what is trained on; leave it out")
        return self

    @property
    def found(self) -> Found | None:
        """The units that have to be found."""
        return next((units for units in (self.filters, self.protect, self.banks) if isinstance(units, Found)), None)


class Arm(Training):
    """One way to train: what differs from the settings that all arms share.

    Attributes:
        against: other arms that it is held against, beside the control.
    """

    against: list[Name] = Field(default_factory=list)


class AttributedPart(Strict):
    """Filters of what arms ended in, found against the networks that they began as, and given back.

    Attributes:
        arms: whose networks; empty: of all arms that began with a network.
        methods: that find their filters; with ``learned``, functions are set to half strength too.
        proportions: of the filters of a network, so many of the first are given back; a learned set has its own size.
        branches: patterns of layers by name: in networks that have them, all of their filters are given back at once.
        images: what that changes is measured on the first so many of the measured images; None: all.
    """

    arms: Annotated[list[Name], AfterValidator(distinct)] = Field(default_factory=list)
    methods: Annotated[list[Annotated[str, one_of([*METHODS, MASK.name])]], AfterValidator(distinct)] = Field(
        default_factory=lambda: [DEFAULT]
    )
    proportions: Annotated[Proportions, Field(min_length=1)] = Field(default_factory=lambda: [0.01, 0.05])
    branches: dict[Name, Annotated[list[str], Field(min_length=1)]] = Field(default_factory=dict)
    images: PositiveInt | None = None

    @model_validator(mode="after")
    def _told_apart(self) -> "AttributedPart":
        if taken := [name for name in self.branches if name in ALL]:
            raise ValueError(f"branches: {taken[0]} is the name of a method; give the branch another")
        return self


class TrainingStudyConfig(Strict):
    """A training study.

    Attributes:
        title: of its page.
        asked: the question, in a sentence or two, for the page.
        answer: in plain words, written once the study has run; the page puts the numbers behind it.
        start: a zoo name or a file of the network that trainings begin with, with ``{seed}`` in it where there are
            several of them.
        baseline: of the start, by the same rule; needed where units are found, or functions are switched off.
        training_seeds: of the starts, and of the trainings.
        images: a folder of folders of GT images, in place of packaged photos.
        learn: images to train on, and to find units on.
        crops: of these images, so many of the busiest are what units are found on.
        side: of such a crop, in GT pixels.
        measure: images that PSNR is measured on; none of the photos are learned on.
        degrade: spec or level by degradation: what PSNR is measured on, and units are found for; clean images too.
        downsampling: of clean images, of ``degrade`` where a spec does not say, and of patches where ``data`` does not.
        functions: of these degradations, how far the trained network is switched off is measured.
        nodes: of the integrals of methods.
        training: what all arms share.
        arms: ways to train, by name.
        control: the arm that all others are held against.
        attributed: where what arms learned is; see `AttributedPart`.
        seed: added to that of each training, for everything random.
        device: where to compute.
        threads: of each process.
        processes: how many trainings are under way at a time.
    """

    command: Literal["training"] = "training"
    title: Label
    asked: Text
    answer: Text | None = None
    start: FileName
    baseline: FileName | None = None
    training_seeds: Annotated[list[Seed], Field(min_length=1)]
    images: FilePath | None = None
    learn: SourceConfig
    crops: Annotated[int, Field(ge=1, le=10_000)] = 12
    side: Annotated[int, Field(ge=1, le=2**16)] = 96
    measure: SourceConfig
    degrade: Annotated[dict[Name, NumberOrText], Field(min_length=1)]
    downsampling: str = "bilinear"
    functions: list[Name] = Field(default_factory=list)
    nodes: Nodes = Options.model_fields["nodes"].default
    training: Training = Training()
    arms: Annotated[dict[Name, Arm], Field(min_length=2)]
    control: Name
    attributed: AttributedPart | None = None
    seed: Seed = 0
    device: Device = "cpu"
    threads: Threads = 1
    processes: Threads = 1

    @model_validator(mode="after")
    def _names(self) -> "TrainingStudyConfig":
        self.images_of("measure", Path())  # raises where one cannot be made
        if len(set(self.training_seeds)) < len(self.training_seeds):
            raise ValueError("training_seeds: names a seed twice")
        if self.control not in self.arms:
            raise ValueError(f"control: {self.control!r} is not among the arms, {', '.join(self.arms)}")
        for name, arm in self.arms.items():
            if unknown := [other for other in arm.against if other not in self.arms or other == name]:
                raise ValueError(f"arms.{name}.against: {unknown[0]!r} is no other arm")
        for name in self.attributed.arms if self.attributed else ():
            if name not in self.arms:
                raise ValueError(f"attributed.arms: {name!r} is not among the arms, {', '.join(self.arms)}")
            if not self.begins_with_a_network(name):
                raise ValueError(f"attributed.arms: {name!r} begins with no network, so there is nothing to give back")
        settings = {f"arms.{name}": self.settings(name) for name in self.arms}
        kinds = {f"{name}.{kind}" for name, each in settings.items() if each.found for kind in each.found.degradations}
        kinds |= {f"functions.{kind}" for kind in self.functions}
        for place in sorted(kinds):
            kind = place.rpartition(".")[2]
            if kind not in self.degrade:
                raise ValueError(f"{place}: {kind!r} is not among the degradations, {', '.join(self.degrade)}")
            if self.baseline is None:
                raise ValueError(f"{place}: needs the baseline of the start; give baseline")
        if missing := [name for name, each in settings.items() if each.found and each.top is None]:
            raise ValueError(f"{missing[0]}: say how many of the units that are found, top: 1%")
        return self

    def settings(self, arm: str) -> Training:
        """The settings of an arm: those that all share, and over them its own.

        ``network``, ``data``, its ``degradation`` and ``optimizer`` are merged setting by setting; anything else is
        taken whole from the arm that gives it.
        """
        own = self.arms[arm]
        values = {name: getattr(own, name) for name in own.model_fields_set & set(Training.model_fields)}
        common = {name: getattr(self.training, name) for name in self.training.model_fields_set}
        if "architecture" in own.network:
            common["network"] = {}  # its arguments and its start are those of another network
        return Training.model_validate(_merged(common, values))

    def begins_with_a_network(self, arm: str) -> bool:
        """Whether an arm's training begins with a network, and not with random weights."""
        return self.settings(arm).network.get("start", self.start) is not None

    def attributed_arms(self) -> list[str]:
        """The arms whose filters are found: those that are named, or all that began with a network."""
        assert self.attributed is not None
        return self.attributed.arms or [name for name in self.arms if self.begins_with_a_network(name)]

    def images_of(self, part: str, out: Path) -> ImagesConfig:
        """The images ``find`` or ``measure`` of a run directory."""
        return ImagesConfig(gt=out / "images" / part, degrade=self.degrade, downsampling=self.downsampling)


SECTIONS = ("network", "data", "degradation", "optimizer")


def _merged(common: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    both = common | own
    for name in SECTIONS:
        if isinstance(common.get(name), dict) and isinstance(own.get(name), dict):
            both[name] = _merged(common[name], own[name])
    return both
