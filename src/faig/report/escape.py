"""Names in pages: whatever people call things is shown, and never obeyed."""

import html
import re

from faig.common.errors import printable


def markdown(text: object) -> str:
    """A text as Markdown shows it, in a table's cell too: no markup, no formula, no link, no tag, no second line."""
    escaped = html.escape(printable(str(text)), quote=False).replace("$", "&#36;")
    return re.sub(r"[\\`|*]|\](?=[(\[:])|(?<=!)\[", lambda found: f"\\{found[0]}", escaped)


def in_tag(text: object) -> str:
    """The same within a tag of HTML in Markdown, which some readers take for Markdown and others for HTML."""
    escaped = html.escape(printable(str(text)), quote=False)
    return re.sub(r"[\\`|*_$\[\]]", lambda found: f"&#{ord(found[0])};", escaped)
