"""Pictures of where filters are: bars by layer, and a map of every filter."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from faig.files import replacing
from faig.filters import FilterSet, FilterSpace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # told apart by all eyes (Okabe and Ito)
REST, SHARED = "#e8e8e8", "#222222"
ACROSS = 8  # layers of the map side by side


def draw_bars(space: FilterSpace, sets: dict[str, FilterSet], path: Path) -> None:
    """The share of each function's filters that each layer has, beside the layer's share of all filters.

    Args:
        space: whose layers.
        sets: by function.
        path: without suffix: a PNG and an SVG are written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(max(6.0, 0.3 * len(space.layers) + 2), 3.6), layout="constrained")
    axes = figure.subplots()
    place, width = np.arange(len(space.layers)), 0.8 / len(sets)
    for i, (kind, filters) in enumerate(sets.items()):
        shares = [float(part.float().sum()) / len(filters) for part in _by_layer(space, filters)]
        axes.bar(place - 0.4 + (i + 0.5) * width, shares, width, label=kind, color=COLOURS[i % len(COLOURS)])
    of_all = [layer.count / len(space) for layer in space.layers]
    axes.step(place, of_all, where="mid", color=SHARED, linewidth=1, label="all filters")
    axes.set_xticks(place, [layer.name for layer in space.layers], rotation=90, fontsize=7)
    axes.set(ylabel="share", xlim=(-0.6, len(place) - 0.4))
    axes.legend()
    save(figure, path)


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
    save(figure, path)


def _by_layer(space: FilterSpace, filters: FilterSet) -> list[Tensor]:
    return list(filters.mask.split([layer.count for layer in space.layers]))


def save(figure: "Figure", path: Path) -> None:
    """A PNG and an SVG, each whole or not at all, the same bytes each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for suffix, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        with replacing(path.with_suffix(f".{suffix}")) as part:
            figure.savefig(part, format=suffix, dpi=110, metadata=metadata)
