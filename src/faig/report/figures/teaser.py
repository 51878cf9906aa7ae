"""The picture of a run: what is left of each function when its filters are given back."""

from collections.abc import Sequence
from pathlib import Path

from faig.common.files import replacing
from faig.imaging.images import Image, read_image
from faig.imaging.metrics import psnr
from faig.report.claims.claim import job

CELL = 2.4  # inches


def columns(kinds: Sequence[str]) -> dict[str, str]:
    """By file, what a column of the picture shows."""
    reverted = {f"reverted-{kind}": f"{job(kind)} reverted" for kind in kinds}
    return {"input": "input", "target": "target", **reverted, "gt": "GT"}


def teaser(images: Path, out: Path, kinds: Sequence[str], border: int) -> Path:
    """Draw the images of a folder: a row for each degradation, columns as `columns`, each with its PSNR.

    Args:
        images: holds ``<kind>-<file>.png`` for every degradation and column, all of the GT's size.
        out: the PNG file to write.
        kinds: the degradations.
        border: pixels that PSNR leaves out (the scale).
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    shown = columns(kinds)
    size = (CELL * len(shown) + 0.5, (CELL + 0.3) * len(kinds) + 0.2)
    figure, axes = plt.subplots(len(kinds), len(shown), figsize=size, layout="constrained", squeeze=False)
    for row, kind in enumerate(kinds):
        gt = read_image(images / f"{kind}-gt.png")
        for column, (file, name) in enumerate(shown.items()):
            image = read_image(images / f"{kind}-{file}.png")
            axis = axes[row, column]
            axis.imshow(image.permute(1, 2, 0).numpy(), interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            axis.set_xlabel("" if file == "gt" else told(image, gt, border), fontsize=11)
            if row == 0:
                axis.set_title(name, fontsize=13)
            if column == 0:
                axis.set_ylabel({"blur": "blurry", "noise": "noisy"}.get(kind, kind), fontsize=13)
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as part:
        figure.savefig(part, dpi=110, format="png", metadata={"Software": None})
    plt.close(figure)
    return out


def told(image: Image, gt: Image, border: int) -> str:
    """PSNR as the picture says it."""
    return f"{psnr(image, gt, border=border):.2f} dB"
