"""The pages of results in the documentation are made of the tables beside them."""

import re
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from faig.attribution.options import TOP
from faig.report import markdown
from faig.report.markdown import Shown, write_markdown
from faig.results.comparison_tables import EQUAL_TERMS, SUMMARY
from faig.results.tables import TABLES

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [
    page for page in sorted((DOCS / "results").glob("*.md")) if "\nfaig report docs/results/" in page.read_text("utf-8")
]

COMPARISONS = [page for page in PAGES if (page.with_suffix("") / SUMMARY.name).is_file()]


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


@pytest.mark.parametrize("page", COMPARISONS, ids=lambda page: page.stem)
def test_of_a_table_that_is_shown_no_row_is_missing(page):
    """But those of other proportions, where a table has the same once for each."""
    table_of = re.compile(r"^<summary>(.+)</summary>\n\n\[.+\n\| .+\n\|-.+\n((?:\| .*\n)+)", re.MULTILINE)
    shown = table_of.findall(page.read_text(encoding="utf-8"))
    assert {SUMMARY.name, EQUAL_TERMS.name} <= {name for name, _ in shown}
    for name, rows in shown:
        table, file = TABLES[name], pd.read_csv(page.with_suffix("") / name)
        if "proportion" in [column.name for column in table.columns[: table.keys]]:
            file = file[file["proportion"] == (TOP if TOP in set(file["proportion"]) else file["proportion"].min())]
        assert rows.count("\n") == len(file), name


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
