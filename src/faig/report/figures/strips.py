"""Pictures of a sweep: a strip of images, and an animation."""

import math
from pathlib import Path

from faig.common.files import replacing
from faig.report.figures.pictures import open_picture
from faig.results.reader import Results

SHOWN = 7  # images of a strip
FRAME = 120  # milliseconds of an animation's frame


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
    from PIL import Image as Pillow
    from PIL import ImageDraw

    images = {strength: open_picture(file) for strength, file in files.items()}
    width, height = next(iter(images.values())).size
    margin = 14
    labelled = []
    for strength, image in images.items():
        framed = Pillow.new("RGB", (width, height + margin), "white")
        framed.paste(image, (0, margin))
        ImageDraw.Draw(framed).text((2, 1), f"{strength:.2f}", fill="black")
        labelled.append(framed)
    chosen = labelled[:: math.ceil(len(labelled) / SHOWN)]
    strip = Pillow.new("RGB", (width * len(chosen), height + margin), "white")
    for number, image in enumerate(chosen):
        strip.paste(image, (number * width, 0))
    folder = next(iter(files.values())).parent
    with replacing(folder.with_name(f"{folder.name}.png")) as part:
        strip.save(part, format="PNG")
    with replacing(folder.with_name(f"{folder.name}.gif")) as part:
        first, *following = [*labelled, *labelled[-2:0:-1]]
        first.save(part, format="GIF", save_all=True, append_images=following, duration=FRAME, loop=0)
