"""What there is to say of a pair of the zoo, for people who choose one."""

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from faig import zoo
from faig.attribution.files.score_files import load_scores
from faig.common.errors import InputError
from faig.imaging.ranges import StepRange, parse_ranges
from faig.networks.checkpoint import network_metadata
from faig.networks.inference import scale_of
from faig.zoo.card import CARD, Measured, read_card
from faig.zoo.learned import LEARNED
from faig.zoo.predictor import PREDICTOR
from faig.zoo.scores import SCORES

KEPT = "kept_of_change"  # in a training's record: the share of what it changed that its file has
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
        trained: each degradation of the target's training with its level, and its probability; empty where not known.
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
    trained: list[tuple[str, float]]
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
    target, baseline = zoo.load_networks(target=f"{pair}/target", baseline=f"{pair}/baseline")
    metadata = network_metadata(folder / "target.safetensors")
    card, scores = folder / CARD, folder / SCORES
    return PairRecord(
        name=pair,
        architecture=str(metadata.get("architecture", "")),
        scale=scale_of(target),
        parameters=sum(weight.numel() for weight in target.parameters()),
        size=sum((folder / f"{role}.safetensors").stat().st_size for role in zoo.ROLES),
        functions=load_scores(scores)[0].degradations if scores.is_file() else [],
        trained=_trained(metadata),
        change=relative_change(target, baseline),
        beside=[words for file, words in BESIDE.items() if (folder / file).is_file()],
        measured=read_card(card)[0] if card.is_file() else [],
    )


def relative_change(target: nn.Module, baseline: nn.Module) -> float:
    """How far fine-tuning moved the weights: ``|θ - θ̄| / |θ|``."""
    high, low = (torch.cat([weight.detach().flatten() for weight in each.parameters()]) for each in (target, baseline))
    return float((high - low).norm() / high.norm())


def training_facts(metadata: dict[str, Any]) -> dict[str, str]:
    """What a network's file says of how it was trained, in words, by what it is about.

    What it does not say is left out; so is what is not of the shape that training writes: the record may be of another
    version, or of others.
    """
    training = metadata.get("training")
    facts: dict[str, str] = {}
    for about, tell in (("trained", _length), ("images", _images), ("degraded", _degraded), ("reaches", _reached)):
        try:
            facts[about] = tell(training)
        except (LookupError, AttributeError, TypeError, ValueError, InputError):
            continue
    return facts


def _length(training: Any) -> str:
    count = int(training["config"]["optimizer"]["iterations"])
    took = f" in {float(training['seconds']) / 3600:.1f} hours" if training.get("seconds") else ""
    before = "going on from another training" if training.get("start") else "from scratch"
    kept = f"; {float(training[KEPT]):g} of what it changed was kept" if KEPT in training else ""
    return f"{count:,} iterations{took} on {training['hardware']}, {before}{kept}"


def _images(training: Any) -> str:
    data = training["config"]["data"]
    side = int(data["lr_patch"])
    return f"{Path(data['gt']).name}, {int(data['batch'])} patches of {side}x{side} LR pixels an iteration"


def _degraded(training: Any) -> str:
    return in_words(_drawn(training["config"]["data"]["degradation"])) or "nothing"


def _reached(training: Any) -> str:
    last, validation = training["validation"][-1], training["config"]["validation"]
    psnr = {kind: float(value) for kind, value in last.items() if kind not in ("iteration", "loss")}
    on = f"{int(validation['images'])} images of {Path(validation['gt']).name}"
    when = ", all of its change kept" if KEPT in training else ""
    return f"PSNR {', '.join(f'{kind} {value:.2f}' for kind, value in psnr.items())} dB on {on}{when}"


def _trained(metadata: dict[str, Any]) -> list[tuple[str, float]]:
    """Each degradation with its level that a training record names, and its probability; none of another shape."""
    try:
        return _drawn(metadata["training"]["config"]["data"]["degradation"])
    except (LookupError, AttributeError, TypeError, ValueError, InputError):
        return []


def _drawn(degradation: Any) -> list[tuple[str, float]]:
    """Levels given by name, then specs: each step's first number, or its range, with the probability of the spec."""
    found = [
        (f"{kind} {float(degradation[kind]):g}", float(degradation.get(f"{kind}_probability", 1)))
        for kind in ("blur", "noise")
        if degradation.get(kind)
    ]
    for spec, share in degradation.get("degrade", {}).items():
        found += [(_level(each), float(share)) for each in parse_ranges(spec)]
    return found


def _level(steps: StepRange) -> str:
    ends = dict.fromkeys(f"{float(astuple(step)[0]):g}" for step in (steps.low, steps.high))
    return f"{steps.low.name()} {' to '.join(ends)}"


def in_words(trained: list[tuple[str, float]]) -> str:
    """Levels with their probabilities, in a line."""
    return ", ".join(f"{level} (probability {share:g})" for level, share in trained)
