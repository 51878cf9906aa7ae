"""Tables for the terminal cut no name and no number, whatever its width."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from faig.attribution.methods import METHODS
from faig.cli.app import COMMANDS
from faig.cli.tables import LONG, Sheet

WORD = st.text("abcdefghijkl-0123456789.±", min_size=1, max_size=9)
LONGER = st.text("abcdefghijkl-0123456789./", min_size=1, max_size=40)


def printed(sheet: Sheet, width: int) -> list[str]:
    """Its lines."""
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as captured:
        console.print(sheet)
    return captured.get().splitlines()


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(30, 120), st.integers(1, 2), st.integers(1, 9), st.integers(1, 4))
def test_every_letter_is_there_and_numbers_are_whole(data, width, names, numbers, count):
    columns = names + numbers
    words = [[data.draw(LONGER if place < names else WORD) for place in range(columns)] for _ in range(count + 1)]
    lines = printed(Sheet(words[0], words[1:], names), width)
    assert max(map(len, lines)) <= width
    parts = sum(set(line) == {"─"} for line in lines)
    wanted: Counter[str] = Counter()
    for row in words:
        wanted += Counter("".join(row[:names]) * parts + "".join(row[names:]))
        assert all(number in "\n".join(lines) for number in row[names:])
    assert Counter("".join(lines)) - Counter({" ": 10**6, "─": 10**6}) == wanted


@pytest.mark.parametrize("width", [60, 80])
def test_a_method_is_never_cut_or_folded(width):
    rows = [[name, "noise\n(wrecked)", *(["-0.123\n±0.456"] * 9)] for name in METHODS]
    lines = printed(Sheet(["method", "reverted", *(["switched\noff"] * 9)], rows, names=2), width)
    assert max(map(len, lines)) <= width
    parts = "\n".join(lines).count("reverted")
    assert parts > 1
    for name in METHODS:
        assert sum(line.startswith(f"{name} ") for line in lines) == parts
    assert sum(line.count("±0.456") for line in lines) == 9 * len(METHODS)


def test_a_long_file_name_is_folded_not_lost():
    name = "photos/" + "x" * 90 + ".png"
    lines = printed(Sheet(["image", "blur", "noise"], [[name, "0.12", "0.34"]]), 60)
    assert max(map(len, lines)) <= 60
    assert name in "".join(line[: LONG * 2].split(" ")[0] for line in lines)
    assert any("0.12" in line and "0.34" in line for line in lines)


def test_what_a_terminal_would_obey_is_shown():
    text = "\n".join(printed(Sheet(["image", "n"], [["a\x1b[31mb", "1"]]), 80))
    assert "\x1b" not in text
    assert "a\\x1b[31mb" in text


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_no_help_cuts_a_word(faig, monkeypatch, command):
    for width in ("60", "80"):
        monkeypatch.setenv("COLUMNS", width)
        code, out, _ = faig(*command.split(), "--help")
        assert code == 0
        assert "…" not in out
        assert max(map(len, out.splitlines())) <= int(width)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["list"], ["show", "srresnet-x2"], ["show", "srresnet-x2", "--card"]])
def test_the_zoo_cuts_nothing(faig, monkeypatch, arguments):
    monkeypatch.setenv("COLUMNS", "60")
    code, out, _ = faig("zoo", *arguments)
    assert code == 0
    assert "…" not in out
