"""What there is to say of a pair of the zoo, for people who choose one."""

from dataclasses import dataclass
from typing import Any

import torch

from faig import zoo
from faig.attribution.files.score_files import load_scores
from faig.networks.checkpoint import network_metadata
from faig.networks.inference import scale_of
from faig.zoo.card import CARD, Measured, read_card
from faig.zoo.learned import LEARNED
from faig.zoo.predictor import PREDICTOR
from faig.zoo.scores import SCORES

BESIDE = {SCORES: "scores", LEARNED: "learned sets", PREDICTOR: "predictor"}


@dataclass(frozen=True)
class PairRecord:
    """A pair of the zoo.

    Attributes:
        name: e.g. ``srresnet-x2``.
        architecture: of both networks; empty where it is not known by name.
        scale: GT size / LR size.
        parameters: of one network.
        size: of both files, in bytes.
        functions: the degradations that it has scores for.
        trained: level of each degradation in the target's training, with its probability; empty where not known.
        change: how far fine-tuning moved the weights: ``|θ - θ̄| / |θ|``.
        beside: which other files ship with it, in words.
        measured: what its card says of its networks.
    """

    name: str
    architecture: str
    scale: int
    parameters: int
    size: int
    functions: list[str]
    trained: dict[str, tuple[float, float]]
    change: float
    beside: list[str]
    measured: list[Measured]

    def gain(self, images: str, kind: str) -> float | None:
        """The target's PSNR minus the baseline's on an input of a set, in dB; None where it was not measured."""
        psnr = {row.network: row.psnr for row in self.measured if (row.images, row.input) == (images, kind)}
        return psnr["target"] - psnr["baseline"] if {"target", "baseline"} <= psnr.keys() else None


def record_of(pair: str) -> PairRecord:
    """What there is to say of a pair.

    Raises:
        InputError: there is no such pair, or a file of it cannot be read.
    """
    folder = zoo.folder(pair)
    target, baseline = zoo.load_pair(f"{pair}/target", f"{pair}/baseline")
    metadata = network_metadata(folder / "target.safetensors")
    high, low = (torch.cat([w.flatten() for w in network.parameters()]) for network in (target, baseline))
    card, scores = folder / CARD, folder / SCORES
    return PairRecord(
        name=pair,
        architecture=str(metadata.get("architecture", "")),
        scale=scale_of(target),
        parameters=high.numel(),
        size=sum((folder / f"{role}.safetensors").stat().st_size for role in zoo.ROLES),
        functions=load_scores(scores)[0].degradations if scores.is_file() else [],
        trained=_trained(metadata),
        change=float((high - low).norm() / high.norm()),
        beside=[words for file, words in BESIDE.items() if (folder / file).is_file()],
        measured=read_card(card)[0] if card.is_file() else [],
    )


def _trained(metadata: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Level and probability of each degradation that a training record names; none of a record of another shape."""
    try:
        degradation = metadata["training"]["config"]["data"]["degradation"]
        return {
            kind: (float(degradation[kind]), float(degradation.get(f"{kind}_probability", 1)))
            for kind in ("blur", "noise", "jpeg")
            if degradation.get(kind)
        }
    except (LookupError, AttributeError, TypeError, ValueError):
        return {}
