"""Write the card of a zoo pair: its record, and what it does on a folder of GT images by the paper's preset.

Run: python benchmarks/card.py srresnet-x2 ../shared/data/BSD100
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
import yaml
from torch.nn import functional

from faig import zoo
from faig.checkpoint import network_metadata
from faig.degradation import paper_preset
from faig.effect import estimate
from faig.files import replacing
from faig.images import Image, list_images, mod_crop, read_image, round8
from faig.progress import bar
from faig.restoration import psnr, restore, scale_of

Numbers = dict[str, dict[str, list[float]]]  # PSNR by network and input, one per image


def measure(pair: str, gt_dir: Path) -> Numbers:
    """PSNR (RGB, border = scale) of bicubic, baseline and target, on clean, blurry and noisy input."""
    networks = {name: zoo.load(f"{pair}/{name}") for name in ("baseline", "target")}
    scale, files, preset = scale_of(networks["target"]), list_images(gt_dir), paper_preset()
    found: Numbers = {name: {kind: [] for kind in preset} for name in ("bicubic", *networks)}
    for name, path in bar(files.items(), f"measure {pair}", len(files)):
        gt = mod_crop(read_image(path), 12)
        for kind, degradation in preset.items():
            lr = degradation(gt, scale, name=name)
            outputs = {"bicubic": bicubic(lr, scale)} | {n: restore(net, lr) for n, net in networks.items()}
            for network, output in outputs.items():
                found[network][kind].append(psnr(output, gt, border=scale))
    return found


def bicubic(lr: Image, scale: int) -> Image:
    return round8(functional.interpolate(lr[None], scale_factor=scale, mode="bicubic", align_corners=False)[0])


def card(pair: str, gt_dir: Path, found: Numbers) -> str:
    """The card as markdown."""
    kinds = list(found["target"])
    count = len(found["target"][kinds[0]])
    lines = [
        f"# {pair}",
        "",
        f"PSNR in dB (RGB, border = scale), mean over the {count} images of {gt_dir.name} cropped to multiples of 12, "
        "degraded by the paper's preset; the gain is target - baseline with its 95% bootstrap interval over images.",
        "",
        "| input | bicubic | baseline | target | gain |",
        "|---|---|---|---|---|",
    ]
    for kind in kinds:
        gain = estimate(np.mean, np.array(found["target"][kind]) - np.array(found["baseline"][kind]))
        cells = [f"{np.mean(found[name][kind]):.2f}" for name in ("bicubic", "baseline", "target")]
        lines.append(f"| {kind} | {' | '.join(cells)} | {gain.value:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}] |")
    for name in ("baseline", "target"):
        record = network_metadata(zoo.find(f"{pair}/{name}"))["training"]
        hours = record["seconds"] / 3600
        lines += ["", f"## {name}", "", f"Trained in {hours:.1f} hours with this configuration; weights in float16."]
        lines += ["", "```yaml", yaml.safe_dump(record["config"], sort_keys=False).strip(), "```"]
    return "\n".join(lines) + "\n"


def main(
    pair: Annotated[str, typer.Argument(help="e.g. srresnet-x2")],
    gt_dir: Annotated[Path, typer.Argument(help="GT images it was not trained on.")],
) -> None:
    """Measure a pair and write its card."""
    out = zoo.FOLDER / pair / "card.md"
    with replacing(out) as part:
        part.write_text(card(pair, gt_dir, measure(pair, gt_dir)), encoding="utf-8")
    print(out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    typer.run(main)
