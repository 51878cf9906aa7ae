"""``faig report``: one HTML file from the result files of a run, and its charts as PNG and SVG files."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from faig.common.files import new_folder, replacing
from faig.common.version import __version__
from faig.report.claims.claim import Claim, at_one_percent, estimate_of, job, told
from faig.report.claims.comparison import CHAMPION, SUMMARY, claims
from faig.report.figures import charts
from faig.report.figures.chart import Chart
from faig.report.figures.filtermap import filter_map, read_ranking
from faig.report.figures.pictures import Picture, pictures
from faig.report.figures.style import COLOURS
from faig.report.html.html_table import Grid
from faig.results.reader import Results, read_csv

if TYPE_CHECKING:
    from jinja2 import Environment

FILE = "report.html"
FIGURES = "figures/report"
LISTED = 50  # filters of each ranking
TEASER, SWEEPS = 0.35, 0.65  # shares of the bytes for images
NAMES = {
    "input": "input",
    "baseline": "baseline network",
    "target": "target network",
    "reverted": "",
    "gt": "ground truth",
}  # in the order of the choice
ROWS = {"blur": "blurry input", "noise": "noisy input", "clean": "clean input"}

# Which tables stand in which section; all others come last.
TABLES = {
    "comparison": ("summary.csv", "contests.csv", "equals.csv", "areas.csv", "effects.csv", "grafts.csv"),
    "distribution": ("distribution.csv", "overlaps.csv", "groups.csv", "profiles.csv", "layers.csv"),
    "modulation": ("modulation.csv",),
    "prediction": ("accuracy.csv", "confusion.csv", "responses.csv", "levels.csv", "predictions.csv"),
    "locations": ("grafted.csv", "cut.csv", "gained.csv", "retrained.csv"),
}
SMALL = (
    "summary.csv",
    "accuracy.csv",
    "confusion.csv",
    "distribution.csv",
    "grafted.csv",
    "cut.csv",
    "gained.csv",
    "equals.csv",
)  # shown unfolded


@dataclass(frozen=True)
class Comparison:
    """Pictures of one input, any two of which the slider compares."""

    name: str
    pictures: list[Picture]
    left: int
    right: int


@dataclass(frozen=True)
class Turned:
    """A sweep: a picture per strength, and what the table says of it."""

    name: str
    pictures: list[Picture]
    told: list[str]
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
    from plotly.offline import get_plotlyjs

    results = Results.of(run)
    shown = _context(results)
    drawn: list[Chart] = shown.pop("drawn")
    assets = {
        name: (resources.files("faig.report") / "templates" / name).read_text("utf-8")
        for name in ("page.css", "page.js")
    }
    html = (
        environment()
        .get_template("page.html")
        .render(
            **shown,
            css=assets["page.css"],
            js=assets["page.js"],
            plotly=get_plotlyjs() if drawn else "",
            version=__version__,
            colours=COLOURS,
        )
    )
    if drawn:
        with new_folder(run / FIGURES, force=True, ours=("*.png", "*.svg")) as folder:
            for chart in drawn:
                chart.draw(folder)
    with replacing(run / FILE) as part:
        part.write_text(html, encoding="utf-8")
    return run / FILE


def environment() -> "Environment":
    """The templates."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    found = Environment(
        loader=PackageLoader("faig.report", "templates"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    found.globals |= {"job": job}
    return found


def _context(results: Results) -> dict[str, Any]:
    """Everything the template shows."""
    found = {
        "comparison": charts.comparison_charts(results),
        "distribution": charts.distribution_charts(results),
        "prediction": charts.prediction_charts(results),
        "locations": charts.retraining_charts(results),
    }
    turned = _turned(results)
    drawn = [chart for group in found.values() for chart in group] + [c for sweep in turned for c in sweep.charts]
    rankings = results.rankings()
    mapped = filter_map(rankings) if rankings else None
    claimed = claims(results)
    return {
        "title": title_of(results),
        "tiles": _tiles(results, mapped),
        "claims": claimed,
        "counts": _counts(claimed),
        "teaser": _teaser(results),
        "charts": found,
        "turned": turned,
        "tables": _tables(results),
        "small": SMALL,
        "best": {kind: Grid.of(kind, read_ranking(path).head(LISTED)) for kind, path in rankings.items()},
        "trust": _trust(results),
        "versions": _versions(results),
        "configs": results.configs(),
        "data": {"charts": {chart.name: chart.plotly() for chart in drawn}, "map": mapped},
        "map": mapped,
        "drawn": drawn,
    }


def title_of(results: Results) -> str:
    """The networks, as the configuration names them."""
    for _, text in results.configs():
        config = yaml.safe_load(text)
        if isinstance(config, dict) and {"target", "baseline"} <= set(config):
            return (
                f"{Path(str(config['target'])).with_suffix('')} against {Path(str(config['baseline'])).with_suffix('')}"
            )
    return "The filters of a network"


def _tiles(results: Results, mapped: dict[str, Any] | None) -> list[tuple[str, str, str]]:
    """The first numbers that are read: value, what it is, its interval."""
    tiles = []
    if mapped:
        tiles.append((f"{mapped['total']:,}", "filters", f"in {len(mapped['layers'])} layers"))
    summary = results.table("summary.csv", SUMMARY)
    if summary is not None:
        rows, share = at_one_percent(summary[summary["method"] == CHAMPION])
        for _, row in rows.iterrows():
            off = estimate_of(row, "switched_off")
            what = f"of {job(row['reverted'])} switched off by {100 * share:.3g}%"
            tiles.append((f"{100 * off.value:.0f}%", what, f"FAIG, {told(off)}"))
    images = [len(scores["images"]) for _, scores in results.scores() if "images" in scores]
    if images:
        tiles.append((str(images[0]), "images", "that filters were found on"))
    return tiles


def _counts(claimed: list[Claim]) -> dict[str, int]:
    return {
        verdict: sum(claim.verdict == verdict for claim in claimed)
        for verdict in dict.fromkeys(c.verdict for c in claimed)
    }


def _teaser(results: Results) -> list[Comparison]:
    rows = results.teaser()
    found = []
    for row, files in rows.items():
        ordered = sorted(files, key=lambda what: list(NAMES).index(what.partition("-")[0]))
        shown = pictures({_what(what): files[what] for what in ordered}, TEASER / len(rows))
        left, right = (
            ordered.index(what) if what in ordered else at for what, at in (("target", 0), (f"reverted-{row}", -1))
        )
        found.append(Comparison(ROWS.get(row, f"{row} input"), shown, left, right % len(shown)))
    return found


def _what(what: str) -> str:
    """What was done to the network, or what else a picture is."""
    return NAMES.get(what) or f"{job(what.removeprefix('reverted-'))} reverted"


def _turned(results: Results) -> list[Turned]:
    drawn, sweeps = charts.modulation_charts(results), results.sweeps()
    share = SWEEPS / max(1, len(sweeps))
    found = []
    for functions in dict.fromkeys((*drawn, *sweeps)):
        files = {f"{float(strength):g}": path for strength, path in sweeps.get(functions, {}).items()}
        shown = pictures(files, share)
        names = [picture.name for picture in shown]
        found.append(
            Turned(
                functions,
                shown,
                [_measured(results, functions, float(name)) for name in names],
                names.index("1") if "1" in names else 0,
                drawn.get(functions, []),
            )
        )
    return found


def _measured(results: Results, functions: str, strength: float) -> str:
    """What the table says of one strength on the functions' own input, means over images."""
    rows = results.table("modulation.csv", ("functions", "input", "strength", "psnr", "sharpness", "noise"))
    if rows is None:
        return ""
    chosen = rows[(rows["functions"] == functions) & ((rows["strength"] - strength).abs() < 1e-6)]
    return "; ".join(
        f"on {row['input']}: {row['psnr']:.2f} dB, noise {row['noise']:.3f}, mean gradient {row['sharpness']:.3f}"
        for _, row in chosen.iterrows()
        if row["input"] in functions.split("+")
    )


def _tables(results: Results) -> dict[str, list[Grid]]:
    found = results.tables()
    known = {name for names in TABLES.values() for name in names}
    first = {name: results.first(name) for name in known}
    sections = {
        section: [
            Grid.of(results.told(path), read_csv(path), shaded=name == "confusion.csv")
            for name in names
            if (path := first[name]) is not None
        ]
        for section, names in TABLES.items()
    }
    rest = [Grid.of(name, read_csv(path)) for name, path in found.items() if path not in first.values()]
    return sections | {"other": rest}


def _trust(results: Results) -> Grid | None:
    """How well each integral closes, and whether the networks are joined by working ones."""
    rows = [
        {
            "scores": name,
            "degradation": kind,
            "quadrature": scores.get("quadrature"),
            "nodes": scores.get("nodes"),
            "convergence delta": delta,
            "barrier": scores.get("barrier", {}).get(kind),
            "ranking error": scores.get("ranking_error", {}).get(kind),
        }
        for name, scores in results.scores()
        for kind, delta in scores.get("convergence_delta", {}).items()
    ]
    return Grid.of("trust", pd.DataFrame(rows)) if rows else None


def _versions(results: Results) -> dict[str, str]:
    for _, scores in results.scores():
        if "versions" in scores:
            return {str(name): str(value) for name, value in sorted(scores["versions"].items())} | {
                "threads": str(scores.get("threads", ""))
            }
    return {}
