"""The charts of a run as files."""

from collections.abc import Iterable
from pathlib import Path

from faig.common.files import new_folder
from faig.report.figures.chart import Chart
from faig.report.figures.charts import charts_of
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
    return export_charts(run, (chart for charts in charts_of(Results.of(run)).values() for chart in charts))


def export_charts(run: Path, charts: Iterable[Chart]) -> Path:
    """Draw these charts into a run's ``figures/report``; see `draw_charts`."""
    with new_folder(run / FIGURES, force=True, ours=("*.png", "*.svg")) as folder:
        for chart in charts:
            chart.draw(folder)
    return run / FIGURES
