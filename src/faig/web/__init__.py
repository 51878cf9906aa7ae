"""What pages share: modules of JavaScript, styles, and the libraries of others that they use, as files."""

from importlib import resources


def text(name: str) -> str:
    """A file of this folder, e.g. ``vendor/uPlot.min.css``, as text."""
    return resources.files(__name__).joinpath(*name.split("/")).read_text("utf-8")
