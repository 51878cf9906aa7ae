"""Tables of a run: what is declared is what is written, read and documented."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from faig.common.errors import InputError
from faig.report.html.html_table import ENDS
from faig.results.comparison_tables import CONTESTS, SUMMARY
from faig.results.reader import Results
from faig.results.table import Table, interval, number, read_table, text, write_table
from faig.results.tables import SECTIONS, TABLES, documentation

DOCS = Path(__file__).parents[2] / "docs" / "files.md"
BEGIN, END = "<!-- Made by faig.results.tables.documentation() -->\n\n", "\n<!-- End of what is made -->"
TABLE = Table(
    "made.csv",
    "Of each word: a number.",
    "comparison",
    (text("word", "what"), number("n", "how many"), interval("x", "how large", optional=True)),
)


def test_the_documentation_is_that_of_the_declarations():
    written = DOCS.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert written == documentation(), "put what documentation() gives between the two comments of docs/files.md"


def test_every_table_has_a_section_and_columns_of_its_own():
    assert {table.section for table in TABLES.values()} <= set(SECTIONS)
    for name, table in TABLES.items():
        assert name == table.name
        assert len(set(table.names)) == len(table.names)
        assert table.about.endswith((".", "?"))
    assert {end for table in TABLES.values() for column in table.columns for end in column.ends} == set(ENDS)


def test_a_table_comes_back(tmp_path):
    rows = [{"n": 2.5, "word": "NA"}, {"word": "007", "n": np.nan}, {"word": "", "n": np.inf}]
    write_table(tmp_path, TABLE, rows)
    assert (tmp_path / "made.csv").read_text() == "word,n\nNA,2.5\n007,\n,inf\n"
    table = read_table(tmp_path, TABLE)
    assert list(table["word"]) == ["NA", "007", ""]
    assert np.array_equal(table["n"], [2.5, np.nan, np.inf], equal_nan=True)
    write_table(tmp_path, TABLE, [])
    assert read_table(tmp_path, TABLE).empty


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([{"word": "a"}], "has no column n"),
        ([{"word": "a", "n": 1, "m": 2}], "has an unknown column m"),
    ],
)
def test_rows_of_other_columns_are_a_mistake_of_the_programme(tmp_path, rows, wrong):
    with pytest.raises(AssertionError, match=rf"made\.csv: {wrong}"):
        write_table(tmp_path, TABLE, rows)
    assert not list(tmp_path.iterdir())
    pd.DataFrame(rows).to_csv(tmp_path / "made.csv", index=False)
    with pytest.raises(InputError, match=rf"made\.csv: {wrong}"):
        read_table(tmp_path, TABLE)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [("", "cannot be read as a table"), ("word,n\na,many\n", "column n: Unable to parse string .many.")],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path, content, wrong):
    (tmp_path / "made.csv").write_text(content)
    with pytest.raises(InputError, match=rf"made\.csv: {wrong}") as error:
        read_table(tmp_path, TABLE)
    assert "\n" not in str(error.value)


def test_a_variable_table_takes_further_numbers(tmp_path):
    table = Table("v.csv", "Of each.", "comparison", (text("is", "class"),), variable="for each class its name")
    write_table(tmp_path, table, [{"random-noise": 3, "is": "random-noise"}])
    assert read_table(tmp_path, table).to_dict("list") == {"is": ["random-noise"], "random-noise": [3]}


@pytest.mark.slow
def test_declared_tables_and_rankings_are_no_others(study_run, tmp_path):
    results = Results.of(study_run)
    assert [results.inside(path) for path in results.undeclared()] == ["mine/odd <table>.csv"]
    assert results.home_of(SUMMARY) == study_run / "compare"
    contests = results.table(CONTESTS)
    assert set(contests["champion"]) == {"faig"}
    for stage in "ab":
        (tmp_path / stage).mkdir()
        (tmp_path / stage / "summary.csv").write_text("x\n1\n")
    results = Results.of(tmp_path)
    assert [results.inside(path) for path in results.undeclared()] == ["b/summary.csv"]  # a second one of its name
