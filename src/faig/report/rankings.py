"""The rankings of a run, and by which method the filters are that its report is about."""

from pathlib import Path

from faig.attribution.files.ranking_file import RANKINGS, RankingFile
from faig.report.claims.claim import PAPER, job, listed
from faig.results.reader import Results


def rankings_of(results: Results) -> RankingFile | None:
    """The first file of rankings; None where there is none.

    Raises:
        InputError: it cannot be read.
    """
    path = results.first(RANKINGS)
    return None if path is None else RankingFile.load(path)


def own_method(results: Results) -> str:
    """The method whose filters stages use; the paper's where no file of rankings says it.

    Raises:
        InputError: the file of rankings cannot be read.
    """
    rankings = rankings_of(results)
    return PAPER if rankings is None else rankings.default


def by_own_method(results: Results) -> str:
    """What a chart's title says of the filters' method; empty where no file of rankings names it."""
    rankings = rankings_of(results)
    return "" if rankings is None else f", by {rankings.default}"


def whose_filters(results: Results) -> str:
    """A sentence: by which method, or else from which files, the filters are that a run uses; empty if nothing says."""
    if results.first(RANKINGS) is not None:
        return f"The filters are those of {own_method(results)}."
    files = {name: file for _, settings in results.settings() for name, file in settings.filters.items()}
    names = [
        f"{'/'.join(Path(file).parts[-2:])} for {job(name)}" for name, file in files.items() if isinstance(file, str)
    ]
    return f"The filters are those of {listed(names)}." if names else ""
