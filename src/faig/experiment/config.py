"""What a study is: its networks, its images, its methods. Written to ``config.yaml``, and read back by ``faig run``."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from faig.attribution.methods import ALL, DEFAULT, METHODS
from faig.attribution.options import TOP, BudgetOptions, IntegralOptions, Options, Resamples
from faig.common.errors import InputError
from faig.common.setting_types import Device, FileName, FilePath, Name, Repeats, Seed, Threads
from faig.common.settings import NumberOrText, Proportion, Proportions, Strict, distinct, one_of
from faig.filters import UNITS
from faig.imaging.cases import CLEAN, Case, load_cases, make_cases
from faig.imaging.degradation import Degradation, named
from faig.imaging.metrics import CHANNELS
from faig.imaging.sameness import check_inputs_differ
from faig.intervention.knob import WAYS

MethodName = Annotated[str, one_of(METHODS)]
MethodNames = Annotated[list[MethodName], AfterValidator(distinct)]
Ranking = FileName  # a file, or srresnet-x2/blur
MOST_STRENGTH = 100  # either way: more is a slip, and makes weights that are not finite


def _ascending(strengths: list[float]) -> list[float]:
    if strengths != sorted(set(strengths)) or not {0.0, 1.0} <= set(strengths):
        raise ValueError("must ascend, and have 0 and 1 among them")
    if max(map(abs, strengths)) > MOST_STRENGTH:
        raise ValueError(f"are outside -{MOST_STRENGTH} to {MOST_STRENGTH}")
    return strengths


StrengthList = Annotated[list[float], AfterValidator(_ascending)]


class ImagesConfig(Strict):
    """A set of cases: a GT folder with LR folders, or with degradations that make them.

    Attributes:
        gt: folder of GT images.
        lr: LR folder by degradation, ``clean`` among them where wanted.
        degrade: by degradation, in place of ``lr``: a spec (`Degradation.parse`), or the level of the step that the
            name is; clean ones are made too.
        downsampling: of clean images, and of ``degrade`` where a spec does not say: ``bilinear`` (the paper's),
            ``bicubic`` or ``area``.
        strict_size: refuse GT images whose sides the scale does not divide; else they are cropped.
        lr_suffix: what the names of LR images end with and those of GT images do not: ``x2`` in DIV2K.
    """

    gt: FilePath
    lr: dict[Name, FilePath] = Field(default_factory=dict)
    degrade: dict[Name, NumberOrText] = Field(default_factory=dict)
    downsampling: str = "bilinear"
    strict_size: bool = False
    lr_suffix: str = ""

    @model_validator(mode="after")
    def _can_be_made(self) -> "ImagesConfig":
        if CLEAN in self.degrade:
            raise ValueError("clean images are made anyway; leave it out")
        self.degradations()
        return self

    def cases(self, scale: int, seed: int, channels: int = 3) -> list[Case]:
        """Load or make the cases for networks of a scale and of so many channels.

        Raises:
            InputError: neither or both of ``lr`` and ``degrade`` are given, an image does not fit, or two inputs have
                the same images.
        """
        if bool(self.lr) == bool(self.degrade):
            raise InputError("give either folders of LR images or degradations to make", setting="lr")
        if self.lr:
            if set(self.lr) == {CLEAN}:
                raise InputError(
                    "clean images alone have no degradation to attribute; give degraded ones too", setting="lr"
                )
            cases = load_cases(
                self.gt, self.lr, scale, channels=channels, strict_size=self.strict_size, lr_suffix=self.lr_suffix
            )
        elif self.lr_suffix:
            raise InputError(f"lr_suffix {self.lr_suffix!r} is of LR folders, and none is given", setting="lr_suffix")
        else:
            cases = make_cases(
                self.gt, self.degradations(), scale, channels=channels, seed=seed, strict_size=self.strict_size
            )
        check_inputs_differ(cases, "lr" if self.lr else "degrade")
        return cases

    def degradations(self) -> dict[str, Degradation]:
        """The degradations that ``degrade`` asks for, and clean.

        Raises:
            InputError: a spec or the downsampling makes no sense.
        """
        return {CLEAN: self.together([])} | {name: self.together([name]) for name in self.degrade}

    def together(self, names: Iterable[str]) -> Degradation:
        """Several of the degradations that ``degrade`` asks for, at once; see `Degradation.together`.

        Raises:
            InputError: they differ in downsampling.
        """
        made = [named(name, self.degrade[name], self.downsampling) for name in names]
        return Degradation.together(made, self.downsampling)


class NetworksConfig(Strict):
    """A pair of networks, and where to compute.

    Attributes:
        baseline: a zoo name or a file.
        target: a zoo name or a file.
        arch: ``file.py:function`` that builds a network the package does not know.
        seed: of noise, random scores and resampling.
        device: where to compute.
        threads: of the CPU; results are equal to the byte only for equal threads.
        unit: what is ranked and altered as one: ``filter``, ``channel`` or ``layer``; where none is named, what a
            ranking is of, and filters where there is none.
        everything: whether the parameters that are in no filter are ranked after them, by channel.
    """

    baseline: FileName
    target: FileName
    arch: FileName | None = None
    unit: Annotated[str, one_of(UNITS)] | None = None
    everything: bool = False
    seed: Seed = 0
    device: Device = "cpu"
    threads: Threads


class PairConfig(NetworksConfig, IntegralOptions):
    """A pair of networks and how they are integrated between."""


class AttributeConfig(PairConfig, BudgetOptions):
    """``faig attribute``: find filters with one method.

    Attributes:
        images: what filters are found on.
        method: of scoring.
        check: revert the top of each ranking on these images and measure what that does.
        top: how many of each ranking, in (0, 1], are reverted for that.
        resamples: how often ``learned`` and ``strengths`` learn anew, to say how sure they are; 0: not at all.
    """

    command: Literal["attribute"] = "attribute"
    images: ImagesConfig
    method: Annotated[str, one_of(ALL)] = DEFAULT
    check: bool = True
    top: Proportion = TOP
    resamples: Resamples = 0


def attribution_options(config: PairConfig) -> Options:
    """The settings of a run that `methods.Method.attribute` takes."""
    return Options.model_validate(config.model_dump(include=set(Options.model_fields) & set(type(config).model_fields)))


PROTOCOLS: dict[str, dict[str, Any]] = {
    "paper": {"quadrature": "riemann-left", "nodes": 100, "channel": "blue"},
}


class CompareConfig(PairConfig):
    """``faig compare``: find filters with several methods, revert and graft them, measure the effects.

    Attributes:
        protocol: ``paper`` takes the published scripts' settings where others are not given: 100 left Riemann nodes,
            the blue channel, and effects on the images that filters are found on.
        images: what effects are measured on.
        find: what filters are found on; the same images where it is not given.
        methods: which.
        proportions: of the filters, in (0, 1], or texts such as ``1%``.
        filters: rankings from files, ``{method: {degradation: file}}``: of a method that is not searched for then,
            or under any other name.
        channel: ``gray``, or ``blue`` as the published script.
        random_seeds: how many seeds ``random`` is averaged over.
        save_images: keep every output as PNG.
        all_scores: keep the raw scores of every method, not of the run's own alone.
    """

    command: Literal["compare"] = "compare"
    protocol: Annotated[str, one_of(PROTOCOLS)] | None = None
    images: ImagesConfig
    find: ImagesConfig | None = None
    methods: MethodNames = Field(default_factory=lambda: list(METHODS))
    proportions: Proportions = Field(default_factory=lambda: [0.01, 0.03, 0.05, 0.1])
    filters: dict[Name, dict[Name, Ranking]] = Field(default_factory=dict)
    channel: Annotated[str, one_of(CHANNELS)] = "gray"
    random_seeds: Annotated[Repeats, Field(ge=5)] = 5
    save_images: bool = False
    all_scores: bool = True

    @model_validator(mode="before")
    @classmethod
    def _as_the_protocol_says(cls, values: Any) -> Any:
        settings = PROTOCOLS.get(values.get("protocol") or "", {}) if isinstance(values, dict) else {}
        if settings and values.get("find"):
            raise ValueError("protocol paper finds filters on the images that it measures on; leave find out")
        return settings | values if settings else values

    def check(self) -> None:
        """Raise InputError where there is nothing to compare."""
        if not self.proportions:
            raise InputError("there are no proportions to compare at", setting="proportions")
        if not (self.methods or self.filters):
            raise InputError("there are no methods and no rankings to compare", setting="methods")


class SweepConfig(NetworksConfig):
    """``faig sweep``: turn functions up and down, one at a time and all together.

    Attributes:
        images: what to restore.
        filters: of each function: a ranking, strengths, or a run directory.
        top: how many of each ranking, in (0, 1]; 1% where it is not given.
        strengths: ascending; 0 and 1 are among them.
        way: what is turned: output ``images``, or ``weights`` (the paper's); see `knob.turn`.
        picture: the image to show; the first where it is not given.
    """

    command: Literal["sweep"] = "sweep"
    images: ImagesConfig
    filters: Annotated[dict[Name, Ranking], Field(min_length=1)]
    top: Proportion | None = None
    way: Annotated[str, one_of(WAYS)] = WAYS[0]
    strengths: StrengthList = Field(default_factory=lambda: [step / 10 for step in range(16)])
    picture: str | None = None
