"""What the page of a training study says in its first lines, of tables that are made up."""

from pathlib import Path

import pytest
import yaml

from faig.report.figures import charts
from faig.report.figures.charts import charts_of
from faig.report.html.page import write_report
from faig.report.training_study import write_training_study
from faig.results.reader import Results
from faig.results.table import write_table
from faig.results.tables import SECTIONS
from faig.results.training_tables import AHEAD, COST, GAINS, TRAINED

NAN = float("nan")


def made(folder: Path, ahead: list[dict], **settings: object) -> str:
    """The first lines of the page of a study of the arms ``free``, ``found`` and ``random`` on one input."""
    folder.mkdir()
    config = {"command": "training", "title": "T", "asked": "Why?", "control": "free"} | settings
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    arms = ("free", "found", "random")
    gain = {"input": "blur", "gain": -1.5, "gain_low": -2.0, "gain_high": -1.0}
    nothing = {"ahead": NAN, "ahead_low": NAN, "ahead_high": NAN}
    write_table(folder, GAINS, [{"arm": arm, "gain_spread": 0.1} | gain for arm in arms])
    write_table(folder, TRAINED, [{"arm": arm, "seed": 1} | gain | nothing for arm in arms])
    write_table(folder, AHEAD, [{"input": "blur"} | row for row in ahead])
    cost = {"seed": 1, "iterations": 9, "parameters": 100, "trained": 50, "multiply_adds": 7, "moved": 0.25}
    write_table(folder, COST, [{"arm": arm} | cost for arm in arms])
    return write_training_study(folder, folder.parent / "page.md").read_text(encoding="utf-8")


def test_the_page_of_any_run_has_its_tables(tmp_path):
    made(tmp_path / "run", [row("found", "free", 0.2, 0.1, 0.3)])
    page = write_report(tmp_path / "run").read_text(encoding="utf-8")
    training = page[page.index('<section id="training">') : page.index('<section id="run">')]
    for table in (GAINS, AHEAD, TRAINED, COST):
        assert table.name in training


def test_every_section_of_tables_has_a_list_of_charts_and_a_place_on_the_page(tmp_path):
    made(tmp_path / "run", [row("found", "free", 0.2, 0.1, 0.3)])
    assert set(charts_of(Results.of(tmp_path / "run"))) == set(SECTIONS)
    template = (Path(charts.__file__).parents[1] / "templates" / "page.html").read_text(encoding="utf-8")
    for section in SECTIONS:
        assert section == "pictures" or f'tables_of("{section}")' in template


def row(arm: str, against: str, value: float, low: float, high: float, spread: float = 0.01) -> dict:
    return {
        "arm": arm,
        "against": against,
        "ahead": value,
        "ahead_low": low,
        "ahead_high": high,
        "ahead_spread": spread,
    }


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ((0.3, 0.1, 0.5), True),
        ((-0.3, -0.5, -0.1), True),
        ((0.3, -0.1, 0.5), False),  # photos do not tell
        ((0.3, 0.1, 0.5, 0.4), False),  # seeds do not tell
        ((0.3, 0.1, 0.5, NAN), True),  # one seed
        ((0.3, NAN, NAN, NAN), False),  # one photo, one seed
        ((NAN, NAN, NAN, NAN), False),  # equal to the GT, both
    ],
)
def test_arms_are_told_apart_by_photos_and_by_seeds(numbers, told, tmp_path):
    other = row("random", "free", -1.0, -1.2, -0.8)
    page = made(tmp_path / "run", [row("found", "free", *numbers), row("found", "random", *numbers), other])
    [found] = [line for line in page.splitlines() if line.startswith("- **Found.**")]
    assert "The control `free` gains, in dB: blur -1.50 [-2.00, -1.00] ±0.10." in found
    assert ("`found` less `random`: not told apart on any input." in found) == (not told)
    assert ("on blur `found` by +0.30" in found) == (told and numbers[0] > 0)
    assert ("on blur no arm" in found) == (not told or numbers[0] < 0)


def test_the_answer_in_words_stands_before_the_numbers(tmp_path):
    page = made(tmp_path / "run", [row("found", "free", 0.2, 0.1, 0.3)], answer="In part | $x$.")
    assert "- **Found.** In part \\| &#36;x&#36;. The control" in page


def test_the_furthest_ahead_is_named(tmp_path):
    page = made(tmp_path / "run", [row("random", "free", 0.5, 0.4, 0.6), row("found", "free", 0.2, 0.1, 0.3)])
    assert "Furthest ahead of it: on blur `random` by +0.50 [+0.40, +0.60] ±0.01." in page


def test_cost_and_the_way_to_it_are_told_without_folders_of_the_machine(tmp_path):
    page = made(
        tmp_path / "run", [row("found", "free", 0.2, 0.1, 0.3)], images="/some/where/data", start="/a/start.pth"
    )
    assert "3 trainings of 9 iterations, of 50 of 100 parameters; 7 multiply-adds per LR pixel; the weights" in page
    assert "moved by 25.0% of their norm." in page
    assert "--images data" in page
    assert "/some" not in page
    assert "start: start.pth" in page
