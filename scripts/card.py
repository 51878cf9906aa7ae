"""Measure a zoo pair and write what stands beside it: card.md, curve.png, scores.safetensors.

Run: python scripts/card.py srresnet-x2 ../shared/data

For a pair that was trained on ranges, the middle of each, and levels through and past it, once its learned sets are
there (scripts/learned_sets.py): with --degrade blur=1.5 --degrade noise=0.06 --degrade jpeg=60
--levels blur=0,0.5,1,2,3,4 --levels noise=0,0.03,0.06,0.12,0.2 --levels jpeg=10,30,60,95.
Images are reduced as the target's training reduced them.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
import yaml
from inputs import inputs_of
from levels import by_levels
from torch.nn import functional

from faig import zoo
from faig.attribution.files.score_files import mean_over_images, save_scores
from faig.common.files import replacing
from faig.common.progress import progress_bar
from faig.common.statistics import estimate_mean
from faig.experiment.config import ImagesConfig
from faig.imaging.cases import degrade_case
from faig.imaging.degradation import Degradation
from faig.imaging.images import Image, list_images, mod_crop, read_image, round8
from faig.imaging.metrics import psnr, ssim
from faig.networks.checkpoint import network_metadata
from faig.networks.inference import restore, scale_of
from faig.pair import load_pair
from faig.report.figures.training_curve import draw_curve, history
from faig.training.prepare import starts
from faig.zoo.card import CARD, Measured, with_front_matter
from faig.zoo.record import KEPT, record_of
from faig.zoo.scores import SCORES

NODES = 8
CROP, ROWS, COLUMNS = 96, 2, 3  # of each image that filters are found on

Numbers = dict[tuple[str, str, str], list[float]]  # by network, input, measure; one per image


def measure(pair: str, gt: Path, inputs: Mapping[str, Degradation]) -> Numbers:
    """PSNR and SSIM (RGB, border = scale) of bicubic, baseline and target on a folder of images, on every input."""
    networks = {name: zoo.load(f"{pair}/{name}").to(memory_format=torch.channels_last) for name in zoo.ROLES}
    scale, files = scale_of(networks["target"]), list_images(gt)
    found: Numbers = {}
    for name, path in progress_bar(files.items(), f"{pair} on {gt.name}", len(files)):
        truth = mod_crop(read_image(path), 12)
        for kind, degradation in inputs.items():
            lr = degradation(truth, scale, name=name)
            outputs = {"bicubic": bicubic(lr, scale)} | {n: restore(net, lr) for n, net in networks.items()}
            for network, output in outputs.items():
                found.setdefault((network, kind, "PSNR"), []).append(psnr(output, truth, border=scale))
                found.setdefault((network, kind, "SSIM"), []).append(ssim(output, truth, border=scale))
    return found


def bicubic(lr: Image, scale: int) -> Image:
    return round8(functional.interpolate(lr[None], scale_factor=scale, mode="bicubic", align_corners=False)[0])


def crops(gt: Path) -> Iterator[tuple[str, Image]]:
    """Crops on a regular grid, named after image and place."""
    for name, path in list_images(gt).items():
        image = read_image(path)
        _, height, width = image.shape
        rows = starts(height, CROP, max(1, (height - CROP) // (ROWS - 1)))[:ROWS]
        columns = starts(width, CROP, max(1, (width - CROP) // (COLUMNS - 1)))[:COLUMNS]
        for top in rows:
            for left in columns:
                yield f"{name}_{top}_{left}", image[:, top : top + CROP, left : left + CROP]


def find(pair: str, gt: Path, out: Path, degradations: Mapping[str, Degradation]) -> str:
    """FAIG scores on crops of a folder of images, averaged; returns a line on how they were found."""
    networks = load_pair(pair)
    cases = [degrade_case(name, crop, degradations, networks.scale) for name, crop in crops(gt)]
    attribution = networks.attribute(cases, "faig", quadrature="graded", nodes=NODES, track=progress_bar)
    assert attribution.raw is not None
    record = {key: attribution.metadata[key] for key in ("method", "quadrature", "nodes", "layers", "versions")}
    record["fingerprint"] = {role: attribution.metadata["fingerprint"][role] for role in zoo.ROLES}
    save_scores(out, mean_over_images(attribution.raw), record, half=True)
    deltas = ", ".join(f"{kind} {value:+.2%}" for kind, value in attribution.raw.delta().items())
    return (
        f"FAIG scores of `scores.safetensors`: mean over {len(cases)} crops of {CROP}x{CROP} GT pixels, "
        f"{ROWS} x {COLUMNS} on a grid over each image of {gt.name}; {NODES} graded nodes; convergence delta "
        f"{deltas}. Use them by name: `--filters {pair}/blur`."
    )


def public(config: dict[str, Any]) -> dict[str, Any]:
    """A training configuration without paths of the machine that it ran on: folders of images by their names."""
    kept = {key: value for key, value in config.items() if key not in ("out", "start")}
    named = {key: Path(value).name if key == "gt" and value else value for key, value in kept.items()}
    return {key: public(value) if isinstance(value, dict) else value for key, value in named.items()}


def measured(sets: dict[str, Numbers], inputs: Iterable[str]) -> Iterator[Measured]:
    """What the networks of the pair reach on every input of every set."""
    for name, numbers in sets.items():
        for kind in inputs:
            for role in zoo.ROLES:
                means = [round(float(np.mean(numbers[role, kind, m])), d) for m, d in (("PSNR", 2), ("SSIM", 4))]
                yield Measured(name, kind, role, *means)


def card(pair: str, sets: dict[str, Numbers], images: ImagesConfig, inputs: list[str], more: list[str]) -> str:
    """The card as markdown, with front matter."""
    change = record_of(pair).change
    done = ", ".join(f"{name} of {level}" for name, level in images.degrade.items())
    records = {name: network_metadata(zoo.find(f"{pair}/{name}"))["training"] for name in zoo.ROLES}
    kept = ""
    if KEPT in records["target"]:
        kept = f" (`scripts/gentler.py` kept {records['target'][KEPT]:g} of what training had changed, no more)"
    lines = [
        f"# {pair}",
        "",
        "PSNR in dB and SSIM (RGB, border = scale), mean over the images, each cropped to multiples of 12, degraded "
        f"({done}) and reduced ({images.downsampling}). The gain is the target's PSNR minus the baseline's, "
        "with its 95% bootstrap interval over images. Weights are kept in float16; fine-tuning moved them by "
        f"{change:.2f} of their norm{kept}.",
        "",
        "| images | input | bicubic | baseline | target | gain (dB) |",
        "|---|---|---|---|---|---|",
    ]
    for name, numbers in sets.items():
        for kind in inputs:
            mean = {
                key: f"{np.mean(numbers[key, kind, 'PSNR']):.2f} / {np.mean(numbers[key, kind, 'SSIM']):.4f}"
                for key in ("bicubic", *zoo.ROLES)
            }
            difference = np.array(numbers["target", kind, "PSNR"]) - np.array(numbers["baseline", kind, "PSNR"])
            gain = estimate_mean(difference)
            lines.append(
                f"| {name} ({len(difference)}) | {kind} | {mean['bicubic']} | {mean['baseline']} | {mean['target']} "
                f"| {gain.value:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}] |"
            )
    lines += [*more, "", "## Training", "", "![Validation PSNR against iterations](curve.png)"]
    for name, record in records.items():
        iterations = history(record)[-1]["iteration"]
        seconds, stages, stage = 0.0, 0, record
        while stage and stage["config"]["name"] == record["config"]["name"]:
            seconds, stages, stage = seconds + stage.get("seconds", 0.0), stages + 1, stage.get("start")
        runs = "with this configuration"
        if stages > 1:
            runs = f"in {stages} runs, each going on from the one before; the last one's configuration"
        took = f" in {seconds / 3600:.2f} hours" if seconds else ""
        time = f"{iterations} iterations{took} on {record['hardware']}"
        lines += ["", f"### {name}", "", f"{time}, {runs}:"]
        lines += ["", "```yaml", yaml.safe_dump(public(record["config"]), sort_keys=False).strip(), "```"]
    return with_front_matter(pair, "\n".join(lines) + "\n", measured(sets, inputs))


def main(
    pair: Annotated[str, typer.Argument(help="e.g. srresnet-x2")],
    data: Annotated[Path, typer.Argument(help="Folder with the folders of GT images.")],
    sets: Annotated[str, typer.Option(help="To measure on.")] = "Set5,Set14,BSD100",
    find_on: Annotated[str, typer.Option(help="To find filters on.")] = "Set14",
    degrade: Annotated[list[str], typer.Option(metavar="NAME=LEVEL")] = ["blur=2", "noise=0.1"],  # noqa: B006
    levels: Annotated[list[str], typer.Option(metavar="NAME=LEVEL,...", help="Measured on the first set.")] = [],  # noqa: B006
) -> None:
    """Measure a pair, find its filters, and write both beside it."""
    folder = zoo.folder(pair)
    images = inputs_of(pair, data, degrade)
    alone = images.degradations()
    inputs = alone | {"+".join(images.degrade): images.together(list(images.degrade))}
    draw_curve({n: network_metadata(zoo.find(f"{pair}/{n}"))["training"] for n in zoo.ROLES}, folder / "curve.png")
    found = find(pair, data / find_on, folder / SCORES, alone)
    measured_on = {name: measure(pair, data / name, inputs) for name in sets.split(",")}
    through = {name: [float(level) for level in text.split(",")] for name, text in (each.split("=") for each in levels)}
    first = data / sets.split(",")[0]
    by_level = by_levels(pair, first, through, images.downsampling) if through else []
    text = card(pair, measured_on, images, list(inputs), ["", found, *by_level])
    with replacing(folder / CARD) as part:
        part.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    typer.run(main)
