"""What all pictures share: how they look, and how a figure becomes files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faig.common.files import replacing
from faig.imaging.colours import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESOLUTION = 130  # dots per inch
PAPER, SOFT, EDGE = "#ffffff", "#5b646d", "#e2dfd9"  # behind all; axes' labels; lines that only help the eye
SETTINGS: Any = {  # of matplotlib
    "text.parse_math": False,  # a $ in a name begins no formula
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "faig",  # equal figures give equal bytes
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": SOFT,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "grid.color": EDGE,
    "legend.frameon": False,
    "hatch.linewidth": 0.6,
}
METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
}


def save_figure(figure: "Figure", path: Path, forms: Sequence[str] = ("png", "svg"), settings: Any = SETTINGS) -> None:
    """Write a PNG and an SVG, or one of them; equal figures give equal bytes.

    Args:
        figure: what to write.
        path: without suffix; its folder is made.
        forms: which to write.
        settings: of matplotlib, for what is decided as a file is written.
    """
    from matplotlib import rc_context

    path.parent.mkdir(parents=True, exist_ok=True)
    for form in forms:
        with replacing(path.with_name(f"{path.name}.{form}")) as part, rc_context(settings):
            figure.savefig(part, format=form, dpi=RESOLUTION, metadata=METADATA[form])
