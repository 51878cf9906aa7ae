"""The charts of a run as files."""

from collections.abc import Iterable
from pathlib import Path

from faig.common.files import new_folder
from faig.report.figures.charts import charts_of
from faig.report.figures.drawing import Drawing
from faig.results.reader import Results

FIGURES = "figures/report"


def draw_charts(run: Path) -> Path:
    """Draw every chart of a run, those of its report, as PNG and SVG.

    Args:
        run: a run directory; see `write_report`.

    Returns:
        The folder with the files, ``figures/report``; what an earlier call drew there is replaced.

    Raises:
        InputError: it is no run directory, or a file in it cannot be read.
    """
    charts = [chart for group in charts_of(Results.of(run)).values() for chart in group]
    return export_drawings(run, map(Drawing.of, charts))


def export_drawings(run: Path, drawings: Iterable[Drawing]) -> Path:
    """Write drawn charts into a run's ``figures/report``; see `draw_charts`."""
    with new_folder(run / FIGURES, force=True, ours=("*.png", "*.svg")) as folder:
        for drawing in drawings:
            drawing.save(folder)
    return run / FIGURES
