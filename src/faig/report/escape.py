"""Names in pages: whatever people call things is shown, and never obeyed."""

import html
import re

from faig.common.errors import printable


def markdown(text: object) -> str:
    """A text as Markdown shows it, in a table's cell too: no markup, no link, no tag, no second line."""
    escaped = html.escape(printable(str(text)), quote=False)
    return re.sub(r"[\\`|*]|\](?=[(\[:])|(?<=!)\[", lambda found: f"\\{found[0]}", escaped)


def plotly(text: str) -> str:
    """A text as plotly.js shows it, which takes some tags and entities for markup."""
    return html.escape(text, quote=False)
