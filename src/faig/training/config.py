"""What a training run is: a YAML file, checked before anything starts."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from faig.settings import Strict, read_yaml, validated


class NetworkConfig(Strict):
    """The network to train: its architecture, and where its first weights come from."""

    architecture: str = "srresnet"
    arguments: dict[str, Any] = Field(default_factory=lambda: {"scale": 2})
    start: str | None = Field(None, description="a network file to fine-tune; None starts from random weights")


class DegradationConfig(Strict):
    """What is done to each patch; blur and noise are drawn independently."""

    blur: NonNegativeFloat = Field(0.0, description="σ in GT pixels")
    blur_probability: float = Field(0.5, ge=0, le=1)
    noise: NonNegativeFloat = Field(0.0, description="σ of [0, 1]")
    noise_probability: float = Field(0.5, ge=0, le=1)
    downsampling: Literal["bilinear", "bicubic"] = "bilinear"


class DataConfig(Strict):
    """Training images and how patches are cut from them."""

    gt: Path = Field(description="folder of GT images")
    lr_patch: PositiveInt = Field(32, description="side of an LR patch in pixels; the GT patch is scale times that")
    batch: PositiveInt = 16
    degradation: DegradationConfig = DegradationConfig()


class OptimizerConfig(Strict):
    """Adam with a cosine schedule from ``learning_rate`` to ``final_learning_rate``."""

    iterations: PositiveInt
    learning_rate: PositiveFloat = 2e-4
    final_learning_rate: NonNegativeFloat = 1e-7
    betas: tuple[float, float] = (0.9, 0.99)
    ema: float = Field(0.999, ge=0, lt=1, description="decay of the averaged weights, the ones that are kept")


class ValidationConfig(Strict):
    """PSNR (RGB, border = scale) on clean, blurry and noisy versions of a folder of images."""

    gt: Path
    images: PositiveInt = Field(5, description="the first so many, by file name")
    every: PositiveInt = Field(1000, description="iterations")
    blur: NonNegativeFloat = 2.0
    noise: NonNegativeFloat = 0.1


class TrainingConfig(Strict):
    """A training run."""

    name: str
    network: NetworkConfig = NetworkConfig()
    data: DataConfig
    optimizer: OptimizerConfig
    validation: ValidationConfig | None = None
    seed: int = Field(0, ge=0)
    checkpoint_every: PositiveInt = Field(500, description="iterations")
    out: Path = Field(description="folder of the run")


def read_config(path: Path) -> TrainingConfig:
    """Read and check a training configuration; paths in it are relative to the working directory.

    Raises:
        InputError: the file is missing, no YAML, or has an unknown, missing or wrong setting.
    """
    return validated(TrainingConfig, read_yaml(path), str(path))
