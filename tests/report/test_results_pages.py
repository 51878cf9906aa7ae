"""The pages of results in the documentation are made of the tables beside them."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from faig.report import markdown
from faig.report.markdown import Shown, write_markdown

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [
    page for page in sorted((DOCS / "results").glob("*.md")) if "\nfaig report docs/results/" in page.read_text("utf-8")
]


def test_pages_of_studies_are_among_them():
    assert len(PAGES) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_made_of_the_tables_beside_it(page, tmp_path, monkeypatch):
    """By the line that it ends with; the pictures are not drawn again here, but they are there."""
    text = page.read_text(encoding="utf-8")
    [line] = re.findall(r"^(faig report .+?)   #", text, re.MULTILINE)
    _, _, run, _, file, *titled = shlex.split(line)
    shutil.copytree(DOCS.parent / run, tmp_path / run)
    monkeypatch.chdir(tmp_path)
    drawn = []

    def draw(chart, _, folder):
        drawn.append(chart.name)
        return Shown(chart.title, markdown._link(folder, f"{chart.name}.png"), chart.explanation)

    monkeypatch.setattr(markdown, "_picture", draw)
    write_markdown(Path(run), Path(file), *titled[1:])
    assert Path(file).read_text(encoding="utf-8") == text
    assert {f"{name}.png" for name in drawn} == {picture.name for picture in (DOCS.parent / run).glob("*.png")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_begins_with_a_picture_and_few_lines(page):
    opening = re.split(r"\n## ", page.read_text(encoding="utf-8"))[0].split("\n\n")
    title, picture, lines = opening
    assert title.startswith("# ")
    assert re.fullmatch(r"!\[.+\]\(.+\.png\)", picture)
    assert 1 <= len(lines.strip().splitlines()) <= 4


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_is_kept_names_no_folder_of_a_machine(page):
    config = yaml.safe_load((page.with_suffix("") / "config.yaml").read_text(encoding="utf-8"))

    def texts(value):
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return [value] if isinstance(value, str) else [text for part in parts for text in texts(part)]

    assert not [text for text in texts(config) if Path(text).is_absolute() or ".." in text]
