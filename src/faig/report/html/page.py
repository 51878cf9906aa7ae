"""``faig report``: one HTML file from the result files of a run, and its charts as PNG and SVG files."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from faig import web
from faig.attribution.files.ranking_file import RankingFile
from faig.common.files import replacing
from faig.common.version import __version__
from faig.imaging.colours import COLOURS
from faig.report.claims.claim import Claim, job
from faig.report.claims.comparison import claims
from faig.report.figures import charts
from faig.report.figures.chart import Chart
from faig.report.figures.drawing import Drawing
from faig.report.figures.export import export_drawings
from faig.report.figures.filtermap import filter_map
from faig.report.figures.pictures import Picture, pictures
from faig.report.figures.series_of_tables import colours_of_run
from faig.report.figures.strips import guide_of
from faig.report.figures.teaser import guide_among, shot_title, teaser_caption
from faig.report.headline import Fact, Headline, headline
from faig.report.html.html_table import Grid
from faig.report.rankings import own_method, rankings_of, whose_filters
from faig.results.reader import Results, read_any
from faig.results.tables import CONFUSION, MODULATION, SECTIONS, TABLES

if TYPE_CHECKING:
    from jinja2 import Environment

FILE = "report.html"
LISTED = 50  # filters of each ranking
TEASER, SWEEPS = 0.35, 0.65  # shares of the bytes for images
STYLES = ("page.css", "chart.css")
SCRIPTS = ("page.js", "chart.js", "map.js")
NAMES = {
    "input": "input",
    "baseline": "baseline network",
    "target": "target network",
    "reverted": "",
    "gt": "ground truth",
}  # in the order of the choice
ROWS = {"blur": "blurry input", "noise": "noisy input", "clean": "clean input"}


@dataclass(frozen=True)
class Comparison:
    """Pictures of one input, any two of which the slider compares; what is written on them has their PSNR."""

    name: str
    pictures: list[Picture]
    labels: list[str]
    left: int
    right: int


@dataclass(frozen=True)
class Sweep:
    """A picture per strength, what the table says of each, and charts."""

    name: str
    pictures: list[Picture]
    measured: list[str]
    start: int
    charts: list[Chart]


def write_report(run: Path) -> Path:
    """Write ``report.html`` and ``figures/report/`` into a run directory; equal files give equal bytes.

    Args:
        run: a run of ``faig attribute``, ``compare``, ``sweep``, ``demo``, or of a study with a directory a stage.

    Returns:
        The page.

    Raises:
        InputError: it is no run directory, or a file in it cannot be read.
    """
    html, drawings = page_of(Results.of(run))
    if drawings:
        export_drawings(run, drawings)
    with replacing(run / FILE) as part:
        part.write_text(html, encoding="utf-8")
    return run / FILE


def page_of(results: Results, title: str | None = None) -> tuple[str, list[Drawing]]:
    """The page of a run, and the charts that it has.

    Args:
        results: of the run.
        title: None: the networks' names.

    Raises:
        InputError: a file cannot be read.
    """
    context = _context(results)
    context["title"] = title or context["title"]
    drawings: list[Drawing] = context.pop("drawings")
    styles = [web.text("before_after.css"), *map(_template, STYLES)]
    scripts = [web.text("before_after.js"), *map(_template, SCRIPTS)]
    page = environment().get_template("page.html")
    html = page.render(**context, css="\n".join(styles), js=web.joined(*scripts), version=__version__, colours=COLOURS)
    return html, drawings


def _template(name: str) -> str:
    return (resources.files("faig.report") / "templates" / name).read_text("utf-8")


def environment() -> "Environment":
    """The jinja environment that loads the templates."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    templates = Environment(
        loader=PackageLoader("faig.report", "templates"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    templates.globals |= {"job": job}
    return templates


def _context(results: Results) -> dict[str, Any]:
    """Everything the template shows."""
    tables = _tables(results)  # first: whatever is no table is refused before anything is drawn
    by_section = charts.charts_of(results)
    drawings = [Drawing.of(chart) for group in by_section.values() for chart in group]
    rankings = rankings_of(results)
    mapped = None if rankings is None else filter_map(rankings, colours_of_run(results))
    judged, found = claims(results), headline(results)
    return {
        "title": title_of(results),
        "found": found,
        "headings": SECTIONS,
        "facts": [*(found.facts if found else ()), *_sizes(results, mapped)],
        "claims": judged,
        "counts": _counts(judged),
        "teaser": _teaser(results, found),
        "caption": teaser_caption(results.shots(own_method(results))),
        "charts": by_section,
        "svg": {drawing.chart.name: drawing.inline(number) for number, drawing in enumerate(drawings)},
        "sweeps": _sweeps(results),
        "filters": whose_filters(results),
        "tables": tables,
        "best": {} if rankings is None else _best(rankings),
        "trust": _trust(results),
        "versions": _versions(results),
        "configs": [(results.inside(file), file.read_text(encoding="utf-8")) for file, _ in results.settings()],
        "data": {"charts": {drawing.chart.name: drawing.points() for drawing in drawings}, "map": mapped},
        "map": mapped,
        "drawings": drawings,
    }


def title_of(results: Results) -> str:
    """The networks, as the configuration names them."""
    for _, settings in results.settings():
        if settings.target and settings.baseline:
            return " against ".join(str(Path(name).with_suffix("")) for name in (settings.target, settings.baseline))
    return "The filters of a network"


def _sizes(results: Results, mapped: dict[str, Any] | None) -> list[Fact]:
    """How many filters there are, and how many images they were found on."""
    sizes = []
    if mapped:
        sizes.append((f"{mapped['total']:,}", "filters", f"in {len(mapped['layers'])} layers"))
    for scores in [scores for _, scores in results.scores() if scores.images][:1]:
        photos = len(set(scores.photos))
        crops = f", crops of {photos} photo{'s' if photos > 1 else ''}" if photos else ""
        sizes.append((str(len(scores.images)), "images", f"that filters were found on{crops}"))
    return sizes


def _counts(judged: list[Claim]) -> dict[str, int]:
    verdicts = [claim.verdict for claim in judged]
    return {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}


def _teaser(results: Results, found: Headline | None) -> list[Comparison]:
    """A comparison for each input, that of the headline's function first: the target, and that function reverted."""
    shots = results.shots(own_method(results))
    kinds = list(dict.fromkeys(shot.input for shot in shots))
    if found and found.function in kinds:
        kinds.sort(key=lambda kind: kind != found.function)
    comparisons = []
    for kind in kinds:
        ordered = sorted((shot for shot in shots if shot.input == kind), key=lambda shot: [*NAMES].index(shot.shown))
        titles, files = [shot_title(shot, NAMES) for shot in ordered], [shot.file for shot in ordered]
        shown = pictures(dict(zip(titles, files, strict=True)), guide_among(shots), TEASER / len(kinds))
        left = next((number for number, shot in enumerate(ordered) if shot.shown == "target"), 0)
        wanted = found.function if found else kind
        right = next((number for number, shot in enumerate(ordered) if shot.function == wanted), len(shown) - 1)
        labels = [
            title + ("" if pd.isna(shot.psnr) else f", {shot.psnr:.2f}\N{NO-BREAK SPACE}dB")
            for title, shot in zip(titles, ordered, strict=True)
        ]
        comparisons.append(Comparison(ROWS.get(kind, f"{kind} input"), shown, labels, left, right))
    return comparisons


def _sweeps(results: Results) -> list[Sweep]:
    drawn, files = charts.modulation_charts(results, colours_of_run(results)), results.sweeps()
    sweeps = []
    for functions in dict.fromkeys((*drawn, *files)):
        images = files.get(functions, {})
        named = {f"{strength:g}": file for strength, file in images.items()}
        shown = pictures(named, guide_of(images), SWEEPS / len(files)) if named else []
        start = list(images).index(1.0) if 1.0 in images else 0
        measured = [_measured(results, functions, strength) for strength in images]
        sweeps.append(Sweep(functions, shown, measured, start, drawn.get(functions, [])))
    return sweeps


def _measured(results: Results, functions: str, strength: float) -> str:
    """What the table says of one strength on the functions' own input, means over images."""
    rows = results.table(MODULATION)
    if rows is None:
        return ""
    chosen = rows[(rows["functions"] == functions) & ((rows["strength"] - strength).abs() < 1e-6)]
    return "; ".join(
        f"on {row['input']}: {row['psnr']:.2f} dB, noise {row['noise']:.3f}, mean gradient {row['sharpness']:.3f}"
        + (f", wrecked: {row['wrecked']}" if row["wrecked"] else "")
        for _, row in chosen.iterrows()
        if row["input"] in functions.split("+")
    )


def _tables(results: Results) -> dict[str, list[Grid]]:
    """The tables by section; those that are not declared come last, as they are."""
    sections: dict[str, list[Grid]] = {section: [] for section in SECTIONS}
    for table in TABLES.values():
        home, rows = results.home_of(table), results.table(table)
        if home is not None and rows is not None and table.section != "pictures":
            name = results.inside(home / table.name)
            sections[table.section].append(Grid.of(name, rows, shaded=table is CONFUSION, small=table.small))
    return sections | {"other": [Grid.of(results.inside(path), read_any(path)) for path in results.undeclared()]}


def _best(rankings: RankingFile) -> dict[str, Grid]:
    """The first filters for each function, by the run's own method."""
    method = rankings.default
    return {kind: Grid.of(kind, rankings.frame(method, kind, LISTED)) for kind in rankings.degradations}


def _trust(results: Results) -> Grid | None:
    """How well each integral closes, whether the networks are joined by working ones, and what speaks against it."""
    rows = [
        {
            "scores": name,
            "method": scores.method,
            "degradation": kind,
            "quadrature": scores.quadrature,
            "nodes": scores.nodes,
            "convergence delta": delta,
            "barrier": scores.barrier.get(kind),
            "ranking error": scores.ranking_error.get(kind),
            "warning": scores.distrust,
        }
        for name, scores in results.scores()
        for kind, delta in scores.convergence_delta.items()
    ]
    return Grid.of("trust", pd.DataFrame(rows)) if rows else None


def _versions(results: Results) -> dict[str, str]:
    for _, scores in results.scores():
        if scores.versions:
            return {name: str(value) for name, value in sorted(scores.versions.items())} | {
                "threads": str(scores.threads or "")
            }
    return {}
