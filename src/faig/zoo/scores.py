"""FAIG scores that ship beside a pair, so that its filters need not be found again: ``srresnet-x2/blur``."""

from collections.abc import Mapping

from jaxtyping import Int64
from torch import Tensor

from faig import zoo
from faig.attribution.files.rankings import read_ranking
from faig.attribution.files.score_files import load_scores
from faig.attribution.methods import DEFAULT, METHODS
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace, rank

SCORES = "scores.safetensors"


def chosen_by(rankings: Mapping[str, str], space: FilterSpace, proportion: float) -> dict[str, FilterSet]:
    """The first filters of each function's ranking.

    Args:
        rankings: by function; see `ranking`.
        space: of the network whose filters they are.
        proportion: of the filters, in (0, 1].

    Raises:
        InputError: a ranking cannot be read, is of another network, or has not so many filters.
    """
    return {kind: FilterSet.top(space, ranking(name, space), proportion) for kind, name in rankings.items()}


def ranking(name: str, space: FilterSpace) -> Int64[Tensor, " ranked"]:
    """Flat indices, best first: of a pair's shipped scores, or from a file.

    Args:
        name: pair and degradation (``srresnet-x2/blur``: by the default method; ``srresnet-x2/blur@faig``: by another
            whose scores ship), or a file that `read_ranking` reads.
        space: of the network whose filters they are.

    Raises:
        InputError: there is no such file, or it is of another network, or the method's scores do not ship.
    """
    pair, _, function = name.rpartition("/")
    file = zoo.folder(pair) / SCORES if pair in zoo.pairs() else None
    if file is None or not file.is_file():
        return read_ranking(name, space)
    kind, _, chosen = function.partition("@")
    method = METHODS.get(chosen or DEFAULT)
    raw, metadata = load_scores(file)
    if method is None or method.source is not METHODS[metadata["method"]].source:
        raise InputError(
            f"{name}: {pair} ships scores of {metadata['method']}, not of the method {chosen or DEFAULT!r}"
        )
    if kind not in raw.degradations:
        raise InputError(f"{name}: {pair} has scores of {', '.join(raw.degradations)}, not of {kind!r}")
    if metadata["layers"] != space.describe():
        raise InputError(f"{name}: these scores are of another network")
    return rank(method.scores(raw, kind))
