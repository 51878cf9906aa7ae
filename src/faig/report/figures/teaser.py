"""The picture of a run: what is left of each function when its filters are given back."""

import math
from collections.abc import Mapping
from pathlib import Path

from faig.common.errors import InputError
from faig.common.files import replacing
from faig.report.claims.claim import decibels, job, listed, sentences
from faig.report.figures.pictures import busiest_part, part_of
from faig.report.figures.style import RESOLUTION
from faig.results.reader import Results, Shot
from faig.results.tables import PICTURES

PICTURE = "figures/teaser.png"
CELL = 2.4  # inches
NAMES = {"input": "input", "baseline": "baseline", "target": "target", "reverted": "", "gt": "GT"}
ROWS = {"blur": "blurry", "noise": "noisy"}


def draw_teaser(run: Path) -> Path:
    """Draw ``figures/teaser.png`` of a run or of its stage: a row for each degradation, each picture with its PSNR.

    Of large images the part is shown where most happens.

    Args:
        run: a run directory whose ``figures/teaser/pictures.csv``, or a stage's, says what there is.

    Returns:
        The picture.

    Raises:
        InputError: there is no such table, or it or a picture cannot be read.
    """
    from matplotlib.figure import Figure

    results = Results.of(run)
    home = results.home_of(PICTURES)
    if home is None:
        raise InputError(f"{run}: holds no {PICTURES.name}, so no pictures to show")
    shots = results.shots("")
    if not shots:
        raise InputError(f"{home / PICTURES.name}: lists no pictures")
    box = busiest_part(guide_among(shots))
    columns = list(dict.fromkeys((shot.shown, shot.function) for shot in shots))
    rows = list(dict.fromkeys(shot.input for shot in shots))
    size = (CELL * len(columns) + 0.5, (CELL + 0.3) * len(rows) + 0.2)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(rows), len(columns), squeeze=False)
    for shot in shots:
        row, column = rows.index(shot.input), columns.index((shot.shown, shot.function))
        axes = panels[row, column]
        axes.imshow(part_of(shot.file, box), interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel("" if shot.shown == "gt" else f"{shot.psnr:.2f} dB", fontsize=11)
        if row == 0:
            axes.set_title(shot_title(shot, NAMES), fontsize=13)
        if column == 0:
            axes.set_ylabel(ROWS.get(shot.input, shot.input), fontsize=13)
    out = home / PICTURE
    with replacing(out) as part:
        figure.savefig(part, dpi=RESOLUTION, format="png", metadata={"Software": None})
    return out


def guide_among(shots: list[Shot]) -> Path:
    """The picture that says where most happens: the GT, or where there is none the target's."""
    return next((shot for what in ("gt", "target") for shot in shots if shot.shown == what), shots[0]).file


def teaser_caption(shots: list[Shot]) -> str:
    """What reverting each function costs on each input, in dB against the target; empty where PSNR is not known."""
    target = {shot.input: shot.psnr for shot in shots if shot.shown == "target"}
    changes: dict[str, list[str]] = {}
    for shot in shots:
        change = shot.psnr - target.get(shot.input, math.nan)
        if shot.shown == "reverted" and not math.isnan(change):
            where = ROWS.get(shot.input, shot.input)
            changes.setdefault(shot.function, []).append(f"by {decibels(change)} on the {where} input")
    parts = sentences(f"{job(function)} reverted changes PSNR {listed(each)}" for function, each in changes.items())
    return " ".join([*parts, "That is against the target, on this one image."]) if parts else ""


def shot_title(shot: Shot, names: Mapping[str, str]) -> str:
    """What was done to the network, or what else a picture is, in the words of ``names`` by `Shot.shown`."""
    return names[shot.shown] or f"{job(shot.function)} reverted"
