"""The networks of a run, loaded as its settings say, and what of them determines its results."""

from typing import Any

from faig.attribution.integration.objectives import objective_fingerprint
from faig.attribution.methods import STRENGTHS
from faig.common.version import versions
from faig.experiment.config import NetworksConfig, PairConfig
from faig.filters import UNITS
from faig.networks.fingerprint import ends_fingerprints
from faig.pair import Pair


def configured_pair(config: NetworksConfig) -> Pair:
    """Load both networks of a run onto its device.

    Raises:
        InputError: a file cannot be loaded, the two do not fit, or they are equal.
    """
    return Pair(
        target=config.target,
        baseline=config.baseline,
        arch=config.arch,
        device=config.device,
        unit=config.unit or ("channel" if getattr(config, "method", None) == STRENGTHS.name else UNITS[0]),
        everything=config.everything,
    )


def pair_fingerprint(pair: Pair, config: NetworksConfig) -> dict[str, Any]:
    """What of a pair and its settings determines a result."""
    fingerprint = ends_fingerprints(pair.target, pair.baseline) | {
        "seed": config.seed,
        "threads": config.threads,
        "device": config.device.partition(":")[0],
        "versions": versions(),
        "units": [pair.space.unit, pair.space.everything],
    }
    if not isinstance(config, PairConfig):
        return fingerprint
    integral = ("quadrature", "nodes", "tolerance", "memory", "precision")
    chosen = {"layers": config.layers, "not_layers": config.not_layers}
    return (
        fingerprint
        | {name: getattr(config, name) for name in integral}
        | {name: patterns for name, patterns in chosen.items() if patterns}
        | ({} if config.objective == "squared" else objective_fingerprint(config.objective))
    )
