"""The curve of a training: validation PSNR against iterations, through all networks that it was tuned from."""

from pathlib import Path
from typing import Any

from faig.common.files import replacing


def draw_curve(records: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw a panel for each network.

    Args:
        records: by name, the training record in a network's metadata. Where a network was tuned from another of the
            same data settings, that one's curve comes before its own.
        path: of the picture.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.5 * len(records), 3.2), layout="constrained")
    for axes, (name, record) in zip(figure.subplots(1, len(records), squeeze=False)[0], records.items(), strict=True):
        points = history(record)
        for kind in sorted({key for point in points for key in point} - {"iteration", "loss"}):
            drawn = [(point["iteration"], point[kind]) for point in points if kind in point]
            axes.plot(*zip(*drawn, strict=True), marker=".", label=kind)
        axes.set(title=name, xlabel="iterations", ylabel="PSNR on the validation images (dB)")
        axes.legend()
        axes.grid(alpha=0.3)
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=110, metadata={"Software": None})


def history(record: dict[str, Any]) -> list[dict[str, float]]:
    """The validation points of a network and of those that it continues, iterations counted through."""
    start = record.get("start")
    before = history(start) if start and start["config"]["name"] == record["config"]["name"] else []
    done = before[-1]["iteration"] if before else 0
    return before + [point | {"iteration": point["iteration"] + done} for point in record["validation"]]
