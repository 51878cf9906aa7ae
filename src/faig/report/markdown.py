"""``faig report --markdown``: claims, the main tables and small pictures of a run, to be kept under version control."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image as Pillow

from faig.common.errors import InputError
from faig.common.files import new_folder, replacing
from faig.report.claims.claim import at_one_percent
from faig.report.claims.comparison import claims
from faig.report.escape import markdown
from faig.report.figures.chart import Chart
from faig.report.figures.charts import charts_of
from faig.report.figures.pictures import open_picture
from faig.report.figures.teaser import PICTURE, teaser_caption
from faig.report.html.html_table import Grid
from faig.report.html.page import environment, title_of
from faig.report.rankings import whose_filters
from faig.report.truth import is_truth, write_truth
from faig.results.comparison_tables import SUMMARY
from faig.results.reader import Results
from faig.results.settings import RunSettings
from faig.results.tables import PICTURES, SECTIONS, TABLES
from faig.studies import shipped

WIDTH = 640  # pixels of a chart's picture
TEASER_WIDTH = 1000
SHADES = 64  # colours of a picture's palette


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
    if is_truth(run):
        return write_truth(run, file)
    results = Results.of(run)
    charts = {section: [chart for chart in group if chart.main] for section, group in charts_of(results).items()}
    folder = file.with_suffix("")
    summary = results.first(SUMMARY.name)
    with new_folder(folder, force=True, ours=("*.png", SUMMARY.name)) as part:
        if summary is not None:
            shutil.copyfile(summary, part / SUMMARY.name)
        pictures = {"pictures": _teaser(results, part, folder.name)} | {
            section: [_picture(chart, part, folder.name) for chart in group] for section, group in charts.items()
        }
    templates = environment()
    templates.filters["plain"] = markdown
    text = templates.get_template("results.md").render(
        title=title_of(results),
        command=_command(results),
        run=run.as_posix(),
        file=file.as_posix(),
        claims=claims(results),
        sections={section: name for section, name in SECTIONS.items() if section != "pictures"},
        filters=whose_filters(results),
        tables={section: _tables(results, section) for section in SECTIONS},
        pictures=pictures,
        whole=None if summary is None else _link(folder.name, SUMMARY.name),
    )
    with replacing(file) as part_file:
        part_file.write_text(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", encoding="utf-8")
    return file


def _tables(results: Results, section: str) -> list[Grid]:
    """The main tables of a section; of those that have proportions the rows of 1%."""
    grids = []
    for table in TABLES.values():
        home, rows = results.home_of(table), results.table(table)
        if home is None or rows is None or table.section != section or not (table.small or table.main):
            continue
        name = results.inside(home / table.name)
        if "proportion" in rows:
            rows, share = at_one_percent(rows)
            rows, name = rows.drop(columns="proportion"), f"{name}, {100 * share:.3g}% of the filters"
        grids.append(Grid.of(name, rows))
    return grids


def _picture(chart: Chart, part: Path, folder: str) -> Shown:
    chart.draw(part, ["png"])
    _shrink(part / f"{chart.name}.png", WIDTH)
    return Shown(chart.title, _link(folder, f"{chart.name}.png"), chart.note)


def _teaser(results: Results, part: Path, folder: str) -> list[Shown]:
    """The picture of the run; images that are not the package's own are not copied."""
    home = results.home_of(PICTURES)
    if home is None or not (home / PICTURE).exists() or _images_of_study(results):
        return []
    copy = shutil.copyfile(home / PICTURE, part / "teaser.png")
    _shrink(copy, TEASER_WIDTH, shades=256)
    return [
        Shown(
            "One image, restored by the target, and with the filters of each function reverted",
            _link(folder, copy.name),
            teaser_caption(results.shots("")),
        )
    ]


def _link(folder: str, name: str) -> str:
    """The path of a file from the text, as a link takes it."""
    return quote(f"{folder}/{name}", safe="/+")


def _shrink(path: Path, width: int, shades: int = SHADES) -> None:
    image = open_picture(path)
    if image.width > width:
        image = image.resize((width, round(image.height * width / image.width)), Pillow.Resampling.LANCZOS)
    image.quantize(shades, dither=Pillow.Dither.NONE).save(path, optimize=True)


def _study(results: Results) -> RunSettings | None:
    """The configuration, where the run is a whole study."""
    whole = [settings for file, settings in results.settings() if file.parent == results.run]
    return next((settings for settings in whole if settings.command == "study"), None)


def _images_of_study(results: Results) -> str:
    """The folder that a study took images from; empty for packaged photos, and for other runs."""
    study = _study(results)
    return study.images if study is not None and isinstance(study.images, str) else ""


def _command(results: Results) -> str:
    """How a study is run again; empty for other runs."""
    if _study(results) is None:
        return ""
    images = _images_of_study(results)
    name = results.run.name
    return f"faig run {name if name in shipped() else f'{name}.yaml'}" + (f" --images {images}" if images else "")
