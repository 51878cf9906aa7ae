"""What each function does at every strength, measured on packaged photos, point by point: for the chart of a slider."""

from typing import TYPE_CHECKING, Any

import numpy as np

from faig.experiment.sweep import appearance
from faig.explore.messages import MOST_STRENGTH, Change
from faig.explore.photos import Made
from faig.explore.running import Check, never
from faig.imaging.cases import Case, make_cases
from faig.imaging.metrics import psnr
from faig.imaging.photos import busiest_crops, photograph

if TYPE_CHECKING:
    from faig.explore.explorer import Explorer

SIDE = 48  # LR pixels of a crop
STEPS = 15  # between strength 0 and the most
CURVES = ("images", "set")  # ways
PHOTOS = ("astronaut", "coffee", "rocket")  # of each the busiest crop
MEASURES = ("psnr", "noise", "sharpness")

Point = tuple[str, str, float]  # function, way, strength


class Curves:
    """Curves of an explorer, each point measured once.

    Args:
        explorer: runs networks and keeps what they made.
    """

    def __init__(self, explorer: "Explorer") -> None:
        self.explorer = explorer
        self._measured: dict[Point, dict[str, float]] = {}
        self._cases: dict[str, list[Case]] = {}

    @property
    def strengths(self) -> list[float]:
        """From 0 to the most, 1 among them."""
        return [round(MOST_STRENGTH * step / STEPS, 6) for step in range(STEPS + 1)]

    def missing(self) -> list[Point]:
        """The points that are not measured yet, those of the first way first."""
        functions = self.explorer.subject.functions
        shown = [name for name, function in functions.items() if function.degradation is not None]
        every = [(name, way, strength) for way in CURVES for name in shown for strength in self.strengths]
        return [point for point in every if point not in self._measured]

    def measure(self, point: Point, check: Check = never) -> None:
        """Measure one point: means over the photos, with the function's own degradation alone.

        Raises:
            Stopped: ``check`` says so.
        """
        explorer, (function, way, strength) = self.explorer, point
        parts = explorer.networks.parts(Change(way=way, strengths={function: strength}))  # type: ignore[arg-type]
        rows = []
        for case in self._cases_of(function):
            lr = case.lr[function]
            output = explorer.output(parts, ("curve", function, case.name), Made(lr, case.gt), check)
            rows.append({"psnr": psnr(output, case.gt, border=explorer.pair.scale), **appearance(output)})
        self._measured[point] = {name: float(np.mean([row[name] for row in rows])) for name in MEASURES}

    def measured(self) -> dict[str, dict[str, Any]]:
        """The curves by function and way, None where a point is missing.

        Each has lists of ``strength``, ``psnr`` (dB), ``noise`` (σ that wavelets see) and ``sharpness`` (mean
        gradient).
        """
        return {
            name: {way: self._curve(name, way) for way in CURVES}
            for name, function in self.explorer.subject.functions.items()
            if function.degradation is not None
        }

    def _curve(self, function: str, way: str) -> dict[str, list[float]] | None:
        points = [self._measured.get((function, way, strength)) for strength in self.strengths]
        known = [point for point in points if point is not None]
        if len(known) < len(points):
            return None
        return {"strength": self.strengths, **{name: [point[name] for point in known] for name in MEASURES}}

    def _cases_of(self, function: str) -> list[Case]:
        if function not in self._cases:
            pair, degradation = self.explorer.pair, self.explorer.subject.functions[function].degradation
            assert degradation is not None
            crops = {name: busiest_crops(name, photograph(name), SIDE * pair.scale, 1)[0].image for name in PHOTOS}
            made = {function: degradation}
            self._cases[function] = make_cases(crops, made, pair.scale, channels=pair.channels, clean=False)
        return self._cases[function]
