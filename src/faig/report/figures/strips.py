"""Pictures of a sweep: a strip of images, and an animation."""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from faig.common.files import replacing
from faig.report.figures.pictures import open_picture
from faig.results.reader import Results

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

SHOWN = 7  # images of a strip
FRAME = 120  # milliseconds of an animation's frame
MARGIN = 14  # pixels above an image, for its label


def draw_strips(run: Path) -> None:
    """Of each sweep of a run or of its stage, a strip (PNG) and an animation there and back (GIF) beside its images.

    Args:
        run: a run directory whose ``figures/modulation/pictures.csv``, or a stage's, says what there is.

    Raises:
        InputError: it is no run directory, or its table cannot be read.
    """
    for images in Results.of(run).sweeps().values():
        _draw(images)


def _draw(files: dict[float, Path]) -> None:
    frames = labelled({f"{strength:.2f}": open_picture(file) for strength, file in files.items()})
    folder = next(iter(files.values())).parent
    with replacing(folder.with_name(f"{folder.name}.png")) as part:
        part.write_bytes(strip(frames[:: math.ceil(len(frames) / SHOWN)]))
    with replacing(folder.with_name(f"{folder.name}.gif")) as part:
        part.write_bytes(animation(frames))


def labelled(images: "Mapping[str, Picture]") -> "list[Picture]":
    """Images with their names above them, in black on white."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    framed = []
    for name, image in images.items():
        frame = Pillow.new("RGB", (image.width, image.height + MARGIN), "white")
        frame.paste(image, (0, MARGIN))
        ImageDraw.Draw(frame).text((2, 1), name, fill="black")
        framed.append(frame)
    return framed


def strip(frames: "Sequence[Picture]") -> bytes:
    """Images of one size side by side, as a PNG file."""
    from PIL import Image as Pillow

    width, height = frames[0].size
    whole = Pillow.new("RGB", (width * len(frames), height), "white")
    for number, frame in enumerate(frames):
        whole.paste(frame, (number * width, 0))
    file = io.BytesIO()
    whole.save(file, format="PNG")
    return file.getvalue()


def animation(frames: "Sequence[Picture]") -> bytes:
    """Images of one size there and back, without end, as a GIF file."""
    file = io.BytesIO()
    first, *following = [*frames, *frames[-2:0:-1]]
    first.save(file, format="GIF", save_all=True, append_images=following, duration=FRAME, loop=0)
    return file.getvalue()
