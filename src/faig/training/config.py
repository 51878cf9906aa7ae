"""What a training run is: a YAML file, checked before anything starts."""

import warnings
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from faig.common.errors import InputError
from faig.common.setting_types import MOST_WORKERS, FileName, FilePath, Iterations, Label, Seed
from faig.common.settings import NumberOrText, Proportion, Strict, validated
from faig.common.yaml import read_yaml
from faig.imaging.blurs import Blur
from faig.imaging.degradation import Degradation, named
from faig.imaging.ranges import StepRange, parse_ranges
from faig.imaging.steps import Down, Noise
from faig.networks.architectures import build, takes
from faig.networks.inference import channels_of, scale_of


class NetworkConfig(Strict):
    """The network to train: its architecture, and where its first weights come from."""

    architecture: str = "srresnet"
    arguments: dict[str, Any] = Field(default_factory=lambda: {"scale": 2})
    start: FileName | None = Field(
        None, description="a network to fine-tune, a file or a zoo name; None: random weights"
    )
    start_key: str | None = Field(
        None, description="which weights of a .pth file; the average begins at its params_ema where it has them"
    )
    strict: bool = Field(True, description="start must have every weight; else those that do not fit stay random")

    @model_validator(mode="after")
    def _can_be_built(self) -> "NetworkConfig":
        if "scale" not in self.arguments and takes(self.architecture, "scale"):
            raise ValueError("arguments needs a scale: {scale: 2}")
        if "architecture" in self.arguments:
            raise ValueError("arguments: architecture stands beside arguments, not in them")
        with torch.device("meta"), warnings.catch_warnings(action="ignore"):
            network = build(self.architecture, **self.arguments)
            scale, channels = scale_of(network), channels_of(network)
        if type(self.scale) is not int or scale != self.scale:
            raise ValueError(f"arguments: scale: {self.scale!r} makes a network that enlarges by {scale}")
        if channels != 3:
            raise ValueError("arguments: channels: networks are trained on RGB; give 3")
        return self

    @property
    def scale(self) -> int:
        """By how much the network enlarges."""
        return self.arguments.get("scale", 1)


class DegradationConfig(Strict):
    """What is done to each patch: blur, noise and every spec are drawn independently, and done in this order."""

    blur: NonNegativeFloat = Field(0.0, description="σ in GT pixels")
    blur_probability: float = Field(0.5, ge=0, le=1)
    noise: NonNegativeFloat = Field(0.0, description="σ of [0, 1]")
    noise_probability: float = Field(0.5, ge=0, le=1)
    degrade: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict, description="more: the probability of each spec, as {jpeg:40: 0.5, blur:0.5..3: 0.5}"
    )
    downsampling: Literal["bilinear", "bicubic", "area"] = "bilinear"

    @model_validator(mode="after")
    def _levels(self) -> "DegradationConfig":
        self.draws()  # raises where a level is out of range
        return self

    @property
    def names(self) -> list[str]:
        """What is drawn, in the order of `draws`: ``blur``, ``noise``, and every spec."""
        return ["blur", "noise", *self.degrade]

    def draws(self) -> list[tuple[float, list[StepRange]]]:
        """What is drawn for each patch, in order: a probability, and the steps that are done or not.

        Raises:
            InputError: a spec cannot be read, or says how to downsample.
        """
        blur, noise = Blur(self.blur), Noise(self.noise)
        draws = [
            (self.blur_probability, [StepRange(blur, blur)] if self.blur else []),
            (self.noise_probability, [StepRange(noise, noise)] if self.noise else []),
        ]
        for spec, probability in self.degrade.items():
            steps = parse_ranges(spec)
            if any(isinstance(step.low, Down) for step in steps):
                raise InputError(f"degrade: {spec!r}: all patches are downsampled in one way; set downsampling")
            draws.append((probability, steps))
        return draws


class DataConfig(Strict):
    """Training images and how patches are cut from them."""

    gt: FilePath = Field(description="a folder of GT images or sub-images, or an LMDB")
    lr_patch: PositiveInt = Field(32, description="side of an LR patch in pixels; the GT patch is scale times that")
    batch: PositiveInt = Field(16, description="patches an iteration, all processes together")
    flip: bool = True
    rotate: bool = Field(True, description="by quarter turns")
    degradation: DegradationConfig = DegradationConfig()
    workers: int = Field(
        0, ge=0, le=MOST_WORKERS, description="processes that cut patches; 0: the training process itself"
    )
    cache_gb: NonNegativeFloat = Field(2.0, description="decoded images kept in memory, by each process that cuts")


OTHERS = "others"  # of teachers: the one of all patches that none of the named things was done to
Beta = Annotated[float, Field(ge=0, lt=1)]


class OptimizerConfig(Strict):
    """Adam with a cosine schedule from ``learning_rate`` to ``final_learning_rate``, L1 loss.

    ``betas``, ``eps``, ``weight_decay`` and ``amsgrad`` are those of `torch.optim.Adam`. ``pull_to_start`` is L2-SP
    (Li et al., ICML 2018): the penalty ``pull_to_start × ‖w - w_start‖²``.
    """

    iterations: Iterations
    learning_rate: PositiveFloat = 2e-4
    final_learning_rate: NonNegativeFloat = 1e-7
    restart_every: PositiveInt | None = Field(None, description="iterations of one cosine; None: all of them")
    betas: tuple[Beta, Beta] = (0.9, 0.99)
    eps: PositiveFloat = 1e-8
    weight_decay: NonNegativeFloat = 0.0
    pull_to_start: PositiveFloat | None = Field(
        None, description="added to the loss: so many times the squared distance of the trained weights from the start"
    )
    amsgrad: bool = False
    loss_weight: PositiveFloat = Field(1.0, description="what the loss is multiplied by")
    reduction: Literal["mean", "sum"] = Field("mean", description="of the loss, over all values of the batch")
    ema: float = Field(0.999, ge=0, lt=1, description="decay of the averaged weights, the ones that are kept")
    precision: Literal["float32", "tf32", "bfloat16"] = Field("float32", description="of convolutions, not of weights")
    compile: bool = Field(False, description="torch.compile with CUDA graphs: pays on a GPU")


class ValidationConfig(Strict):
    """PSNR (RGB, border = scale) on a folder of images: on LR folders, or on LR images that are made."""

    gt: FilePath
    lr: dict[Label, FilePath] = Field(default_factory=dict, description="LR folder by name, in place of blur and noise")
    images: PositiveInt | None = Field(None, description="the first so many, by file name; None: all")
    every: PositiveInt = Field(5000, description="iterations")
    blur: NonNegativeFloat = 2.0
    noise: NonNegativeFloat = 0.1
    degrade: dict[Label, NumberOrText] = Field(
        default_factory=dict, description="more kinds, as NAME=SPEC of faig attribute"
    )

    @model_validator(mode="after")
    def _levels(self) -> "ValidationConfig":
        self.degradations()
        return self

    def degradations(self, downsampling: str = "bilinear") -> dict[str, Degradation]:
        """The degradation of each kind of input, where LR images are made.

        Args:
            downsampling: that of the training patches; specs may say another.

        Raises:
            InputError: a level is out of range, or a spec cannot be read.
        """
        usual = {
            "clean": Degradation(downsampling=downsampling),
            "blur": Degradation(blur=self.blur, downsampling=downsampling),
            "noise": Degradation(noise=self.noise, downsampling=downsampling),
        }
        return usual | {name: named(name, level, downsampling) for name, level in self.degrade.items()}


class TrainingConfig(Strict):
    """A training run."""

    name: Label
    network: NetworkConfig = Field(default_factory=NetworkConfig)
    data: DataConfig
    optimizer: OptimizerConfig
    validation: ValidationConfig | None = None
    filters: FileName | None = Field(None, description="a ranking, file or srresnet-x2/blur: train its top alone")
    protect: FileName | None = Field(None, description="a ranking: its top stays as it is, all else is trained")
    layers: list[Label] = Field(default_factory=list, description="patterns of layers by name: train these alone")
    banks: dict[str, FileName] = Field(
        default_factory=dict,
        description="of srresnet-banks: for each bank, by its degradation, the ranking whose first filters it has",
    )
    label_loss: PositiveFloat | None = Field(
        None, description="added to the loss: so many times the cross-entropy of what the classifier says is on a patch"
    )
    top: Proportion | None = Field(None, description="how many of the ranking: 1% or 0.01")
    teachers: dict[str, FileName] = Field(
        default_factory=dict,
        description="what patches shall become in place of their GT: a network's output, by what was done to them",
    )
    seed: Seed = 0
    checkpoint_every: PositiveInt = Field(1000, description="iterations")
    report_every: PositiveInt = Field(10, description="iterations")
    tensorboard: bool = Field(False, description="curves and sample images in OUT/tensorboard")
    basicsr: bool = Field(False, description="also write OUT/models/net_g_N.pth and net_g_latest.pth, as BasicSR does")
    out: FilePath = Field(description="folder of the run")

    @model_validator(mode="after")
    def _filters_need_more(self) -> "TrainingConfig":
        given = [name for name in ("filters", "protect") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError("filters and protect: give one of them")
        if self.top is not None and not given:
            raise ValueError("top is of a ranking: give filters or protect")
        for name in given:
            if self.network.start is None:
                raise ValueError(f"{name} needs network.start: the network whose other weights stay")
            if self.optimizer.weight_decay:
                raise ValueError(f"optimizer.weight_decay would change the weights that {name} keeps; give 0")
        if self.banks and self.network.start is None:
            raise ValueError("banks needs network.start: the network whose filters are ranked")
        if self.label_loss and not self.banks:
            raise ValueError("label_loss is of what banks are mixed in by: name them, banks: {blur: RANKING}")
        drawn = self.data.degradation.names
        if self.label_loss and (unknown := [name for name in self.banks if name not in drawn]):
            raise ValueError(f"label_loss: the bank {unknown[0]!r} is none of {', '.join(drawn)}")
        if self.optimizer.pull_to_start is not None and self.network.start is None:
            raise ValueError("optimizer.pull_to_start needs network.start: the network that weights are pulled to")
        known = [*self.data.degradation.names, OTHERS]
        if unknown := [name for name in self.teachers if name not in known]:
            raise ValueError(f"teachers: {unknown[0]!r} is none of {', '.join(known)}")
        if self.out == Path():
            raise ValueError("out: name a folder of its own")
        return self

    def result_settings(self) -> dict[str, Any]:
        """The settings that the trained weights depend on, but for files, whose content counts and not their names."""
        counted = {"network", "data", "optimizer", "top", "layers", "label_loss", "seed"}
        settings = self.model_dump(mode="json", include=counted)
        for section, names in {"network": ["start"], "data": ["gt", "workers", "cache_gb"]}.items():
            for name in names:
                del settings[section][name]
        return settings


def read_config(path: Path) -> tuple[TrainingConfig, list[str]]:
    """Read and check a training configuration, ours or BasicSR's; paths in it are relative to the working directory.

    Returns:
        The configuration, and a line for each setting of BasicSR's that has no effect on the result.

    Raises:
        InputError: the file is missing, no YAML, or has an unknown, missing or wrong setting.
    """
    from faig.training.basicsr import NAMES, is_basicsr, translate

    values = read_yaml(path)
    if not is_basicsr(values):
        return validated(TrainingConfig, values, str(path)), []
    values, notes = translate(values, str(path))
    return validated(TrainingConfig, values, str(path), NAMES), notes
