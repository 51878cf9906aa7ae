"""Pictures of where filters are: bars by layer, and a map of every filter."""

import math
from pathlib import Path

import numpy as np

from faig.filters import FilterSet, FilterSpace
from faig.report.figures.chart import Chart, Series
from faig.report.figures.style import COLOURS, save_figure

REST, SHARED = "#e8e8e8", "#222222"
ACROSS = 8  # layers of the map side by side


def draw_bars(space: FilterSpace, sets: dict[str, FilterSet], path: Path) -> None:
    """The share of each function's filters that each layer has, beside the layer's share of all filters.

    Args:
        space: whose layers.
        sets: by function.
        path: without suffix: a PNG and an SVG are written.
    """
    layers = [layer.name for layer in space.layers]
    series = [
        Series(kind, layers, _shares(space, filters), colour=number, kind="bars")
        for number, (kind, filters) in enumerate(sets.items())
    ]
    of_all = [layer.count / len(space) for layer in space.layers]
    series.append(Series("all filters", layers, of_all, colour=None, kind="steps"))
    Chart(path.name, "", "layer", "share", series).draw(path.parent)


def draw_map(space: FilterSpace, sets: dict[str, FilterSet], path: Path) -> None:
    """Every filter of every layer, a row an output channel, coloured by the function whose set it is in."""
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    colours = [REST, *(COLOURS[i % len(COLOURS)] for i in range(len(sets))), SHARED]
    number = np.zeros(len(space), dtype=np.int64)
    for i, filters in enumerate(sets.values()):
        mask = filters.mask.numpy()
        number[mask] = np.where(number[mask] == 0, i + 1, len(colours) - 1)
    rows = math.ceil(len(space.layers) / ACROSS)
    figure = Figure(figsize=(1.5 * min(ACROSS, len(space.layers)), 1.7 * rows + 0.4), layout="constrained")
    panels = figure.subplots(rows, min(ACROSS, len(space.layers)), squeeze=False).flatten()
    for axes, layer in zip(panels, space.layers, strict=False):
        picture = number[layer.start : layer.start + layer.count].reshape(layer.out, layer.inputs)
        axes.imshow(
            picture,
            ListedColormap(colours),
            vmin=0,
            vmax=len(colours) - 1,
            aspect="auto",
            interpolation="nearest",
        )
        axes.set_title(layer.name, fontsize=7)
        axes.set(xticks=[], yticks=[])
    for axes in panels[len(space.layers) :]:
        axes.axis("off")
    legend = [Patch(color=colour, label=name) for name, colour in zip(sets, colours[1:], strict=False)]
    if (number == len(colours) - 1).any():
        legend.append(Patch(color=SHARED, label="several"))
    figure.legend(handles=legend, loc="outside lower center", ncols=len(legend), fontsize=8)
    save_figure(figure, path)


def _shares(space: FilterSpace, filters: FilterSet) -> list[float]:
    """Of each layer, its share of the set."""
    parts = filters.mask.split([layer.count for layer in space.layers])
    return [float(part.sum()) / len(filters) for part in parts]
