"""Pictures of a sweep: a strip of images, and an animation."""

from pathlib import Path

from faig.common.files import replacing
from faig.report.figures.pictures import busiest_part, part_of
from faig.results.reader import Results

SHOWN = 7  # images of a strip
TARGET = 1.0  # the strength that no strip lacks
FRAME = 120  # milliseconds of an animation's frame


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
    from PIL import Image as Pillow
    from PIL import ImageDraw

    box = busiest_part(guide_of(files))
    images = {strength: part_of(file, box) for strength, file in files.items()}
    width, height = next(iter(images.values())).size
    margin = 14
    labelled = {}
    for strength, image in images.items():
        framed = Pillow.new("RGB", (width, height + margin), "white")
        framed.paste(image, (0, margin))
        ImageDraw.Draw(framed).text((2, 1), f"{strength:.2f}", fill="black")
        labelled[strength] = framed
    chosen = shown_in_a_strip(list(labelled))
    strip = Pillow.new("RGB", (width * len(chosen), height + margin), "white")
    for number, strength in enumerate(chosen):
        strip.paste(labelled[strength], (number * width, 0))
    folder = next(iter(files.values())).parent
    with replacing(folder.with_name(f"{folder.name}.png")) as part:
        strip.save(part, format="PNG")
    with replacing(folder.with_name(f"{folder.name}.gif")) as part:
        frames = [*labelled.values()]
        first, *following = [*frames, *frames[-2:0:-1]]
        first.save(part, format="GIF", save_all=True, append_images=following, duration=FRAME, loop=0)
