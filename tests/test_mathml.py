"""Formulas of the documentation become MathML; what is code, or costs dollars, stays as it is."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from faig.report.escape import in_tag
from faig.report.escape import markdown as escaped

markdown = pytest.importorskip("markdown")  # with what the pages are made of
pytest.importorskip("latex2mathml")

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.fixture
def html(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return lambda text: markdown.markdown(text, extensions=["tables", "fenced_code", "mathml"])


@pytest.mark.parametrize(
    "formula", [r"\bar\theta_i - \theta_i", r"\lVert F - y \rVert^2", r"a_1\,b_2\;c", r"E[(r \cdot J)^2] * x", "N"]
)
@pytest.mark.parametrize(
    "place", ["as ${}$: so", "| a | b |\n|---|---|\n| ${}$ | c |", "$$\n{}\n$$", "- it is\n  ${}$."]
)
def test_a_formula_is_mathml(html, formula, place):
    made = html(place.replace("{}", formula))
    assert "$" not in made
    assert "\\" not in made
    [formula] = re.findall(r"<math.+?</math>", made, re.DOTALL)
    ElementTree.fromstring(formula)
    assert ('display="block"' in formula) == place.startswith("$$")


@pytest.mark.parametrize(
    "text", ["`$HOME/$x$`", "it costs $5 or $6", r"\$a\$", "a$b$c", "```sh\necho $a$ $$\n```", "$FAIG_ZOO, or $HOME"]
)
def test_what_is_no_formula_stays(html, text):
    assert "<math" not in html(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_has_a_sign_left_over(html, page):
    made = html(page.read_text(encoding="utf-8"))
    assert "$" not in re.sub(r"<(code|math).*?</\1>", "", made, flags=re.DOTALL)


def test_the_page_of_the_method_has_its_formulas(html):
    made = html((ROOT / "docs" / "method.md").read_text(encoding="utf-8"))
    assert made.count("<math") > 25
    assert made.count('display="block"') == 3


@pytest.mark.parametrize("name", ["$x$", "a_b_c", "`code`", "*bold*", "[l](x)", "<b>", "a|b", r"\$y\$", "'q' & \"r\""])
def test_a_name_in_a_page_is_shown_as_it_is(monkeypatch, name):
    """In the text, and in the heading of what is folded."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    text = f'<details markdown="1">\n<summary>{in_tag(name)}</summary>\n\nsays {escaped(name)}\n\n</details>'
    made = markdown.markdown(text, extensions=["tables", "md_in_html", "mathml"])
    root = ElementTree.fromstring(made)
    assert [element.tag for element in root.iter()] == ["details", "summary", "p"]
    assert [element.text.strip() for element in root] == [name, f"says {name}"]
