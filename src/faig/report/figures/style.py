"""What all pictures share: colours, and how a figure becomes files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faig.common.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESOLUTION = 110  # dots per inch


METADATA: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def save_figure(figure: "Figure", path: Path, forms: Sequence[str] = ("png", "svg")) -> None:
    """Write a PNG and an SVG, or one of them; equal figures give equal bytes.

    Args:
        figure: what to write.
        path: without suffix; its folder is made.
        forms: which to write.
    """
    from matplotlib import rc_context

    path.parent.mkdir(parents=True, exist_ok=True)
    for form in forms:
        with replacing(path.with_name(f"{path.name}.{form}")) as part, rc_context({"svg.hashsalt": "faig"}):
            figure.savefig(part, format=form, dpi=RESOLUTION, metadata=METADATA[form])
        figure.set_layout_engine("none")  # the layout, which takes long, stays as it is
