"""What altered networks do, measured: outputs compared with those of target and baseline, and with the GT."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from faig.common.progress import Track, silent
from faig.common.statistics import Numbers
from faig.imaging.cases import Case, describe_images
from faig.imaging.images import Resized, write_image
from faig.imaging.metrics import psnr, ssim
from faig.intervention.effect import effect
from faig.networks.inference import restore

logger = logging.getLogger("faig")

Outputs = dict[str, list[Resized]]  # by input, one per case


@dataclass(frozen=True)
class Reference:
    """What the unaltered networks do: computed once, compared with often.

    Attributes:
        cases: what effects are measured on.
        target: the target's outputs.
        baseline: the baseline's outputs.
        between: ``E(target, baseline)`` per image, by input.
        psnr: PSNR in dB of target and baseline per image, by input.
        pixels_between: as ``between``, in pixels: mean squared error over all channels, of 8-bit values in [0, 1].
        ssim: SSIM of target and baseline per image, by input.
    """

    cases: list[Case]
    target: Outputs
    baseline: Outputs
    between: dict[str, Numbers]
    psnr: dict[str, tuple[Numbers, Numbers]]
    pixels_between: dict[str, Numbers]
    ssim: dict[str, tuple[Numbers, Numbers]]

    @property
    def photos(self) -> list[str]:
        """Of which photo each image is: what intervals resample."""
        return [case.photo for case in self.cases]

    def of_case(self, place: int) -> "Reference":
        """The same of one case alone."""
        one = slice(place, place + 1)
        return Reference(
            cases=self.cases[one],
            target={kind: outputs[one] for kind, outputs in self.target.items()},
            baseline={kind: outputs[one] for kind, outputs in self.baseline.items()},
            between={kind: values[one] for kind, values in self.between.items()},
            psnr={kind: (target[one], baseline[one]) for kind, (target, baseline) in self.psnr.items()},
            pixels_between={kind: values[one] for kind, values in self.pixels_between.items()},
            ssim={kind: (target[one], baseline[one]) for kind, (target, baseline) in self.ssim.items()},
        )


@dataclass(frozen=True)
class Measurement:
    """What an altered network does on one kind of input; every array is ``[image]``.

    Attributes:
        to_target: ``E(F', target)``.
        to_baseline: ``E(F', baseline)``.
        psnr: dB, all channels, border = scale.
        ssim: all channels, border = scale.
        pixels_to_target: mean squared error against the target's output, all channels, of 8-bit values in [0, 1].
        pixels_to_baseline: against the baseline's.
    """

    to_target: Numbers
    to_baseline: Numbers
    psnr: Numbers
    ssim: Numbers
    pixels_to_target: Numbers
    pixels_to_baseline: Numbers


Measured = dict[str, Measurement]  # by input


def measure_reference(
    target_network: nn.Module,
    baseline_network: nn.Module,
    scale: int,
    cases: list[Case],
    channel: str = "gray",
    images: Path | None = None,
    track: Track = silent,
) -> Reference:
    """Run target and baseline over all inputs."""
    logger.info("effects are measured on %s", describe_images(cases))
    outputs = {}
    for name, network in (("target", target_network), ("baseline", baseline_network)):
        kinds = list(cases[0].lr)
        shown = track(cases, f"restore ({name})", len(cases))
        rows = [{kind: restore(network, case.lr[kind]) for kind in kinds} for case in shown]
        outputs[name] = {kind: [row[kind] for row in rows] for kind in kinds}
        if images is not None:
            save_images(images / name, cases, outputs[name])
    target, baseline = outputs["target"], outputs["baseline"]
    return Reference(
        cases=cases,
        target=target,
        baseline=baseline,
        between={kind: effects(target[kind], baseline[kind], channel) for kind in target},
        psnr={kind: (psnrs(target[kind], cases, scale), psnrs(baseline[kind], cases, scale)) for kind in target},
        pixels_between={kind: squared_errors(target[kind], baseline[kind]) for kind in target},
        ssim={kind: (ssims(target[kind], cases, scale), ssims(baseline[kind], cases, scale)) for kind in target},
    )


def measure(
    network: nn.Module, reference: Reference, scale: int, channel: str = "gray", images: Path | None = None
) -> Measured:
    """Run an altered network over all inputs and compare it with target, baseline and GT."""
    cases, measured = reference.cases, {}
    for kind in reference.target:
        outputs = [restore(network, case.lr[kind]) for case in cases]
        if images is not None:
            save_images(images, cases, {kind: outputs})
        measured[kind] = compared(kind, outputs, reference, scale, channel)
    return measured


def compared(kind: str, outputs: list[Resized], reference: Reference, scale: int, channel: str = "gray") -> Measurement:
    """An altered network's outputs on one kind of input, one per case, compared with target, baseline and GT."""
    cases = reference.cases
    return Measurement(
        to_target=effects(outputs, reference.target[kind], channel),
        to_baseline=effects(outputs, reference.baseline[kind], channel),
        psnr=psnrs(outputs, cases, scale),
        ssim=ssims(outputs, cases, scale),
        pixels_to_target=squared_errors(outputs, reference.target[kind]),
        pixels_to_baseline=squared_errors(outputs, reference.baseline[kind]),
    )


def effects(first: list[Resized], second: list[Resized], channel: str) -> Numbers:
    """The effect between two lists of outputs, per image."""
    return np.array([effect(a, b, channel) for a, b in zip(first, second, strict=True)])


def squared_errors(first: list[Resized], second: list[Resized]) -> Numbers:
    """The mean squared error between two lists of outputs, over pixels and channels, per image."""
    pairs = zip(first, second, strict=True)
    return np.array([float((a - b).square().mean(dtype=torch.float64)) for a, b in pairs])


def psnrs(outputs: list[Resized], cases: list[Case], border: int) -> Numbers:
    """The PSNR of each image, in dB."""
    return np.array([psnr(o, case.gt, border=border) for o, case in zip(outputs, cases, strict=True)])


def ssims(outputs: list[Resized], cases: list[Case], border: int) -> Numbers:
    """The SSIM of each image."""
    return np.array([ssim(o, case.gt, border=border) for o, case in zip(outputs, cases, strict=True)])


def save_images(folder: Path, cases: list[Case], outputs: Outputs) -> None:
    """Write every output as ``folder/<input>/<name>.png``."""
    for kind, images in outputs.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for case, image in zip(cases, images, strict=True):
            write_image(folder / kind / f"{case.name}.png", image)


def to_json(measured: Measured) -> dict[str, dict[str, list[float]]]:
    """What was measured, JSON-able; numbers come back exactly."""
    return {kind: {name: values.tolist() for name, values in vars(m).items()} for kind, m in measured.items()}


def from_json(values: dict[str, dict[str, list[float]]]) -> Measured:
    """What `to_json` made."""
    return {kind: Measurement(**{name: np.array(v) for name, v in m.items()}) for kind, m in values.items()}
