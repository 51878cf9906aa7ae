"""A sample of `tables.changes`: each is one line with exit code 2, or is valid."""

import random
from pathlib import Path

import pytest
from PIL import Image

from faig.report.figures.chart import Chart
from faig.results.tables import TABLES
from hostile.tables import COMMANDS, Change, changes, fault, make_run, readers

SAMPLE = {"report": 24, "truth": 6, "distribution": 8, "compare": 8, "attribute": 8, "sweep": 3}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    return make_run(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def found(run) -> list[Change]:
    return list(changes(run))


def test_every_table_and_every_column_is_changed(found):
    changed = {change.name for change in found}
    for name, table in TABLES.items():
        of_table = [one for one in changed if f"/{name}: " in f"/{one}"]
        needed = [part.name for column in table.columns if not column.optional for part in column.parts()]
        for column in needed:
            assert [one for one in of_table if f": {column} = " in one], f"{name}: {column}"
            assert [one for one in of_table if one.endswith(f": without the column {column}")]
    assert len(changed) == len(found) > 1400


@pytest.mark.parametrize("command", COMMANDS)
def test_a_changed_file_is_one_line_or_valid(run, found, faig, monkeypatch, command):
    """Charts are made, and drawn as a dot; that any numbers and names can be drawn is a test of charts."""
    monkeypatch.setattr(Chart, "draw", dot)
    monkeypatch.setattr("faig.report.truth._save", lambda figure, path: None)
    mine = [change for change in found if command in readers(change)]
    wrong = {}
    for change in random.Random(command).sample(mine, SAMPLE[command]):
        if said := fault(run, change, command, faig):
            wrong[change.name] = said
    assert not wrong
    code, _, err = faig(*COMMANDS[command][0](run))
    assert (code, err) == (0, "")


def dot(chart: Chart, folder: Path, forms: tuple[str, ...] = ("png", "svg")) -> None:
    """A chart as a picture of one pixel."""
    assert chart.plotly()["data"]
    assert not chart.percent or chart.ticks
    for form in set(forms) & {"png"}:
        Image.new("RGB", (1, 1)).save(folder / f"{chart.name}.{form}")
