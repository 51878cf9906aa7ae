"""A map of every filter of a network: a panel for each layer, a row for each output channel."""

import io
import math

from matplotlib import rc_context
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from faig.filters import FilterSet
from faig.imaging.colours import REST

ACROSS = 8  # layers side by side
PANEL = 1.5, 1.7  # inches


class FilterMap(Figure):
    """A figure that a notebook shows by itself: others are shown only once pyplot has drawn one."""

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        self.savefig(picture, format="png")
        return picture.getvalue()


def draw_filter_map(filters: FilterSet, name: str, colour: str) -> FilterMap:
    """Draw where the filters of a set are; a filter is a pixel.

    Args:
        filters: the set.
        name: of the set, for the legend.
        colour: of its filters, ``#rrggbb``: that of their function.
    """
    with rc_context({"text.parse_math": False}):  # a $ in a name begins no formula
        layers = filters.space.layers
        across = min(ACROSS, len(layers))
        rows = math.ceil(len(layers) / across)
        figure = FilterMap(figsize=(PANEL[0] * across, PANEL[1] * rows + 0.4), layout="constrained")
        panels = figure.subplots(rows, across, squeeze=False).flatten()
        for axes, layer in zip(panels, layers, strict=False):
            pixels = filters.mask[layer.start : layer.start + layer.count].reshape(layer.out, layer.inputs)
            colours = ListedColormap([REST, colour])
            axes.imshow(pixels.numpy(), colours, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
            axes.set_title(layer.name, fontsize=7)
            axes.set(xticks=[], yticks=[])
        for axes in panels[len(layers) :]:
            axes.axis("off")
        figure.legend(handles=[Patch(color=colour, label=name)], loc="outside lower center", fontsize=8)
        return figure
