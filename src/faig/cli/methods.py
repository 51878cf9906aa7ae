"""By which methods rankings were made, as far as that is known."""

from collections.abc import Mapping
from pathlib import Path

from faig import zoo
from faig.attribution.files.ranking_file import RANKINGS, RankingFile
from faig.attribution.methods import DEFAULT


def known_method_of(ranking: str) -> str | None:
    """The method that a ranking was made by, as far as is known: of shipped ones, and of those in a run directory."""
    pair, _, function = ranking.rpartition("/")
    if pair in zoo.pairs():
        return function.partition("@")[2] or DEFAULT
    run = Path(ranking) if Path(ranking).is_dir() else Path(ranking).parent
    return RankingFile.load(run).default if (run / RANKINGS).is_file() else None


def methods_of(rankings: Mapping[str, str]) -> dict[str, str | None]:
    """The method of each function's ranking."""
    return {name: known_method_of(ranking) for name, ranking in rankings.items()}


def describe_methods(methods: Mapping[str, str | None]) -> str:
    """The same for people: ``method: faig``, or by function where they differ."""
    texts = {name: method or "not known; the file does not say" for name, method in methods.items()}
    if len(set(texts.values())) == 1:
        return f"method: {next(iter(texts.values()))}"
    return "method: " + ", ".join(f"{name} {text}" for name, text in texts.items())
