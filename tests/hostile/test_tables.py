"""A sample of `tables.changes`: each is one line with exit code 2, or is valid."""

import json
import random
from pathlib import Path

import pytest
from PIL import Image

from faig.report.figures.chart import Chart
from faig.report.figures.drawing import Drawing
from faig.results.tables import TABLES
from hostile.tables import COMMANDS, Change, changes, fault, make_run, readers

SAMPLE = {"report": 24, "truth": 8, "distribution": 12, "compare": 10, "attribute": 12, "sweep": 4}

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
    undraw(monkeypatch)
    mine = [change for change in found if command in readers(change)]
    wrong = {}
    for change in random.Random(command).sample(mine, SAMPLE[command]):
        if said := fault(run, change, command, faig):
            wrong[change.name] = said
    assert not wrong
    code, _, err = faig(*COMMANDS[command][0](run))
    assert (code, err) == (0, "")


def test_all_of_them_can_be_tried(run, capsys, monkeypatch, tmp_path):
    from hostile import all_tables

    monkeypatch.setattr(all_tables, "make_run", lambda folder: run)
    monkeypatch.setattr("sys.argv", ["faig"])  # which it sets
    all_tables.main(["--every", "100000", "--json", str(tmp_path / "counts.json")])
    counts = {command: {"changes": 1, "wrong": 0} for command in COMMANDS}
    assert capsys.readouterr().out == f"{counts}\n"
    assert json.loads((tmp_path / "counts.json").read_text()) == counts
    monkeypatch.setattr(all_tables, "fault", lambda run, change, command, called: "no word")
    with pytest.raises(SystemExit):
        all_tables.main(["--every", "100000", "--command", "report", "--json", str(tmp_path / "counts.json")])
    assert json.loads((tmp_path / "counts.json").read_text()) == counts | {"report": {"changes": 1, "wrong": 1}}


def undraw(patch: pytest.MonkeyPatch) -> None:
    """Charts are made, and drawn as a dot; that any numbers and names can be drawn is a test of charts."""
    patch.setattr(Drawing, "of", Dot)
    patch.setattr("faig.report.truth.draw_truth", lambda *drawn: None)


class Dot(Drawing):
    """A chart as a picture of one pixel."""

    def __init__(self, chart: Chart) -> None:
        object.__setattr__(self, "chart", chart)
        assert chart.scale != "percent" or chart.ticks
        for number, series in enumerate(chart.series):
            assert len(chart.at(series, number)[0]) == len(chart.labels(series)) == len(series.y)

    def save(self, folder: Path, forms: tuple[str, ...] = ("png", "svg")) -> None:
        for form in set(forms) & {"png"}:
            Image.new("RGB", (1, 1)).save(folder / f"{self.chart.name}.{form}")

    def inline(self, number: int) -> str:
        return f"<svg id='chart{number}'/>"

    def points(self) -> list[tuple[float, float, str]]:
        return []
