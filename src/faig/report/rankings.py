"""The rankings of a run, and by which method the filters are that its report is about."""

from pathlib import Path

from faig.attribution.files.ranking_file import RANKINGS, RankingFile
from faig.attribution.methods import PAPER
from faig.report.claims.claim import job, listed
from faig.results.reader import Results
from faig.results.tables import DISTRIBUTION


def rankings_of(results: Results) -> RankingFile | None:
    """The first file of rankings; None where there is none.

    Raises:
        InputError: it cannot be read.
    """
    path = results.first(RANKINGS)
    return None if path is None else RankingFile.load(path)


def own_method(results: Results) -> str:
    """The method whose filters stages use; the paper's where nothing says it.

    Raises:
        InputError: the file of rankings, or a table, cannot be read.
    """
    return _named(results) or PAPER


def by_own_method(results: Results) -> str:
    """What a chart's title says of the filters' method; empty where nothing names it."""
    method = _named(results)
    return f", by {method}" if method else ""


def whose_filters(results: Results) -> str:
    """A sentence: by which method, or else from which files, the filters are that a run uses; empty if nothing says."""
    if method := _named(results):
        return f"The filters are those of {method}."
    files = {name: file for _, settings in results.settings() for name, file in settings.filters.items()}
    names = [
        f"{'/'.join(Path(file).parts[-2:])} for {job(name)}" for name, file in files.items() if isinstance(file, str)
    ]
    return f"The filters are those of {listed(names)}." if names else ""


def _named(results: Results) -> str:
    """The run's own method: by its rankings, or by its tables where these alone were kept; empty where none says it."""
    rankings = rankings_of(results)
    if rankings is not None:
        return rankings.default
    found = results.table(DISTRIBUTION)
    return "" if found is None else str(found["method"].iloc[0])
