"""What all pictures share: colours, and how a figure becomes files."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faig.common.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RESOLUTION = 110  # dots per inch


METADATA: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


@contextmanager
def plain_text() -> Iterator[None]:
    """Names on figures are drawn as they are: no ``$`` begins a formula. Also makes equal figures equal bytes."""
    from matplotlib import rc_context

    with rc_context({"text.parse_math": False, "svg.hashsalt": "faig"}):
        yield


def add_legend(axes: "Axes", size: int) -> None:
    """Name all that was drawn, where anything was; a name may begin with an underscore."""
    drawn: list[Any] = [*axes.lines, *axes.containers]
    named = {one: str(one.get_label()) for one in drawn}
    given = {one: name for one, name in named.items() if not re.fullmatch(r"_child\d+|_nolegend_|", name)}
    if given:
        axes.legend([*given], [*given.values()], fontsize=size)


def save_figure(figure: "Figure", path: Path, forms: Sequence[str] = ("png", "svg")) -> None:
    """Write a PNG and an SVG, or one of them; equal figures give equal bytes.

    Args:
        figure: what to write.
        path: without suffix; its folder is made.
        forms: which to write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for form in forms:
        with replacing(path.with_name(f"{path.name}.{form}")) as part, plain_text():
            figure.savefig(part, format=form, dpi=RESOLUTION, metadata=METADATA[form])
        figure.set_layout_engine("none")  # the layout, which takes long, stays as it is
