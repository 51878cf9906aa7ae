"""The drawings of the documentation, docs/images/*.svg: path and integral, what is done to filters, leak.

Run: python scripts/drawings.py
"""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from faig.attribution.integration.quadrature import RULES
from faig.imaging.colours import COLOURS, GREY
from faig.report.figures.style import SETTINGS, save_figure

FOLDER = Path(__file__).parents[1] / "docs" / "images"
BLUE, ORANGE, GREEN = COLOURS[:3]
INK = GREY  # read on white and on black paper
STYLE: Any = {
    "svg.hashsalt": SETTINGS["svg.hashsalt"],
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.fonttype": "path",
    "savefig.transparent": True,
}
NODES = 6


def loss(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A valley: low at the target, high at the baseline."""
    return (x - 0.8) ** 2 + 1.6 * (y - 0.55 * x + 0.1) ** 2


def path_and_integral() -> Figure:
    """Left: the straight path over the loss, with the rule's nodes. Right: what is summed, for one filter."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    plane, curve = figure.subplots(1, 2)
    grid = np.meshgrid(np.linspace(-0.9, 1.4, 200), np.linspace(-1.1, 1.1, 200))
    plane.contour(*grid, loss(*grid), levels=12, colors=INK, linewidths=0.6, alpha=0.6)
    target, baseline = np.array([0.8, 0.35]), np.array([-0.6, -0.75])
    nodes = np.array(RULES["gauss-legendre"](NODES).nodes)
    places = target + nodes[:, None] * (baseline - target)
    plane.plot(*np.stack([target, baseline]).T, color=BLUE, lw=2)
    plane.plot(*places.T, "o", color=BLUE, ms=5)
    for place, label, offset in ((target, "target θ", (8, 6)), (baseline, "baseline θ̄", (8, -14))):
        plane.plot(*place, "s", color=ORANGE, ms=9)
        plane.annotate(label, place, offset, textcoords="offset points", color=ORANGE)
    plane.set(
        xticks=[], yticks=[], xlabel="one weight", ylabel="another", title="the straight path between the networks"
    )
    alphas = np.linspace(0, 1, 200)
    along = _slope(target, baseline, alphas)
    curve.fill_between(alphas, along, color=BLUE, alpha=0.2, lw=0)
    curve.plot(alphas, along, color=BLUE, lw=2)
    curve.vlines(nodes, 0, _slope(target, baseline, nodes), color=BLUE, lw=1)
    curve.plot(nodes, _slope(target, baseline, nodes), "o", color=BLUE, ms=5)
    curve.axhline(0, color=INK, lw=0.8)
    curve.set(xticks=[0, 1], xlim=(0, 1), yticks=[], title="the change of one weight × its gradient")
    curve.set_xticklabels(["target", "baseline"])
    curve.annotate("the area is the weight's share\nof the change of loss", (0.05, 0.78), xycoords="axes fraction")
    return figure


def _slope(target: np.ndarray, baseline: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """The first weight's change times the loss's gradient with respect to it, along the path."""
    x, y = (target[:, None] + alphas * (baseline - target)[:, None])[:2]
    gradient = 2 * (x - 0.8) - 2 * 0.55 * 1.6 * (y - 0.55 * x + 0.1)
    return gradient * (baseline - target)[0]


def interventions() -> Figure:
    """Revert, modulate and graft: whose weights each filter has."""
    figure = Figure(figsize=(9, 2.5), layout="constrained")
    rows, columns = 5, 7
    found = {(0, 2), (1, 5), (3, 1), (4, 4)}
    panels = {"target": (1, 1), "revert": (0, 1), "modulate to 0.5": (0.5, 1), "graft": (1, 0), "baseline": (0, 0)}
    for axes, (title, (inside, outside)) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        for row in range(rows):
            for column in range(columns):
                share = inside if (row, column) in found else outside
                _filter(axes, row, column, share, (row, column) in found)
        axes.set(xlim=(-0.1, columns), ylim=(rows, -0.1), aspect="equal", title=title)
        axes.axis("off")
    figure.supxlabel(
        "each square is a filter: blue has the target's weights, orange the baseline's; outlined are the found",
        fontsize=10,
    )
    return figure


def _filter(axes: Axes, row: int, column: int, share: float, outlined: bool) -> None:
    axes.add_patch(Rectangle((column, row), 0.85, 0.85, color=ORANGE, lw=0))
    axes.add_patch(Rectangle((column, row), 0.85 * share, 0.85, color=BLUE, lw=0))
    if outlined:
        axes.add_patch(Rectangle((column, row), 0.85, 0.85, fill=False, ec=INK, lw=2))


def leak() -> Figure:
    """Switched off and leak: how far outputs move from the target's to the baseline's, on each input."""
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    axes = figure.subplots()
    rows = {
        "on blurry images\n(its own input)": (0.95, "switched off: 0.95"),
        "on noisy images": (0.12, "leak: 0.12"),
        "on clean images": (0.03, ""),
    }
    for place, (label, (moved, said)) in enumerate(rows.items()):
        colour = BLUE if place == 0 else GREEN
        axes.plot([0, 1], [place, place], color=INK, lw=1.2)
        axes.plot([0, 1], [place, place], "|", color=INK, ms=14)
        axes.add_patch(
            FancyArrowPatch(
                (0, place),
                (moved, place),
                arrowstyle="-|>",
                mutation_scale=16,
                color=colour,
                lw=3,
                shrinkA=0,
                shrinkB=0,
            )
        )
        axes.text(-0.03, place, label, ha="right", va="center")
        axes.text(
            moved + 0.02 if moved < 0.9 else 0.5,
            place - 0.22,
            said,
            color=colour,
            ha="left" if moved < 0.9 else "center",
        )
    axes.text(0, -0.62, "the output of the target", ha="center")
    axes.text(1, -0.62, "of the baseline", ha="center")
    axes.set(xlim=(-0.28, 1.12), ylim=(2.4, -0.9))
    axes.axis("off")
    return figure


DRAWINGS = {"path": path_and_integral, "interventions": interventions, "leak": leak}


def main() -> None:
    with rc_context(STYLE):
        for name, draw in DRAWINGS.items():
            save_figure(draw(), FOLDER / name, ("svg",), STYLE)


if __name__ == "__main__":
    main()
