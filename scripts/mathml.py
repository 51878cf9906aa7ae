"""An extension of Python-Markdown for the documentation: ``$x^2$``, and ``$$`` around a block, become MathML.

Browsers draw MathML themselves: a page asks no other host for a script or a font. GitHub reads the same signs.
"""

import xml.etree.ElementTree as etree
from re import Match
from typing import Any

from latex2mathml.converter import convert_to_element
from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

INLINE = r"(?<![\\$\w])\$(?![\s$])([^$\n]+?)(?<!\s)\$(?![$\w])"
AFTER_CODE, BEFORE_CODE_BLOCKS = 185, 85  # of Python-Markdown's priorities: `code` is none of ours, \, is no escape


class Inline(InlineProcessor):
    """A formula within a line."""

    def handleMatch(self, m: Match[str], _: str) -> tuple[etree.Element, int, int]:  # type: ignore[override]
        """As Python-Markdown calls it."""
        return convert_to_element(m[1]), m.start(0), m.end(0)


class Block(BlockProcessor):
    """A formula on lines of its own."""

    def test(self, _: etree.Element, block: str) -> bool:
        """As Python-Markdown calls it."""
        return block.startswith("$$") and block.rstrip().endswith("$$") and len(block.strip()) > 4

    def run(self, parent: etree.Element, blocks: list[str]) -> None:
        """As Python-Markdown calls it."""
        convert_to_element(blocks.pop(0).strip().strip("$"), display="block", parent=parent)


class MathML(Extension):
    """Both."""

    def extendMarkdown(self, md: Markdown) -> None:
        """As Python-Markdown calls it."""
        md.inlinePatterns.register(Inline(INLINE, md), "math", AFTER_CODE)
        md.parser.blockprocessors.register(Block(md.parser), "math", BEFORE_CODE_BLOCKS)


def makeExtension(**settings: Any) -> MathML:
    """As Python-Markdown calls it."""
    return MathML(**settings)
