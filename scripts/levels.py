"""A pair of the zoo by level, as CResMD's authors tell theirs: target, baseline, and the knob at its best position."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from faig import load_pair
from faig.common.progress import progress_bar
from faig.imaging.degradation import named
from faig.imaging.images import Image, list_images, mod_crop, read_image
from faig.imaging.metrics import psnr
from faig.intervention.knob import averaged
from faig.networks.inference import restore
from faig.zoo.learned import turned_by
from faig.zoo.scores import chosen_by

STRENGTHS = np.linspace(0, 1.5, 7)  # of the knob


def by_levels(pair: str, gt: Path, levels: Mapping[str, Sequence[float]], downsampling: str) -> list[str]:
    """Lines of Markdown: a table of PSNR by level, and what becomes of photos as they are.

    Args:
        pair: of the zoo, with what turns each function.
        gt: folder of GT images.
        levels: of each function.
        downsampling: how GT is reduced.
    """
    networks, files = load_pair(pair), list_images(gt)
    images = {name: mod_crop(read_image(path), 12) for name, path in files.items()}
    rows = []
    for function, each in levels.items():
        chosen = chosen_by({function: turned_by(pair, function)}, networks.target, baseline=networks.baseline)
        off = networks.turn(chosen, {function: 0})
        for level in progress_bar(each, f"{function} by level", len(each)):
            degradation = named(function, level, downsampling)
            scores = []
            for name, image in images.items():
                lr = degradation(image, networks.scale, name=name)
                low, without, high = (restore(net, lr) for net in (networks.baseline, off, networks.target))
                knob = [_turned(strength, high, without) for strength in STRENGTHS]
                scores.append([psnr(out, image, border=networks.scale) for out in (low, high, *knob)])
            baseline, target, *knob = np.mean(scores, axis=0)
            best = int(np.argmax(knob))
            rows.append(
                f"| {function} {level:g} | {baseline:.2f} | {target:.2f} | {knob[best]:.2f} at {STRENGTHS[best]:g} "
                f"| {knob[0]:.2f} |"
            )
    apart = [
        psnr(*(restore(net, image) for net in (networks.target, networks.baseline)), border=networks.scale)
        for image in images.values()
    ]
    return [
        "",
        "## By level",
        "",
        f"PSNR in dB, mean over the {len(images)} images of {gt.name}; the knob is that of `faig restore --strength`, "
        f"at the best of {len(STRENGTHS)} strengths from 0 to {STRENGTHS[-1]:g} for each level, chosen here: "
        "the most that a user can reach.",
        "",
        "| input | baseline | target | knob, best | off |",
        "|---|---|---|---|---|",
        *rows,
        "",
        f"Photos as they are, not reduced: the target's output is {np.mean(apart):.1f} dB from the baseline's on "
        f"average, {min(apart):.1f} dB where they differ most ({len(apart)} photos of {gt.name}).",
    ]


def _turned(strength: float, on: Image, off: Image) -> Image:
    return averaged([(strength, on), (1 - strength, off)]).clamp(0, 1)
