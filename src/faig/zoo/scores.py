"""What turns a function, by name: scores that ship beside a pair (``srresnet-x2/blur``), files, run directories."""

import warnings
from collections.abc import Mapping
from pathlib import Path

from torch import nn

from faig import zoo
from faig.attribution.files.ranking_file import Networks, networks_said
from faig.attribution.files.score_files import load_scores
from faig.attribution.files.unit_files import RankedUnits, units_in_file
from faig.attribution.methods import DEFAULT, MASK, METHODS
from faig.attribution.options import TOP
from faig.attribution.trust import not_reached
from faig.common.errors import FaigWarning, InputError
from faig.filters import FilterSet, FilterSpace, Strengths, rank
from faig.zoo.learned import LEARNED, load_learned
from faig.zoo.origin import warn_of_others

SCORES = "scores.safetensors"

Units = RankedUnits | Strengths


def chosen_by(
    names: Mapping[str, str],
    network: nn.Module,
    share: float | None = None,
    *,
    baseline: nn.Module | None = None,
    unit: str | None = None,
    everything: bool = False,
) -> dict[str, FilterSet | Strengths]:
    """What turns each function: the first units of its ranking, or strengths.

    A file that says that it is of other networks is a warning.

    Args:
        names: by function; see `read_units`.
        network: whose units they are.
        share: of the units, in (0, 1]; `TOP` where it is None.
        baseline: of the pair whose target the network is; None for one end of a pair, whichever.
        unit: where a file does not say; see `unit_files.units_in_file`.
        everything: where a file does not say.

    Raises:
        InputError: a file cannot be read, is of another architecture, has not so many units, or says strengths, of
            which there is no share.
    """
    chosen: dict[str, FilterSet | Strengths] = {}
    found_on: dict[str, Networks] = {}
    for function, name in names.items():
        read, networks = _read(name, network, function, unit, everything)
        found_on |= {name: networks} if networks else {}
        if isinstance(read, Strengths) and share is not None:
            raise InputError(f"{name}: says of every unit how far it is turned; leave the share out", setting="top")
        chosen[function] = read if isinstance(read, Strengths) else read.top(TOP if share is None else share)
    warn_of_others(found_on, network, baseline)
    return chosen


def read_units(
    name: str | Path,
    network: nn.Module,
    *,
    baseline: nn.Module | None = None,
    function: str | None = None,
    unit: str | None = None,
    everything: bool = False,
) -> Units:
    """What turns a function of a network: of a pair's shipped scores, or from a file.

    A file that says that it is of other networks is a warning.

    Args:
        name: pair and degradation (``srresnet-x2/blur``: by the default method; ``srresnet-x2/blur@signed``: by
            another whose scores ship; ``srresnet-x2/blur@learned``: the learned set), or what
            `unit_files.units_in_file` reads.
        network: whose units they are.
        baseline: of the pair whose target the network is; None for one end of a pair, whichever.
        function: which one, where a file has several.
        unit: where a file does not say.
        everything: where a file does not say.

    Raises:
        InputError: there is no such file, or it is of another architecture, or the method's scores do not ship.
    """
    units, networks = _read(str(name), network, function, unit, everything)
    warn_of_others({str(name): networks} if networks else {}, network, baseline)
    return units


def _read(
    name: str, network: nn.Module, function: str | None, unit: str | None, everything: bool
) -> tuple[Units, Networks | None]:
    pair, _, shipped = name.rpartition("/")
    kind, _, chosen = shipped.partition("@")
    file = zoo.folder(pair) / (LEARNED if chosen == MASK.name else SCORES) if pair in zoo.pairs() else None
    if file is None or not file.is_file():
        return units_in_file(name, network, function=function, unit=unit, everything=everything)
    if chosen == MASK.name:
        orders, metadata = load_learned(file)
        if kind in orders and (reason := not_reached({kind: metadata["reached"][kind]})):
            warnings.warn(f"{name}: {reason}", FaigWarning, stacklevel=3)
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
    return RankedUnits(space, orders[kind]), networks_said(file, metadata)
