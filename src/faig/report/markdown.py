"""``faig report --markdown``: a page of a run and the tables that it is made of, to be kept under version control."""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image as Pillow

from faig.common.errors import InputError
from faig.common.files import new_folder, replacing
from faig.report import training_study, truth
from faig.report.claims.claim import at_one_percent
from faig.report.claims.comparison import claims
from faig.report.escape import in_tag, markdown
from faig.report.figures.chart import Chart
from faig.report.figures.charts import charts_of
from faig.report.figures.drawing import Drawing
from faig.report.figures.pictures import open_picture
from faig.report.figures.teaser import PICTURE, teaser_caption
from faig.report.html.html_table import Grid
from faig.report.html.page import environment, title_of
from faig.report.kept import KEPT, keep
from faig.report.opening import opening, study_of
from faig.report.rankings import whose_filters
from faig.results.reader import Results
from faig.results.run_directory import CONFIG, command_of
from faig.results.tables import PICTURES, SECTIONS, TABLES
from faig.studies import shipped

# of studies that have pages of their own
WRITERS = {truth.COMMAND: truth.write_truth, training_study.COMMAND: training_study.write_training_study}
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


@dataclass(frozen=True)
class Folded:
    """A table in the text, or the rows of it that are shown.

    Attributes:
        grid: of these rows.
        file: the path of all of it from the text.
        part: which rows; empty for all.
    """

    grid: Grid
    file: str
    part: str


def write_markdown(run: Path, file: Path, title: str | None = None) -> Path:
    """Write a page of a run; its tables and small pictures into the folder beside it of the page's name.

    The folder is a run directory itself: what is written from it is the same page, to the byte.

    Args:
        run: a run directory; see `write_report`.
        file: ends in ``.md``. What an earlier call wrote there is replaced.
        title: of the page; None: the networks' names.

    Returns:
        The file.

    Raises:
        InputError: it does not end in ``.md``, lies in the run, or the run cannot be read.
    """
    if file.suffix != ".md":
        raise InputError(f"{file}: the name of a Markdown file ends in .md")
    if file.resolve().is_relative_to(run.resolve()):
        raise InputError(
            f"{file}: lies in the run, where its copies of tables would be read in their place; put it elsewhere"
        )
    if (write := WRITERS.get(command_of(run))) is not None:
        return write(run, file)
    results = Results.of(run)
    charts = {section: [chart for chart in group if chart.main] for section, group in charts_of(results).items()}
    folder, judged = file.with_suffix(""), claims(results)
    began = opening(results, judged, [chart for group in charts.values() for chart in group])
    tables = {section: [*_tables(results, section, folder.name)] for section in SECTIONS}
    command = _command(results, folder)
    with new_folder(folder, force=True, ours=("*.png", CONFIG, *KEPT)) as part:
        keep(results, part)
        teaser = _teaser(results, part, folder.name)
        pictures = {
            section: [_picture(chart, part, folder.name) for chart in group] for section, group in charts.items()
        }
    drawn = {
        chart.name: shown
        for section, group in charts.items()
        for chart, shown in zip(group, pictures[section], strict=True)
    }
    templates = environment()
    templates.filters |= {"plain": markdown, "in_tag": in_tag}
    text = templates.get_template("results.md").render(
        title=title or title_of(results),
        opening=teaser or (drawn[began.chart.name] if began.chart else None),
        lines=began.lines,
        claims=judged,
        sections={section: name for section, name in SECTIONS.items() if section != "pictures"},
        filters=whose_filters(results),
        tables=tables,
        pictures=pictures,
        command=command,
        again=shlex.join(
            ["faig", "report", folder.as_posix(), "--markdown", file.as_posix(), *(["--title", title] if title else [])]
        ),
    )
    with replacing(file) as part_file:
        part_file.write_text(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", encoding="utf-8")
    return file


def _tables(results: Results, section: str, folder: str) -> Iterator[Folded]:
    """The main tables of a section; of those with rows for several proportions those of 1%."""
    for table in TABLES.values():
        rows = results.table(table)
        if rows is None or table.section != section or not (table.small or table.main):
            continue
        part = ""
        if "proportion" in [column.name for column in table.columns[: table.keys]]:
            rows, share = at_one_percent(rows)
            rows, part = rows.drop(columns="proportion"), f"{100 * share:.3g}% of the filters"
        yield Folded(Grid.of(table.name, rows), _link(folder, table.name), part)


def _picture(chart: Chart, part: Path, folder: str) -> Shown:
    Drawing.of(chart).save(part, ["png"])
    _shrink(part / f"{chart.name}.png", WIDTH)
    return Shown(chart.title, _link(folder, f"{chart.name}.png"), chart.explanation)


def _teaser(results: Results, part: Path, folder: str) -> Shown | None:
    """The picture of the run; images that are not the package's own are not copied."""
    home = results.home_of(PICTURES)
    if home is None or not (home / PICTURE).exists() or _images_of_study(results):
        return None
    copy = shutil.copyfile(home / PICTURE, part / "teaser.png")
    _shrink(copy, TEASER_WIDTH, shades=256)
    return Shown(
        "One image, restored by the target, and with the filters of each function reverted",
        _link(folder, copy.name),
        teaser_caption(results.shots("")),
    )


def _link(folder: str, name: str) -> str:
    """The path of a file from the text, as a link takes it."""
    return quote(f"{folder}/{name}", safe="/+")


def _shrink(path: Path, width: int, shades: int = SHADES) -> None:
    image = open_picture(path)
    if image.width > width:
        image = image.resize((width, round(image.height * width / image.width)), Pillow.Resampling.LANCZOS)
    image.quantize(shades, dither=Pillow.Dither.NONE).save(path, optimize=True)


def _images_of_study(results: Results) -> str:
    """The folder that a study took images from; empty for packaged photos, and for other runs."""
    study = study_of(results)
    return study.images if study is not None and isinstance(study.images, str) else ""


def _command(results: Results, folder: Path) -> str:
    """How a study is run again; empty for other runs."""
    if study_of(results) is None:
        return ""
    name, images = folder.name, Path(_images_of_study(results)).name
    study = [name] if name in shipped() else [(folder / CONFIG).as_posix(), "--out", f"runs/{name}"]
    return shlex.join(["faig", "run", *study, *(["--images", images] if images else [])])
