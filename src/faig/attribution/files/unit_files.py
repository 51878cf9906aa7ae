"""What ``--filters`` names: ranked units, or a strength for each, out of a file or a run directory."""

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from faig.attribution.files.ranking_file import RANKINGS, Networks, RankingFile, networks_said
from faig.attribution.files.rankings import read_ranking, unit_of
from faig.common.errors import InputError
from faig.common.tensors import load_metadata
from faig.filters import FilterSet, FilterSpace, Order, Strengths

STRENGTHS = "strengths-{}.safetensors"  # in a run directory, by function


@dataclass(frozen=True)
class RankedUnits:
    """Units of a network, best first.

    Attributes:
        space: their numbering.
        order: flat indices, best first.
    """

    space: FilterSpace
    order: Order

    def top(self, share: float | str) -> FilterSet:
        """The first of them: a share of all units of the network, in (0, 1], or a text such as ``"1%"``."""
        return FilterSet.top(self.space, self.order, share)


def units_in_file(
    path: Path | str,
    network: nn.Module,
    *,
    function: str | None = None,
    unit: str | None = None,
    everything: bool = False,
) -> tuple[RankedUnits | Strengths, Networks | None]:
    """Read what turns a function of a network, and on which networks it was found.

    Args:
        path: ``filters-<function>.csv``; ``<function>_index.txt``; a file of `Strengths`; ``rankings.safetensors``;
            or a run directory, which stands for the result of the run's own method.
        network: whose units they are.
        function: which one; None or empty where there is only one.
        unit: of the network's numbering, where the file does not say: ``filter``, ``channel`` or ``layer``.
        everything: whether filters are followed by all other parameters, where the file does not say.

    Returns:
        The units; and the hashes of the networks, None where nothing says. For a CSV or an index file those say it that
        ``rankings.safetensors`` beside it has.

    Raises:
        InputError: there is no such file or function, or it is of another architecture or unit.
    """
    path = Path(path)
    if path.is_dir():
        return _of_run(path, network, function, unit, everything)
    if path.suffix == ".safetensors":
        metadata = load_metadata(path, "rankings or strengths")
        if "rankings" in metadata:
            return _ranked(path, network, function, unit, everything)
        strengths = Strengths.load(path)
        space = _own_space(path, network, strengths.space, unit, everything)
        return Strengths(space, strengths.values), networks_said(path, metadata)
    if path.suffix == ".csv" and path.is_file():
        stated, with_others = unit_of(path)
        _agree(path, stated, unit)
        space = FilterSpace.of(network, stated, everything or with_others)
    else:
        space = FilterSpace.of(network, unit or "filter", everything)
    ranked, beside = RankedUnits(space, read_ranking(path, space)), path.parent / RANKINGS
    return ranked, networks_said(beside, load_metadata(beside, "rankings")) if beside.is_file() else None


def _of_run(
    run: Path, network: nn.Module, function: str | None, unit: str | None, everything: bool
) -> tuple[RankedUnits | Strengths, Networks | None]:
    for home in (run, run / "compare"):
        before, after = STRENGTHS.split("{}")
        learned = {
            file.name.removeprefix(before).removesuffix(after): file
            for file in sorted(home.glob(STRENGTHS.format("*")))
        }
        if learned:
            file = learned[_chosen(run, list(learned), function)]
            return units_in_file(file, network, unit=unit, everything=everything)
        if (home / RANKINGS).is_file():
            return _ranked(home / RANKINGS, network, function, unit, everything)
    raise InputError(f"{run}: holds no {RANKINGS}; is it the directory of faig attribute?")


def _ranked(
    path: Path, network: nn.Module, function: str | None, unit: str | None, everything: bool
) -> tuple[RankedUnits, Networks | None]:
    file = RankingFile.load(path)
    order = file.get(file.default, _chosen(path, file.degradations, function)).order
    return RankedUnits(_own_space(path, network, file.space, unit, everything), order), file.networks


def _chosen(path: Path, functions: list[str], function: str | None) -> str:
    """The function that is meant: the one named, or the only one there is."""
    if function in functions:
        return str(function)
    if not function and len(functions) == 1:
        return functions[0]
    which = f"not {function!r}" if function else "so say which: NAME=FILE"
    raise InputError(f"{path}: is for {', '.join(functions)}, {which}", setting="filters")


def _own_space(path: Path, network: nn.Module, space: FilterSpace, unit: str | None, everything: bool) -> FilterSpace:
    """The network's numbering, which must be the file's."""
    _agree(path, space.unit, unit)
    if everything and not space.everything:
        raise InputError(f"{path}: is of filters alone, not of everything", setting="everything")
    own = FilterSpace.of(network, space.unit, space.everything)
    if own != space:
        raise InputError(
            f"{path}: is of {len(space):,} {space.unit}s in {len(space.layers)} layers, but this network has "
            f"{len(own):,} in {len(own.layers)}; the file is of another network"
        )
    return own


def _agree(path: Path, stated: str, unit: str | None) -> None:
    if unit is not None and unit != stated:
        raise InputError(f"{path}: is of {stated}s, not of {unit}s", setting="unit")
