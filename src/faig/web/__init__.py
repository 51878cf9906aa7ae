"""What pages share: modules of JavaScript and styles, as files."""

import re
from importlib import resources


def text(name: str) -> str:
    """A file of this folder, e.g. ``before_after.css``, as text."""
    return resources.files(__name__).joinpath(*name.split("/")).read_text("utf-8")


def joined(*modules: str) -> str:
    """Modules of JavaScript as one script, for a page that is a single file.

    Args:
        modules: their text, each after those that it imports from; an import fills a line, an export begins one.
    """
    return "\n".join(re.sub(r"(?m)^(?:import .*$|export (?=\w))", "", module) for module in modules)
