"""The networks that a change asks for: each made once and kept."""

from dataclasses import dataclass

import torch
from torch import nn

from faig.common.errors import InputError
from faig.explore.kept import Kept
from faig.explore.messages import Change
from faig.explore.subject import Subject, random_units
from faig.filters import FilterSet
from faig.filters.strengths import turned
from faig.intervention import edit
from faig.intervention.edit import Units
from faig.intervention.knob import Averaged, dni, ends

ROOM = 512_000_000  # bytes of the weights of all altered networks
TARGET, BASELINE, TURNED, ALL = "target", "baseline", "turned", "DNI"


@dataclass(frozen=True)
class Alteration:
    """One network.

    Attributes:
        how: ``target``, ``baseline``, ``turned``, ``DNI``, or an action of `messages.MapChange`.
        strengths: of ``turned`` by function; of ``DNI`` and ``strength`` one number.
        units: of an action: runs of flat indices.
        draw: random sets of the same sizes in place of the functions' own, or of the units: which.
    """

    how: str
    strengths: tuple[tuple[str, float], ...] = ()
    units: tuple[tuple[int, int], ...] = ()
    draw: int | None = None


Parts = list[tuple[float, Alteration]]  # networks whose output images are averaged, with their shares


class AlteredNetworks:
    """Makes altered networks of a subject, and keeps them.

    Args:
        subject: the pair and its functions.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._networks: Kept[nn.Module] = Kept(ROOM, _bytes)

    def parts(self, change: Change, draw: int | None = None) -> Parts:
        """The networks of a change, and the share that each has of the output image.

        Args:
            change: what is turned.
            draw: take random sets of the same sizes; None: the functions' own.

        Raises:
            InputError: it turns what is not there.
        """
        functions = list(self.subject.functions)
        if unknown := [name for name in change.strengths if name not in functions]:
            raise InputError(f"there is no function {unknown[0]!r}, only {', '.join(functions)}")
        if change.map is not None:
            change_of_map = change.map
            self.brushed(change)  # refuses units that are not there
            strength = (("", change_of_map.strength),) if change_of_map.action == "strength" else ()
            return [(1.0, Alteration(change_of_map.action, strength, change_of_map.units, draw))]
        at = change.position
        if change.way == "DNI":
            return [(1.0, Alteration(ALL, (("", at),)))]
        if change.way == "blend":
            return [part for part in ((at, Alteration(TARGET)), (1 - at, Alteration(BASELINE))) if part[0]]
        levels = {name: change.strengths.get(name, 1.0) for name in functions}
        if change.way == "set":
            return [(1.0, _turned(levels, draw))]
        return [(share, _turned(on, draw)) for share, on in ends(functions, levels)]

    def network(self, parts: Parts) -> nn.Module:
        """The network of a change: several are averaged."""
        made = [(share, self.one(alteration)) for share, alteration in parts]
        return made[0][1] if len(made) == 1 else Averaged(made)

    def one(self, alteration: Alteration) -> nn.Module:
        """The network of one alteration."""
        pair = self.subject.pair
        if alteration.how in (TARGET, BASELINE):
            return pair.target if alteration.how == TARGET else pair.baseline
        return self._networks.or_made(alteration, lambda: self._made(alteration))

    def brushed(self, change: Change) -> FilterSet:
        """The units of a change of the map.

        Raises:
            InputError: one is not there, or there are none.
        """
        assert change.map is not None
        return self._set(change.map.units)

    def _set(self, runs: tuple[tuple[int, int], ...]) -> FilterSet:
        space = self.subject.pair.space
        if not runs:
            raise InputError(f"no {space.unit} is brushed")
        starts, stops = torch.tensor(runs).T
        if (odd := ((starts >= stops) | (stops > len(space))).nonzero().flatten()).numel():
            start, stop = runs[int(odd[0])]
            raise InputError(f"there are no {space.unit}s {start} to {stop}: they are numbered 0 to {len(space)}")
        edges = torch.zeros(len(space) + 1, dtype=torch.int64)
        edges.index_add_(0, starts, torch.ones_like(starts)).index_add_(0, stops, -torch.ones_like(stops))
        return FilterSet(space, edges.cumsum(0)[:-1] > 0)

    def _made(self, alteration: Alteration) -> nn.Module:
        target, baseline = self.subject.pair.target, self.subject.pair.baseline
        levels = dict(alteration.strengths)
        if alteration.how == TURNED:
            return edit.mix(target, baseline, turned(self._functions(alteration.draw), levels))
        if alteration.how == ALL:
            return dni(target, baseline, levels[""])
        units = self._set(alteration.units)
        units = units if alteration.draw is None else random_units(units, alteration.draw)
        match alteration.how:
            case "revert":
                return edit.revert(target, baseline, units)
            case "strength":
                return edit.modulate(target, baseline, units, levels[""])
            case "graft":
                return edit.graft(target, baseline, units)
            case _:
                return edit.cut(target, units)

    def _functions(self, draw: int | None) -> dict[str, Units]:
        units = self.subject.units
        if draw is None:
            return units
        return {
            name: random_units(own, draw * len(units) + place)
            for place, (name, own) in enumerate(units.items())
            if isinstance(own, FilterSet)
        }


def _turned(levels: dict[str, float] | dict[str, int], draw: int | None) -> Alteration:
    if all(level == 1 for level in levels.values()):
        return Alteration(TARGET)
    return Alteration(TURNED, tuple((name, float(level)) for name, level in levels.items()), draw=draw)


def _bytes(network: nn.Module) -> int:
    return sum(weight.numel() * weight.element_size() for weight in network.parameters())
