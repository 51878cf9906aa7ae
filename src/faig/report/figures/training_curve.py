"""The curve of a training: validation PSNR against iterations, through all networks that it was tuned from."""

from pathlib import Path
from typing import Any

from faig.common.files import replacing
from faig.imaging.colours import colours_of
from faig.report.figures.style import METADATA, RESOLUTION, SETTINGS


def draw_curve(records: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw a panel for each network.

    Args:
        records: by name, the training record in a network's metadata. Where a network was tuned from another of the
            same data settings, that one's curve comes before its own.
        path: of the picture.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    curves = {name: history(record) for name, record in records.items()}
    kinds = sorted({key for points in curves.values() for point in points for key in point} - {"iteration", "loss"})
    colours, handles = colours_of(kinds), {}
    with rc_context(SETTINGS):
        figure = Figure(figsize=(4.5 * len(records), 3.4), layout="constrained")
        for axes, (name, points) in zip(
            figure.subplots(1, len(records), squeeze=False)[0], curves.items(), strict=True
        ):
            for kind in kinds:
                if drawn := [(point["iteration"], point[kind]) for point in points if kind in point]:
                    [handles[kind]] = axes.plot(*zip(*drawn, strict=True), marker=".", color=colours[kind])
            axes.set(title=name, xlabel="iterations", ylabel="PSNR on the validation images (dB)")
            axes.grid()
        figure.legend(handles.values(), handles, loc="outside lower center", ncols=len(handles) or 1)
        with replacing(path) as part:
            figure.savefig(part, format="png", dpi=RESOLUTION, metadata=METADATA["png"])


def history(record: dict[str, Any]) -> list[dict[str, float]]:
    """The validation points of a network and of those that it continues, iterations counted through."""
    start = record.get("start")
    before = history(start) if start and start["config"]["name"] == record["config"]["name"] else []
    done = before[-1]["iteration"] if before else 0
    return before + [point | {"iteration": point["iteration"] + done} for point in record["validation"]]
