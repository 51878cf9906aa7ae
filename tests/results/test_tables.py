"""Tables of a run: what is declared is what is written, read and documented."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from faig.analysis.sharing import NEUTRAL, SHARED, SPECIFIC
from faig.common.errors import InputError
from faig.intervention.equal_terms import AS_MUCH_OFF, FINDING, MEASURED, NO_MORE_LEAK
from faig.intervention.knob import CONTROLS, WAYS
from faig.report.html.html_table import ENDS
from faig.results.cells import read_table
from faig.results.comparison_tables import DIFFERENCES, SUMMARY
from faig.results.reader import Results
from faig.results.table import Table, count, interval, measured, text, write_table
from faig.results.tables import SECTIONS, TABLES, documentation

DOCS = Path(__file__).parents[2] / "docs" / "files.md"
BEGIN, END = "<!-- Made by faig.results.tables.documentation() -->\n\n", "\n<!-- End of what is made -->"
TABLE = Table(
    "made.csv",
    "Of each word: a number.",
    "comparison",
    (text("word", "what", gaps=True), measured("n", "how many"), interval("x", "how large", optional=True)),
    keys=1,
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
    assert table[["x", "x_low", "x_high"]].isna().all(axis=None)  # what is left out is missing
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


def test_a_variable_table_takes_further_numbers(tmp_path):
    table = Table("v.csv", "Of each.", "comparison", (text("is", "class"),), 1, variable=count("", "how many"))
    write_table(tmp_path, table, [{"random-noise": 3, "is": "random-noise"}])
    assert read_table(tmp_path, table).to_dict("list") == {"is": ["random-noise"], "random-noise": [3]}
    write_table(tmp_path, table, [{"random-noise": 3.5, "is": "random-noise"}])
    with pytest.raises(InputError, match=r"line 2, column random-noise: '3\.5' is no whole number"):
        read_table(tmp_path, table)


def test_what_a_text_may_be_is_what_is_written():
    """The declarations are below the packages that have these words."""
    columns = {(table.name, column.name): column.values for table in TABLES.values() for column in table.columns}
    assert columns["equal-terms.csv", "constraint"] == (NO_MORE_LEAK, AS_MUCH_OFF)
    assert columns["equal-terms.csv", "chosen_on"] == (FINDING, MEASURED)
    assert columns["knobs.csv", "knob"] == tuple(CONTROLS)
    assert columns["modulation.csv", "way"] == (*WAYS, *CONTROLS)
    assert columns["groups.csv", "kind"] == (NEUTRAL, SPECIFIC, SHARED)


@pytest.mark.slow
def test_declared_tables_and_rankings_are_no_others(study_run, tmp_path):
    results = Results.of(study_run)
    assert [results.inside(path) for path in results.undeclared()] == ["mine/odd <table>.csv"]
    assert results.home_of(SUMMARY) == study_run / "compare"
    differences = results.table(DIFFERENCES)
    assert set(differences["method"]) == {"faig"}
    for stage in "ab":
        (tmp_path / stage).mkdir()
        (tmp_path / stage / "summary.csv").write_text("x\n1\n")
    results = Results.of(tmp_path)
    assert [results.inside(path) for path in results.undeclared()] == ["b/summary.csv"]  # a second one of its name
