"""What is done to an image, step by step: from a GT image to an LR image of 8 bits.

The paper's preset (×2): Gaussian blur of 21×21 taps with σ = 2 GT pixels; bilinear downsampling without
antialiasing; Gaussian noise of σ = 0.1 of [0, 1]; each folder rounded to 8 bits and clipped.
"""

import dataclasses
import difflib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from faig.common.errors import InputError
from faig.imaging.blurs import Anisotropic, Blur, Blurring, Defocus, Motion
from faig.imaging.images import Image, Resized, check_range, round8
from faig.imaging.steps import Down, Fixed, Jpeg, Noise, Poisson, Random, Step

Images = Float[Tensor, "image channel height width"]
ResizedImages = Float[Tensor, "image channel _ _"]
Level = float | str  # of a degradation that a name stands for: a number, or a spec
TWICE = "down is there twice; images are downsampled once"

STEPS: dict[str, type[Step]] = {
    step.name(): step for step in (Blur, Anisotropic, Motion, Defocus, Down, Noise, Poisson, Jpeg)
}


@dataclass(frozen=True, init=False)
class Degradation:
    """How an LR image is made from a GT image. The default is a clean one.

    One of the steps is downsampling. What stands before it is done to the GT, in GT pixels; what stands after it, to
    the LR. Where none is given, it stands after the blurs that come first: ``Degradation(Blur(2), Jpeg(60))`` blurs
    the GT and compresses the LR, ``Degradation(Jpeg(60), Blur(2))`` compresses and then blurs the LR.

    Args:
        steps: in the order in which they are done.
        blur: in place of steps: σ of a Gaussian in GT pixels; 0 is none.
        noise: σ of Gaussian noise on the LR, of [0, 1]; 0 is none.
        jpeg: quality from 1 to 100, after the noise; None is none.
        downsampling: where no step says so: ``bilinear`` (the paper's preset), ``bicubic`` (antialiased) or ``area``.

    Attributes:
        steps: all of them, downsampling too.

    Raises:
        InputError: an argument makes no sense, or there are two downsamplings.
    """

    steps: tuple[Step, ...]

    def __init__(
        self,
        *steps: Step,
        blur: float = 0.0,
        noise: float = 0.0,
        jpeg: int | None = None,
        downsampling: str = "bilinear",
    ) -> None:
        given = {Blur: blur or None, Noise: noise or None, Jpeg: jpeg}
        levels = [_of_parameter(kind, level) for kind, level in given.items() if level is not None]
        before, down, after = split([*steps, *levels], Down(downsampling))
        object.__setattr__(self, "steps", (*before, down, *after))

    @classmethod
    def parse(cls, spec: str, downsampling: str = "bilinear") -> "Degradation":
        """The degradation that a text describes: ``blur:2+down:bicubic+noise:0.05+jpeg:60``.

        Args:
            spec: steps in order, joined by ``+``; arguments follow a step's name after ``:``.
            downsampling: where the text does not say; ``down`` alone says only where.

        Raises:
            InputError: it cannot be read; the message names the step.
        """
        return cls(*parse_steps(spec, downsampling), downsampling=downsampling)

    @classmethod
    def together(cls, parts: Iterable["Degradation"], downsampling: str = "bilinear") -> "Degradation":
        """Several at once: what each does to the GT, in their order, downsampling, what each does to the LR.

        Args:
            parts: of one way of downsampling.
            downsampling: where there are no parts.

        Raises:
            InputError: they differ in downsampling.
        """
        splits = [split(part.steps, Down(downsampling)) for part in parts]
        downs = dict.fromkeys(down for _, down, _ in splits) or {Down(downsampling): None}
        if len(downs) > 1:
            raise InputError(f"{' and '.join(map(str, downs))} cannot be done together; give all one downsampling")
        before = [step for on_gt, _, _ in splits for step in on_gt]
        after = [step for _, _, on_lr in splits for step in on_lr]
        return cls(*before, *downs, *after)

    def __str__(self) -> str:
        """The spec, with its downsampling: `parse` makes an equal degradation of it."""
        return "+".join(str(step) for step in self.steps)

    def __call__(self, gt: Image, scale: int, *, seed: int = 0, name: str = "") -> Resized:
        """Make the LR image, rounded to 8 bits.

        Args:
            gt: in [0, 1]; ``scale`` divides its sides.
            scale: 1 or more.
            seed: of what is random; not negative.
            name: of the image, without folder and suffix: images of different names get different noise.
        """
        return self.batch(gt[None], scale, seed=seed, names=[name])[0]

    def batch(self, gt: Images, scale: int, *, seed: int = 0, names: Sequence[str]) -> ResizedImages:
        """Make the LR images of several GT images of one size; each is what it would be alone.

        Args:
            gt: in [0, 1], on any device; ``scale`` divides their sides.
            scale: 1 or more.
            seed: of what is random; not negative.
            names: of the images.

        Raises:
            InputError: one is not in [0, 1], or they are too large for a step; the message names the first.
        """
        for image, name in zip(gt, names, strict=True):
            check_range(image, f"{name}: the GT" if name else "the GT")
        rngs = [np.random.default_rng(np.random.SeedSequence([seed, *name.encode()])) for name in names]
        images = gt
        try:
            for step in self.steps:
                images = step(images, scale) if isinstance(step, Down) else done(step, images, rngs)
        except InputError as error:
            raise error.at(names[0]) from None
        return round8(images)


def _of_parameter(kind: type[Any], level: float) -> Step:
    try:
        return kind(level)
    except InputError as error:
        raise InputError(str(error), setting=kind.name()) from None


def split(steps: Iterable[Step], default: Down) -> tuple[tuple[Step, ...], Down, tuple[Step, ...]]:
    """What is done to the GT, the downsampling, and what is done to the LR.

    Args:
        steps: in order.
        default: where they have none, it stands after the blurs that come first.

    Raises:
        InputError: there are two.
    """
    steps = tuple(steps)
    indices = [index for index, step in enumerate(steps) if isinstance(step, Down)]
    if len(indices) > 1:
        raise InputError(TWICE)
    if indices:
        down = steps[indices[0]]
        assert isinstance(down, Down)
        return steps[: indices[0]], down, steps[indices[0] + 1 :]
    before = tuple(itertools.takewhile(lambda step: isinstance(step, Blurring), steps))
    return before, default, steps[len(before) :]


def parse_steps(spec: str, downsampling: str = "bilinear") -> list[Step]:
    """The steps that a text names, in its order; see `Degradation.parse`.

    Raises:
        InputError: it cannot be read.
    """
    steps = []
    for number, text in enumerate(spec.split("+"), 1):
        name, *arguments = text.strip().split(":")
        try:
            steps.append(_step(name, [downsampling] if [name, *arguments] == ["down"] else arguments))
        except InputError as error:
            raise InputError(f"{spec!r}, step {number}: {error}", setting="degrade") from None
    if sum(isinstance(step, Down) for step in steps) > 1:
        raise InputError(f"{spec!r}: {TWICE}")
    return steps


def _step(name: str, arguments: list[str]) -> Step:
    kind = STEPS.get(name)
    if kind is None:
        close = difflib.get_close_matches(name, STEPS, n=1)
        way_out = f"; did you mean {close[0]}?" if close else ""
        raise InputError(f"{name!r} is not one of {', '.join(STEPS)}{way_out}")
    fields = dataclasses.fields(kind)
    needed = sum(field.default is dataclasses.MISSING for field in fields)
    if not needed <= len(arguments) <= len(fields):
        raise InputError(f"expected {kind.usage()}, not {':'.join([name, *arguments])}")
    return kind(*(_value(field, text) for field, text in zip(fields, arguments, strict=False)))


def _value(field: "dataclasses.Field[Any]", text: str) -> Any:
    if field.type is str:
        return text
    try:
        number = float(text)
    except ValueError:
        raise InputError(f"{text!r} is not a number") from None
    if field.type is int and not number.is_integer():
        raise InputError(f"{text} is not a whole number")
    return int(number) if field.type is int else number


def named(name: str, level: Level, downsampling: str = "bilinear") -> Degradation:
    """The degradation of a ``NAME=LEVEL``: a spec, or a number, the first argument of the step that the name is.

    Args:
        name: anything; the name of a step where the level is a number.
        level: a spec, or a number.
        downsampling: where a spec does not say.

    Raises:
        InputError: the spec cannot be read, or the name is of no step that has a number; the message names both.
    """
    try:
        if isinstance(level, str):
            return Degradation.parse(level, downsampling)
        if name == Down.name():
            raise InputError("write down:area, down:bicubic or down:bilinear")
        step = _step(name, [str(level)])
    except InputError as error:
        value = f"{level:g}" if isinstance(level, float) else level
        hint = "" if isinstance(level, str) or name in STEPS else "; or give what is done: noise:0.05+jpeg:60"
        raise InputError(f"degradation {name}={value}: {error}{hint}", setting="degrade") from None
    return Degradation(step, downsampling=downsampling)


def paper_preset() -> dict[str, Degradation]:
    """The paper's degradations by name; ``clean`` is none."""
    return {"clean": Degradation(), "blur": Degradation(blur=2.0), "noise": Degradation(noise=0.1)}


def done(step: Step, images: Images, rngs: Sequence[np.random.Generator]) -> Images:
    """Do a step that keeps the size to images, each with its own generator."""
    if isinstance(step, Random):
        return step(images, torch.stack([step.draw(rng, tuple(images.shape[1:])) for rng in rngs]))
    assert isinstance(step, Fixed), step
    return step(images)
