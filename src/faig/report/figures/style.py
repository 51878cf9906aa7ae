"""What all pictures share: colours, and how a figure becomes files."""

from pathlib import Path
from typing import TYPE_CHECKING

from faig.common.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESOLUTION = 110  # dots per inch


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a PNG and an SVG; equal figures give equal bytes.

    Args:
        figure: what to write.
        path: without suffix; its folder is made.
    """
    from matplotlib import rc_context

    path.parent.mkdir(parents=True, exist_ok=True)
    for suffix, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        with replacing(path.with_name(f"{path.name}.{suffix}")) as part, rc_context({"svg.hashsalt": "faig"}):
            figure.savefig(part, format=suffix, dpi=RESOLUTION, metadata=metadata)
