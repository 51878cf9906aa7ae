"""Pictures of a sweep: curves against strength, a strip of images, and an animation."""

import math
from pathlib import Path

import pandas as pd

from faig.common.files import replacing
from faig.imaging.images import list_images
from faig.report.figures.style import save_figure

SHOWN = 7  # images of a strip
FRAME = 120  # milliseconds of an animation's frame
CURVES = {"psnr": "PSNR (dB)", "sharpness": "mean gradient", "noise": "noise (σ)", "step": "change a step (of 255)"}


def draw_curves(table: Path, path: Path) -> None:
    """A row for each sweep, a column for each measure, a line with its interval for each input.

    Args:
        table: ``modulation.csv``.
        path: without suffix: a PNG and an SVG are written.
    """
    from matplotlib.figure import Figure

    rows = pd.read_csv(table)
    sweeps = list(dict.fromkeys(rows["functions"]))
    figure = Figure(figsize=(3.4 * len(CURVES), 2.6 * len(sweeps)), layout="constrained")
    panels = figure.subplots(len(sweeps), len(CURVES), squeeze=False)
    for functions, line in zip(sweeps, panels, strict=True):
        for (name, label), axes in zip(CURVES.items(), line, strict=True):
            for given, group in rows[rows["functions"] == functions].groupby("input", sort=False):
                axes.plot(group["strength"], group[name], label=str(given))
                axes.fill_between(group["strength"], group[f"{name}_low"], group[f"{name}_high"], alpha=0.15)
            axes.axvline(1, color="grey", linewidth=0.7, linestyle=":")
            axes.set(xlabel=f"strength of {functions}", ylabel=label)
            axes.grid(alpha=0.3)
        line[0].legend(title="input", fontsize=7)
    save_figure(figure, path)


def draw_images(folder: Path) -> None:
    """A strip (``<folder>.png``) and an animation there and back (``<folder>.gif``) of the images in a folder."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    files = list_images(folder)
    images = {name: Pillow.open(file).convert("RGB") for name, file in files.items()}
    width, height = next(iter(images.values())).size
    margin = 14
    labelled = []
    for name, image in images.items():
        framed = Pillow.new("RGB", (width, height + margin), "white")
        framed.paste(image, (0, margin))
        ImageDraw.Draw(framed).text((2, 1), name, fill="black")
        labelled.append(framed)
    chosen = labelled[:: math.ceil(len(labelled) / SHOWN)]
    strip = Pillow.new("RGB", (width * len(chosen), height + margin), "white")
    for place, image in enumerate(chosen):
        strip.paste(image, (place * width, 0))
    with replacing(folder.with_suffix(".png")) as part:
        strip.save(part, format="PNG")
    with replacing(folder.with_suffix(".gif")) as part:
        there_and_back = [*labelled, *labelled[-2:0:-1]]
        first, *others = there_and_back
        first.save(part, format="GIF", save_all=True, append_images=others, duration=FRAME, loop=0)
