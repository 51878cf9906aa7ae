"""What turns a function, by name: scores that ship beside a pair (``srresnet-x2/blur``), files, run directories."""

import warnings
from collections.abc import Mapping

from torch import nn

from faig import zoo
from faig.attribution.files.score_files import load_scores
from faig.attribution.files.unit_files import RankedUnits, read_units
from faig.attribution.methods import DEFAULT, MASK, METHODS
from faig.attribution.options import TOP
from faig.attribution.result import not_reached
from faig.common.errors import FaigWarning, InputError
from faig.filters import FilterSet, FilterSpace, Strengths, rank
from faig.zoo.learned import LEARNED, load_learned

SCORES = "scores.safetensors"


def chosen_by(
    names: Mapping[str, str],
    network: nn.Module,
    share: float | None = None,
    *,
    unit: str | None = None,
    everything: bool = False,
) -> dict[str, FilterSet | Strengths]:
    """What turns each function: the first units of its ranking, or strengths.

    Args:
        names: by function; see `units`.
        network: whose units they are.
        share: of the units, in (0, 1]; `TOP` where it is None.
        unit: where a file does not say; see `unit_files.read_units`.
        everything: where a file does not say.

    Raises:
        InputError: a file cannot be read, is of another network, has not so many units, or says strengths, of which
            there is no share.
    """
    chosen: dict[str, FilterSet | Strengths] = {}
    for function, name in names.items():
        read = units(name, network, function=function, unit=unit, everything=everything)
        if isinstance(read, Strengths) and share is not None:
            raise InputError(f"{name}: says of every unit how far it is turned; leave the share out", setting="top")
        chosen[function] = read if isinstance(read, Strengths) else read.top(TOP if share is None else share)
    return chosen


def units(
    name: str,
    network: nn.Module,
    *,
    function: str | None = None,
    unit: str | None = None,
    everything: bool = False,
) -> RankedUnits | Strengths:
    """What turns a function of a network: of a pair's shipped scores, or from a file.

    Args:
        name: pair and degradation (``srresnet-x2/blur``: by the default method; ``srresnet-x2/blur@signed``: by
            another whose scores ship; ``srresnet-x2/blur@learned``: the learned set), or what `unit_files.read_units`
            reads.
        network: whose units they are.
        function: which one, where a file has several.
        unit: where a file does not say.
        everything: where a file does not say.

    Raises:
        InputError: there is no such file, or it is of another network, or the method's scores do not ship.
    """
    pair, _, shipped = name.rpartition("/")
    kind, _, chosen = shipped.partition("@")
    file = zoo.folder(pair) / (LEARNED if chosen == MASK.name else SCORES) if pair in zoo.pairs() else None
    if file is None or not file.is_file():
        return read_units(name, network, function=function, unit=unit, everything=everything)
    if chosen == MASK.name:
        orders, metadata = load_learned(file)
        if kind in orders and (reason := not_reached({kind: metadata["reached"][kind]})):
            warnings.warn(f"{name}: {reason}", FaigWarning, stacklevel=2)
    else:
        raw, metadata = load_scores(file)
        method, stored = METHODS.get(chosen or DEFAULT), METHODS.get(str(metadata.get("method")))
        if method is None or stored is None or method.source is not stored.source:
            raise InputError(
                f"{name}: {pair} ships scores of {metadata.get('method')}, not of the method {chosen or DEFAULT!r}"
            )
        if next(iter(raw.score.values())).shape[1] != len(FilterSpace.of(network)):
            raise InputError(f"{name}: these scores are of another network")
        orders = {of: rank(method.scores(raw, of)) for of in raw.degradations}
    if kind not in orders:
        raise InputError(f"{name}: {pair} has no function {kind!r}; it has {', '.join(orders)}")
    space = FilterSpace.of(network)
    if unit not in (None, space.unit) or everything:
        raise InputError(f"{name}: these scores are of filters alone", setting="unit")
    if metadata.get("layers") != space.describe():
        raise InputError(f"{name}: these scores are of another network")
    return RankedUnits(space, orders[kind])
