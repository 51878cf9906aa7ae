"""What a pair of the zoo is measured on and its filters are found on: images reduced as its target's training did."""

from pathlib import Path

from faig import zoo
from faig.experiment.config import ImagesConfig
from faig.networks.checkpoint import network_metadata


def inputs_of(pair: str, gt: Path, degrade: list[str]) -> ImagesConfig:
    """Clean images, and one version for each ``name=level``."""
    levels = {name: float(level) for name, level in (each.split("=") for each in degrade)}
    training = network_metadata(zoo.find(f"{pair}/target"))["training"]["config"]
    return ImagesConfig(gt=gt, degrade=levels, downsampling=training["data"]["degradation"]["downsampling"])
