"""Pictures of a sweep: a strip of images, and an animation."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from faig.common.files import replacing
from faig.report.figures.pictures import busiest_part, part_of
from faig.results.reader import Results

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

SHOWN = 7  # images of a strip
TARGET = 1.0  # the strength that no strip lacks
FRAME = 120  # milliseconds of an animation's frame
MARGIN = 14  # pixels above an image, for its label


def draw_strips(run: Path) -> None:
    """Of each sweep of a run or of its stage, a strip (PNG) and an animation there and back (GIF) beside its images.

    Of large images both show the part where most happens.

    Args:
        run: a run directory whose ``figures/modulation/pictures.csv``, or a stage's, says what there is.

    Raises:
        InputError: it is no run directory, or its table or an image cannot be read.
    """
    for images in Results.of(run).sweeps().values():
        _draw(images)


def guide_of(files: dict[float, Path]) -> Path:
    """The picture at the strength nearest to the target's."""
    return files[min(files, key=lambda strength: abs(strength - TARGET))]


def shown_in_a_strip(strengths: list[float]) -> list[float]:
    """At most `SHOWN` of ascending strengths, evenly over all; the first, the last and the target's are among them."""
    if len(strengths) <= SHOWN:
        return strengths
    even = [strengths[round(place * (len(strengths) - 1) / (SHOWN - 1))] for place in range(SHOWN)]
    if TARGET in strengths and TARGET not in even:
        even[min(range(1, SHOWN - 1), key=lambda place: abs(even[place] - TARGET))] = TARGET
    return even


def _draw(files: dict[float, Path]) -> None:
    box = busiest_part(guide_of(files))
    frames = labelled({file.stem: part_of(file, box) for file in files.values()})
    chosen = shown_in_a_strip(list(files))
    folder = next(iter(files.values())).parent
    with replacing(folder.with_name(f"{folder.name}.png")) as part:
        part.write_bytes(strip([frame for strength, frame in zip(files, frames, strict=True) if strength in chosen]))
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
