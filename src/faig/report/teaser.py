"""The picture of a run: what is left of each function when 1% of the filters is given back."""

from pathlib import Path

from faig.files import replacing
from faig.images import Image, read_image
from faig.restoration import psnr

COLUMNS = ("input", "target", "deblurring reverted", "denoising reverted", "GT")
FILES = ("input", "target", "reverted-blur", "reverted-noise", "gt")
ROWS = ("blur", "noise")


def teaser(images: Path, out: Path, border: int) -> Path:
    """Draw the images of a folder: rows blurry and noisy input, columns as `COLUMNS`, each with its PSNR.

    Args:
        images: holds ``<row>-<file>.png`` for every row and file, all of the GT's size.
        out: the PNG file to write.
        border: pixels that PSNR leaves out (the scale).
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(ROWS), len(COLUMNS), figsize=(12.5, 5.6), layout="constrained")
    for row, kind in enumerate(ROWS):
        gt = read_image(images / f"{kind}-gt.png")
        for column, (name, file) in enumerate(zip(COLUMNS, FILES, strict=True)):
            image = read_image(images / f"{kind}-{file}.png")
            axis = axes[row, column]
            axis.imshow(image.permute(1, 2, 0).numpy(), interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            axis.set_xlabel("" if file == "gt" else told(image, gt, border), fontsize=11)
            if row == 0:
                axis.set_title(name, fontsize=13)
            if column == 0:
                axis.set_ylabel({"blur": "blurry", "noise": "noisy"}[kind], fontsize=13)
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as part:
        figure.savefig(part, dpi=110, format="png", metadata={"Software": None})
    plt.close(figure)
    return out


def told(image: Image, gt: Image, border: int) -> str:
    """PSNR as the picture says it."""
    return f"{psnr(image, gt, border=border):.2f} dB"
