"""``faig report --markdown``: claims, the main tables and small pictures of a run, to be kept under version control."""

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from PIL import Image as Pillow

from faig.common.errors import InputError
from faig.common.files import new_folder, replacing
from faig.report.claims.claim import at_one_percent
from faig.report.claims.comparison import claims
from faig.report.figures import charts
from faig.report.figures.chart import Chart
from faig.report.html.html_table import Grid
from faig.report.html.page import environment, title_of
from faig.results.reader import Results, read_csv

WIDTH = 640  # pixels of a chart's picture
TEASER_WIDTH = 1000
SHADES = 64  # colours of a picture's palette

SECTIONS = {
    "comparison": "Comparison",
    "distribution": "Where they are",
    "modulation": "Strength",
    "prediction": "Prediction",
    "locations": "Places and weights",
}
TABLES = {
    "comparison": ("summary.csv", "contests.csv", "equals.csv", "areas.csv"),
    "distribution": ("distribution.csv", "overlaps.csv"),
    "modulation": (),
    "prediction": ("accuracy.csv", "confusion.csv", "responses.csv"),
    "locations": ("grafted.csv", "cut.csv", "gained.csv"),
}
KEPT = "summary.csv"  # whole, beside the charts
CHARTS = re.compile(r"tradeoff-.*|layers|strength-.*-psnr|accuracy|levels-.*|retrained-.*")


@dataclass(frozen=True)
class Shown:
    """A picture in the text.

    Attributes:
        title: what it shows.
        file: its path from the text.
        note: how to read it.
    """

    title: str
    file: str
    note: str = ""


def write_markdown(run: Path, file: Path) -> Path:
    """Write a Markdown file of a run; its pictures, and ``summary.csv``, into the folder beside it of the file's name.

    Args:
        run: a run directory; see `write_report`.
        file: ends in ``.md``. What an earlier call wrote there is replaced.

    Returns:
        The file.

    Raises:
        InputError: it does not end in ``.md``, or the run cannot be read.
    """
    if file.suffix != ".md":
        raise InputError(f"{file}: the name of a Markdown file ends in .md")
    results = Results.of(run)
    drawn = _charts(results)
    folder = file.with_suffix("")
    whole = results.first(KEPT)
    with new_folder(folder, force=True, ours=("*.png", KEPT)) as part:
        if whole is not None:
            shutil.copyfile(whole, part / KEPT)
        pictures = {"before-after": _teaser(results, part, folder.name)} | {
            section: [_picture(chart, part, folder.name) for chart in found] for section, found in drawn.items()
        }
    text = (
        environment()
        .get_template("results.md")
        .render(
            title=title_of(results),
            command=_command(results),
            run=run.as_posix(),
            file=file.as_posix(),
            claims=claims(results),
            sections=SECTIONS,
            tables={section: _tables(results, names) for section, names in TABLES.items()},
            pictures=pictures,
            whole=None if whole is None else f"{folder.name}/{KEPT}",
        )
    )
    with replacing(file) as part_file:
        part_file.write_text(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", encoding="utf-8")
    return file


def _charts(results: Results) -> dict[str, list[Chart]]:
    turned = charts.modulation_charts(results).values()
    found = {
        "comparison": charts.comparison_charts(results),
        "distribution": charts.distribution_charts(results),
        "modulation": [chart for group in turned for chart in group],
        "prediction": charts.prediction_charts(results),
        "locations": charts.retraining_charts(results),
    }
    return {section: [c for c in group if CHARTS.fullmatch(c.name)] for section, group in found.items()}


def _tables(results: Results, names: Iterable[str]) -> list[Grid]:
    """Tables by name; of those that have proportions the rows of 1%."""
    found = []
    for name in names:
        path = results.first(name)
        if path is None:
            continue
        table = read_csv(path)
        told = results.told(path)
        if "proportion" in table:
            table, share = at_one_percent(table)
            table, told = table.drop(columns="proportion"), f"{told}, {100 * share:.3g}% of the filters"
        found.append(Grid.of(told, table))
    return found


def _picture(chart: Chart, part: Path, folder: str) -> Shown:
    chart.draw(part)
    (part / f"{chart.name}.svg").unlink()
    _shrink(part / f"{chart.name}.png", WIDTH)
    return Shown(chart.title, f"{folder}/{chart.name}.png", chart.note)


def _teaser(results: Results, part: Path, folder: str) -> list[Shown]:
    """The picture of the run; images that are not the package's own are not copied."""
    drawn = results.first("figures/teaser.png")
    if drawn is None or _study(results).get("images"):
        return []
    copy = shutil.copyfile(drawn, part / "teaser.png")
    _shrink(copy, TEASER_WIDTH, shades=256)
    return [
        Shown(
            "One image, restored by the target, and with the filters of each function reverted", f"{folder}/{copy.name}"
        )
    ]


def _shrink(path: Path, width: int, shades: int = SHADES) -> None:
    with Pillow.open(path) as file:
        image = file.convert("RGB")
    if image.width > width:
        image = image.resize((width, round(image.height * width / image.width)), Pillow.Resampling.LANCZOS)
    image.quantize(shades, dither=Pillow.Dither.NONE).save(path, optimize=True)


def _study(results: Results) -> dict[str, Any]:
    """The configuration, where the run is a whole study."""
    for name, text in results.configs():
        config: Any = yaml.safe_load(text)
        if name == "config.yaml" and isinstance(config, dict) and config.get("command") == "study":
            return config
    return {}


def _command(results: Results) -> str:
    """How a study is run again; empty for other runs."""
    config = _study(results)
    images = f" --images {config['images']}" if config.get("images") else ""
    return f"faig run experiments/{results.run.name}.yaml{images}" if config else ""
