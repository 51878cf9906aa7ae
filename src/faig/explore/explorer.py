"""Photos, a pair, and what turning its functions does to them: all that the page shows, without any web."""

import time
from collections.abc import Hashable
from typing import Any

import cv2
import numpy as np
from torch import Tensor

from faig.attribution.options import IntegralOptions
from faig.common.errors import InputError
from faig.explore.alterations import BASELINE, TARGET, Alteration, AlteredNetworks, Parts
from faig.explore.curves import Curves
from faig.explore.kept import Kept
from faig.explore.messages import Change, Input
from faig.explore.numbers import Numbers
from faig.explore.photos import Made, Photos
from faig.explore.running import Check, clipped_output, never, stoppable
from faig.explore.subject import Subject
from faig.imaging.images import Image, Resized, round8, to_uint8
from faig.imaging.metrics import in_channels, psnr, ssim
from faig.intervention.knob import averaged
from faig.networks.inference import SMALL, ForwardTiler
from faig.networks.tiling import Grid, whole

PREVIEW = 96  # LR pixels of the side of the preview
OUTPUTS, INPUTS = 512_000_000, 256_000_000  # bytes that are kept of each
COPIES = 5  # of an image, in float32, while it is made worse or its output is compared
FACTOR = 10  # by which the difference picture exaggerates


class Explorer:
    """One pair, any photos.

    Args:
        subject: the pair and its functions.
        memory: bytes to stay under; larger images are run by tiles. None: what other commands take.
    """

    def __init__(self, subject: Subject, memory: int | None = None) -> None:
        self.subject, self.pair = subject, subject.pair
        self.memory = int(memory or IntegralOptions.model_fields["memory"].get_default())
        self.photos = Photos()
        self.networks = AlteredNetworks(subject)
        self.numbers, self.curves = Numbers(self), Curves(self)
        self._grids: dict[tuple[int, ...], Grid] = {}
        self._made: Kept[Made] = Kept(INPUTS, lambda made: made.bytes)
        self._outputs: Kept[Tensor] = Kept(OUTPUTS, lambda output: output.numel() * output.element_size())

    def prepare(self, shown: Input, *, full: bool = False, check: Check = never) -> dict[str, Any]:
        """What the pair makes of a photo as it is.

        Args:
            shown: the photo, and how it is made worse.
            full: all of it; else the preview, the middle `PREVIEW` LR pixels.
            check: asked while networks run.

        Returns:
            ``size`` and ``lr``: width and height of output and input; ``whole`` and ``place``: the size of the whole
            output, and where in it this is; ``pictures``: ``input``, ``gt`` (or None), ``baseline``, ``target`` as
            images; ``numbers``: PSNR and SSIM of both, or None.

        Raises:
            InputError: there is no such photo, it is too small or too large, or a level is out of range.
        """
        key, made = self.input(shown, full)
        outputs = {name: self.output([(1.0, Alteration(name))], key, made, check) for name in (BASELINE, TARGET)}
        return {
            **self._places(made),
            "pictures": {"input": made.lr, "gt": made.gt, **outputs},
            "numbers": {name: self._quality(output, made) for name, output in outputs.items()},
        }

    def alter(
        self, shown: Input, change: Change, *, full: bool = False, numbers: bool = False, check: Check = never
    ) -> dict[str, Any]:
        """What the altered network makes of a photo.

        Args:
            shown: the photo, and how it is made worse.
            change: what is turned.
            full: as of `prepare`.
            numbers: what it does to other inputs too, and a random set of the same size; see `numbers.Numbers`.
            check: asked while networks run.

        Returns:
            ``pictures``: ``altered`` and ``difference`` (to the target, ×10, 128 is none) as images; ``numbers``: PSNR
            and SSIM (None without GT) and `Numbers.none` or `Numbers.of`; ``seconds``; and the places as of `prepare`.

        Raises:
            InputError: as of `prepare`; or the change turns what is not there.
        """
        begun = time.perf_counter()
        parts = self.networks.parts(change)
        key, made = self.input(shown, full)
        output = self.output(parts, key, made, check)
        target = self.output([(1.0, Alteration(TARGET))], key, made, check)
        checked = self.numbers.of(shown, change, check) if numbers else self.numbers.none()
        return {
            **self._places(made),
            "pictures": {"altered": output, "difference": difference(output, target)},
            "numbers": {"psnr": None, "ssim": None, **(self._quality(output, made) or {}), **checked},
            "seconds": time.perf_counter() - begun,
        }

    def input(self, shown: Input, full: bool) -> tuple[Hashable, Made]:
        """What the networks are shown, and a key for it.

        Raises:
            InputError: as of `prepare`.
        """
        key = (shown, full)
        made = self._made.or_made(key, lambda: self._make(shown, full))
        if full:
            height, width = made.lr.shape[1:]
            self._check_room(width * self.pair.scale, height * self.pair.scale, "the output")
        return key, made

    def _make(self, shown: Input, full: bool) -> Made:
        pair = self.pair
        _, _, width, height = self.photos.place(shown.photo, shown.crop)
        self._check_room(width, height, "the photo")
        whole = self.photos.made(shown, pair.scale, pair.channels, self.subject.downsampling)
        return whole if full else whole.middle(PREVIEW, pair.scale)

    def output(self, parts: Parts, key: Hashable, made: Made, check: Check = never) -> Resized:
        """What networks make of an input, averaged and rounded to 8 bits: what `restore` gives."""
        return round8(averaged([(share, self._clipped(each, key, made, check)) for share, each in parts]))

    def _clipped(self, alteration: Alteration, key: Hashable, made: Made, check: Check) -> Tensor:
        """One network's output; kept, so that turning an image way again runs no network."""

        def run() -> Tensor:
            check()
            grid = self.grid(made.lr, check)
            return clipped_output(self.networks.one(alteration), made.lr, grid, self.pair.scale, check)

        return self._outputs.or_made((alteration, key), run)

    def grid(self, lr: Image, check: Check = never) -> Grid:
        """The tiles that an LR image is run by: one where it fits memory; found once for each size.

        Raises:
            InputError: it does not fit, and tiles will not do.
        """
        size, target = tuple(lr.shape[1:]), self.pair.target
        if size not in self._grids:
            small = size[0] * size[1] <= SMALL
            with stoppable(target, check):  # which may be run, to see how images can be cut
                tiler = ForwardTiler(target, self.pair.scale, self.memory, lr)
                self._grids[size] = whole(*size) if small else tiler.grid(*size)
        return self._grids[size]

    def _quality(self, output: Resized, made: Made) -> dict[str, float] | None:
        if made.gt is None:
            return None
        border = self.pair.scale
        return {"psnr": psnr(output, made.gt, border=border), "ssim": ssim(output, made.gt, border=border)}

    def _places(self, made: Made) -> dict[str, Any]:
        """Sizes of what is computed, and where in the whole output it is."""
        scale = self.pair.scale
        height, width = made.lr.shape[1:]
        left, top = ((length - side) // 2 for length, side in zip(made.whole, (width, height), strict=True))
        return {
            "lr": [width, height],
            "size": [width * scale, height * scale],
            "whole": [scale * side for side in made.whole],
            "place": [left * scale, top * scale, width * scale, height * scale],
        }

    def _check_room(self, width: int, height: int, what: str) -> None:
        """Refuse an image of which memory does not hold as many copies as computing takes."""
        needed = COPIES * 4 * 3 * width * height
        if needed > self.memory:
            raise InputError(
                f"{what} of {width}x{height} pixels needs {needed / 1e9:.1f}GB of memory, and "
                f"{self.memory / 1e9:g}GB are allowed; crop the photo",
                setting="memory",
            )


def difference(output: Resized, target: Resized) -> Resized:
    """What is changed, `FACTOR` times, in 8-bit steps around the gray value 128."""
    steps = to_uint8(output).int() - to_uint8(target).int()
    return (128 + FACTOR * steps).clamp(0, 255) / 255


def png(image: Image) -> bytes:
    """An image as a PNG file of RGB, 8 bits."""
    pixels = to_uint8(in_channels(image, 3)).cpu().numpy().transpose(1, 2, 0)
    # Level 1: twice as large as the smallest, and ten times as fast.
    done, data = cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert done
    return data.tobytes()
