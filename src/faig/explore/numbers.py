"""What a change does to other inputs than the one that is shown, beside random sets of the same size."""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from faig.explore.alterations import Parts
from faig.explore.kept import Kept
from faig.explore.messages import Change, Input
from faig.explore.photos import NAME, Made, middle_of
from faig.explore.running import Check, stoppable
from faig.filters import FilterSet
from faig.imaging.cases import CLEAN, Case, degrade_case
from faig.imaging.degradation import Degradation
from faig.imaging.metrics import in_channels
from faig.intervention.comparison import Means, Reverted, number_of
from faig.intervention.measure import Measured, Reference, compared, measure_reference
from faig.intervention.wreck import described, wrecked

if TYPE_CHECKING:
    from faig.explore.explorer import Explorer

SIDE = 48  # LR pixels of the other inputs
DRAWS = 5  # random sets
REFERENCES = 32  # that are kept
ENDS = {"off": ("switched_off", ""), "leak": ("leak", "")}
ENDS |= {"off_pixels": ("switched_off", "_pixels"), "leak_pixels": ("leak", "_pixels")}


class Numbers:
    """Measures changes on the middle of the visitor's photo, taken as GT: clean, and with each degradation alone.

    Args:
        explorer: runs networks and keeps what they made.
    """

    def __init__(self, explorer: "Explorer") -> None:
        self.explorer = explorer
        self._references: Kept[Reference] = Kept(REFERENCES, lambda reference: 1)

    @staticmethod
    def none() -> dict[str, Any]:
        """Where they were not asked for."""
        return {**{name: {} for name in ENDS}, "wrecked": "", "others": [], "function": None, "control": None}

    def of(self, shown: Input, change: Change, check: Check) -> dict[str, Any]:
        """What a change does.

        Args:
            shown: whose photo, crop and seed are taken.
            change: what is turned.
            check: asked while networks run.

        Returns:
            ``off``, ``leak``, ``off_pixels``, ``leak_pixels`` by function (see `faig.intervention.effect`);
            ``wrecked``: why, or empty; ``others``: by input, its picture, PSNR, and leak as a share of what switching
            off does to the function that is turned; ``control``: the same of `DRAWS` random sets, lowest and highest,
            None where nothing is turned or no set is; ``function``: the one that is turned.

        Raises:
            InputError: the photo is too small.
        """
        seed = 0 if shown.worse is None else shown.worse.seed
        key = (shown.photo, shown.crop, seed)
        reference = self._references.or_made(key, lambda: self._reference(shown, seed, check))
        parts = self.explorer.networks.parts(change)
        measured = self._measured(parts, reference, key, check)
        means = self._means(measured, reference)
        values = {name: {kind: _number(each, name) for kind, each in means.items()} for name in ENDS}
        own = self._turned(change, values["off"])
        return values | {
            "wrecked": described(wrecked([measured], reference)),
            "others": [self._other(kind, parts, measured, reference, own, key, check) for kind in reference.target],
            "function": own,
            "control": self._control(change, reference, own, key, check),
        }

    def _reference(self, shown: Input, seed: int, check: Check) -> Reference:
        """What both networks do on the other inputs."""
        explorer = self.explorer
        pair, subject = explorer.pair, explorer.subject
        left, top, width, height = explorer.photos.place(shown.photo, shown.crop)
        x, y, wide, high = middle_of(width, height, SIDE * pair.scale, pair.scale)
        gt = in_channels(explorer.photos.image(shown.photo, (left + x, top + y, wide, high)), pair.channels)
        kinds = {CLEAN: Degradation(downsampling=subject.downsampling)}
        kinds |= {name: each.degradation for name, each in subject.functions.items() if each.degradation is not None}
        case = degrade_case(NAME, gt, kinds, pair.scale, seed=seed)
        with stoppable(pair.target, check), stoppable(pair.baseline, check):
            return measure_reference(pair.target, pair.baseline, pair.scale, [case])

    def _measured(self, parts: Parts, reference: Reference, key: Any, check: Check) -> Measured:
        explorer, (case,) = self.explorer, reference.cases
        return {
            kind: compared(
                kind, [explorer.output(parts, (key, kind), _made(case, kind), check)], reference, explorer.pair.scale
            )
            for kind in reference.target
        }

    def _means(self, measured: Measured, reference: Reference) -> dict[str, Means]:
        kinds = [kind for kind in reference.target if kind != CLEAN]
        with np.errstate(divide="ignore", invalid="ignore"):
            return {kind: Reverted.of(kind, [measured], reference).means() for kind in kinds}

    def _turned(self, change: Change, off: Mapping[str, float]) -> str | None:
        """The function that a change is about: whose strength is farthest from 1; else the one that is off most."""
        far = {name: abs(1 - strength) for name, strength in change.strengths.items() if name in off and strength != 1}
        if far and change.way in ("images", "set"):
            return max(far, key=lambda name: far[name])
        return max(off, key=lambda name: off[name], default=None)

    def _other(
        self,
        kind: str,
        parts: Parts,
        measured: Measured,
        reference: Reference,
        own: str | None,
        key: Any,
        check: Check,
    ) -> dict[str, Any]:
        """One of the other inputs: its picture and numbers."""
        (case,), result = reference.cases, measured[kind]
        values: dict[str, Any] = {
            "input": kind,
            "picture": self.explorer.output(parts, (key, kind), _made(case, kind), check),
            "psnr": float(result.psnr[0]),
            "psnr_target": float(reference.psnr[kind][0][0]),
            "psnr_baseline": float(reference.psnr[kind][1][0]),
            "leak": None,
            "leak_pixels": None,
        }
        if own is not None and kind != own:
            with np.errstate(divide="ignore", invalid="ignore"):
                values["leak"] = float(result.to_target[0] / reference.between[own][0])
                values["leak_pixels"] = float(result.pixels_to_target[0] / reference.pixels_between[own][0])
        return values

    def _control(
        self, change: Change, reference: Reference, own: str | None, key: Any, check: Check
    ) -> dict[str, Any] | None:
        """The same change of random sets: the lowest and the highest of each number, by function."""
        networks, units = self.explorer.networks, self.explorer.subject.units
        turned = [name for name, strength in change.strengths.items() if strength != 1]
        of_sets = change.way in ("images", "set") and all(isinstance(each, FilterSet) for each in units.values())
        if own is None or not (change.way == "map" or (of_sets and turned)):
            return None
        draws = [self._measured(networks.parts(change, draw), reference, key, check) for draw in range(DRAWS)]
        means = [self._means(draw, reference) for draw in draws]
        bands = {
            name: {kind: _band([_number(each[kind], name) for each in means]) for kind in means[0]} for name in ENDS
        }
        sizes = [networks.brushed(change)] if change.way == "map" else [units[name] for name in turned]
        count = sum(len(each) for each in sizes if isinstance(each, FilterSet))
        return {
            **bands,
            "psnr": _band([float(draw[own].psnr[0]) for draw in draws]),
            "of": f"{DRAWS} random sets of {count:,} {self.explorer.pair.space.unit}s, as many as are turned",
        }


def _made(case: Case, kind: str) -> Made:
    return Made(case.lr[kind], case.gt)


def _number(means: Means, name: str) -> float:
    statistic, end = ENDS[name]
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        return float(number_of(means, statistic, end))


def _band(values: list[float]) -> list[float]:
    return [min(values), max(values)]
