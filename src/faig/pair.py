"""The two networks of a study, loaded, and what of them determines a result."""

import platform
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from faig import __version__, zoo
from faig.attribution.objectives import objective_fingerprint
from faig.attribution.path import WeightPath
from faig.experiment.config import NetworksConfig, PairConfig
from faig.filters import FilterSpace
from faig.networks.checkpoint import load_builder
from faig.networks.fingerprint import network_fingerprint
from faig.networks.inference import scale_of


@dataclass
class Pair:
    """A pair of networks, ready to be compared."""

    baseline: nn.Module
    target: nn.Module
    path: WeightPath
    space: FilterSpace
    scale: int

    @classmethod
    def load(cls, config: NetworksConfig) -> "Pair":
        """Load both networks of a study onto its device.

        Raises:
            InputError: a file cannot be loaded, the two do not fit, or they are equal.
        """
        builder = load_builder(config.arch) if config.arch else None
        target, baseline = zoo.load_pair(config.target, config.baseline, builder, config.device)
        path = WeightPath(target, baseline)
        return cls(baseline, target, path, FilterSpace.of(target), scale_of(target))

    def fingerprint(self, config: NetworksConfig) -> dict[str, Any]:
        """What of a pair and its settings determines a result."""
        own = {
            "target": network_fingerprint(self.target),
            "baseline": network_fingerprint(self.baseline),
            "seed": config.seed,
            "threads": config.threads,
            "device": config.device.partition(":")[0],
            "versions": versions(),
        }
        if not isinstance(config, PairConfig):
            return own
        integral = ("quadrature", "nodes", "tolerance", "memory", "precision")
        chosen = {"layers": config.layers, "not_layers": config.not_layers}
        return (
            own
            | {name: getattr(config, name) for name in integral}
            | {name: patterns for name, patterns in chosen.items() if patterns}
            | ({} if config.objective == "squared" else objective_fingerprint(config.objective))
        )


def versions() -> dict[str, str]:
    """Of what computes: this package, torch, Python."""
    return {"faig": __version__, "torch": torch.__version__, "python": platform.python_version()}
