"""What a page of a run begins with: one picture, and in plain words what was asked, what came out, and what it cost."""

from dataclasses import dataclass

from faig.report.claims.claim import Claim, Verdict, at_one_percent, job, listed
from faig.report.figures.chart import Chart
from faig.report.headline import headline
from faig.report.rankings import own_method
from faig.results.comparison_tables import SUMMARY
from faig.results.reader import Results
from faig.results.settings import Images, RunSettings

SAID = {
    Verdict.HOLDS: ("holds", "hold"),
    Verdict.PARTLY: ("holds partly", "hold partly"),
    Verdict.FAILS: ("does not hold", "do not hold"),
    Verdict.OPEN: ("cannot be told", "cannot be told"),
}  # of one claim, and of several


@dataclass(frozen=True)
class Opening:
    """The beginning of a page.

    Attributes:
        chart: the one that shows most; None where there is none.
        lines: sentences by what they are about: ``Asked``, ``Found``, ``Cost``; at most these three.
    """

    chart: Chart | None
    lines: dict[str, str]


def opening(results: Results, judged: list[Claim], charts: list[Chart]) -> Opening:
    """The beginning of the page of a run.

    Args:
        results: of the run.
        judged: its claims.
        charts: the main ones, in order; that of the headline's function is taken where there is one.

    Raises:
        InputError: a table, the configuration or the rankings cannot be read.
    """
    found = headline(results)
    of_function = [chart for chart in charts if found and chart.name == f"tradeoff-{found.function}"]
    counts = {verdict: sum(claim.verdict is verdict for claim in judged) for verdict in SAID}
    tally = [f"{count} {SAID[verdict][count > 1]}" for verdict, count in counts.items() if count]
    lines = {
        "Asked": _asked(results),
        "Found": " ".join(
            [
                *([found.sentence] if found else []),
                *([f"Of {len(judged)} claims {listed(tally)}."] if tally else []),
            ]
        ),
        "Cost": _cost(results),
    }
    chart = next(iter([*of_function, *charts]), None)
    return Opening(chart, {about: line for about, line in lines.items() if line})


def study_of(results: Results) -> RunSettings | None:
    """The configuration, where the run is a whole study."""
    whole = [settings for file, settings in results.settings() if file.parent == results.run]
    return next((settings for settings in whole if settings.command == "study"), None)


def _asked(results: Results) -> str:
    """Empty for what is no study: its settings do not say what it asks."""
    study = study_of(results)
    if study is None or not study.degrade:
        return ""
    asked = f"Which filters do {listed(map(job, study.degrade))}?"
    if study.compare is None or not (isinstance(study.find, Images) and isinstance(study.measure, Images)):
        return asked
    count = len(study.compare.methods)
    found, measured = (_crops(part, isinstance(study.images, str)) for part in (study.find, study.measure))
    where = "on the same" if study.protocol else f"on {measured}"
    return f"{asked} {count} methods look for them on {found}; what these do is measured {where}."


def _crops(images: Images, folders: bool) -> str:
    """Where images of a study come from: ``14 crops of Set14``."""
    count = sum(images.crops.values()) if isinstance(images.crops, dict) else images.crops
    of = images.folder if folders else listed(images.photos)
    return f"{count} crops of {of}" if count else f"images of {of}"


def _cost(results: Results) -> str:
    """Of the run's own method; empty where no table says it."""
    summary, method = results.table(SUMMARY), own_method(results)
    if summary is None:
        return ""
    rows, _ = at_one_percent(summary[summary["method"] == method])
    passes = rows["passes"].dropna()
    if passes.empty:
        return ""
    return f"{int(passes.iloc[0]):,} passes forward and backward, of one image each, to find the filters by {method}."
