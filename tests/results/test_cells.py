"""Every kind of cell that is not what its column is declared to hold is one line: file, line, column, value."""

import math
import os

import numpy as np
import pytest

from faig.common.errors import InputError
from faig.results.cells import Names, read_table
from faig.results.reader import read_any
from faig.results.table import Table, count, interval, measured, number, share, text

COLUMNS = {
    "word": text("word", "any"),
    "gap": text("gap", "any or none", gaps=True),
    "choice": text("choice", "of two", values=("one", "two")),
    "function": text("function", "a name", "function"),
    "functions": text("functions", "names", "functions"),
    "input": text("input", "a name", "input"),
    "method": text("method", "a name", "method"),
    "file": text("file", "a path", "file"),
    "count": count("count", "whole"),
    "share": share("share", "0 to 1"),
    "level": number("level", "finite"),
    "psnr": measured("psnr", "dB"),
    "off": interval("off", "up to 1", most=1, spread=True),
    "left": interval("left", "left out", least=0, optional=True),
}
TABLE = Table("made.csv", "Of each word.", "comparison", tuple(COLUMNS.values()), keys=2)
GOOD = {
    "word": "a,b",
    "gap": "",
    "choice": "two",
    "function": "blur",
    "functions": "blur+noise",
    "input": "clean",
    "method": "faig",
    "file": "blur/0.50.png",
    "count": "3",
    "share": "0.25",
    "level": "-1e-3",
    "psnr": "inf",
    "off": "-inf",
    "off_low": "-7",
    "off_high": ".5",
    "off_spread": "",
}
NAMES = Names(frozenset({"blur", "noise"}), frozenset({"faig", "ig"}))
NO_NUMBERS = ("many", "<b>1</b>", "nan", "NaN", "0x10", "1_000", "1,5", "٣", " 1", "1e999", "--1", "True", "1\n2")
BAD = {
    "word": ("",),
    "choice": ("", "three", "One", "<script>"),
    "function": ("", "sharp", "blur+noise", "clean", "../up", ".hidden", "<script>", "a b", "blur\n"),
    "functions": ("", "sharp", "blur+sharp", "blur+", "a/b"),
    "input": ("", "sharp", "unknown", "a|b"),
    "method": ("", "mine", "FAIG"),
    "file": ("", "../x.png", "/etc/passwd", "a/../../b.png", "a\\b.png", "a\x1b.png"),
    "count": (*NO_NUMBERS, "", "-1", "1.5", "inf", "1e30"),
    "share": (*NO_NUMBERS, "", "-0.1", "1.1", "inf", "-inf"),
    "level": (*NO_NUMBERS, "", "inf", "-inf"),
    "psnr": NO_NUMBERS,
    "off": (*NO_NUMBERS, "1.1", "inf"),
    "off_low": (*NO_NUMBERS, "0.7"),
    "off_high": (*NO_NUMBERS, "-8"),
    "off_spread": (*NO_NUMBERS, "-1"),
}


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def write(folder, *rows, header=tuple(GOOD)):
    lines = [",".join(header), *(",".join(quoted(row[name]) for name in header) for row in rows)]
    (folder / "made.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_what_is_declared_is_read(tmp_path):
    write(tmp_path, GOOD, GOOD | {"word": "second", "psnr": "", "file": "0.png"})
    frame = read_table(tmp_path, TABLE, NAMES)
    assert list(frame) == [*GOOD, "left", "left_low", "left_high"]
    assert frame["word"].tolist() == ["a,b", "second"]
    assert np.array_equal(frame["psnr"], [math.inf, math.nan], equal_nan=True)
    assert frame["count"].dtype == np.int64
    assert frame["off"].tolist() == [-math.inf] * 2
    assert frame["left"].isna().all()


@pytest.mark.parametrize(("column", "cell"), [(column, cell) for column, cells in BAD.items() for cell in cells])
def test_a_cell_that_is_not_what_is_declared_is_named(tmp_path, column, cell):
    write(tmp_path, GOOD, GOOD | {"word": "second", column: cell})
    with pytest.raises(InputError) as error:
        read_table(tmp_path, TABLE, NAMES)
    message = str(error.value)
    place = "off_low" if column == "off_high" and cell == "-8" else column
    line = 3 + cell.count("\n")  # the last one of a row of several
    assert message.startswith(f"{tmp_path / 'made.csv'}: line {line}, column {place}: ")
    assert message.isprintable()
    assert message.endswith("; make it again, or remove it")


def test_any_name_is_taken_where_no_configuration_says_them(tmp_path):
    write(tmp_path, GOOD | {"function": "sharp", "method": "mine", "input": "sharp"})
    assert len(read_table(tmp_path, TABLE)) == 1
    write(tmp_path, GOOD | {"method": "learned-0.01"})
    assert len(read_table(tmp_path, TABLE, Names(NAMES.functions, NAMES.methods, "learned"))) == 1


def _without(column: str):
    return lambda folder: write(folder, GOOD, header=[name for name in GOOD if name != column])


def _bytes(change):
    def go(folder):
        write(folder, GOOD, GOOD | {"word": "second"})
        (folder / "made.csv").write_bytes(change((folder / "made.csv").read_bytes()))

    return go


def _directory(folder):
    (folder / "made.csv").mkdir()


FILES = {
    "has no column word": _without("word"),
    "has no column off_low": _without("off_low"),
    "has no column left_low": lambda folder: write(folder, GOOD | {"left": "1"}, header=[*GOOD, "left"]),
    "has the column word twice": lambda folder: write(folder, GOOD, header=[*GOOD, "word"]),
    "has an unknown column more": lambda folder: write(folder, GOOD | {"more": "1"}, header=[*GOOD, "more"]),
    "line 3 says again what a row before it says, of word 'a,b', gap '';": lambda folder: write(folder, GOOD, GOOD),
    "cannot be read as a table: it is empty": _bytes(lambda _: b""),
    "the file was cut off": _bytes(lambda data: data[:-20]),
    "line 3 has 17 cells under 16 columns": _bytes(lambda data: data[:-1] + b",1\n"),
    "line 2 has 15 cells under 16 columns": _bytes(lambda data: data.replace(b',""\n', b"\n", 1)),
    "line 2 has a zero byte": _bytes(lambda data: data.replace(b"a,b", b"a\0b")),
    "codec can't decode": _bytes(lambda data: data.replace(b"a,b", b"\xff")),
    "line 3: ',' expected after": _bytes(lambda data: data.replace(b"second", b'"second')),
    "made.csv: is not a regular file": _directory,
    "is not a regular file": lambda folder: os.mkfifo(folder / "made.csv"),
}


@pytest.mark.parametrize("wrong", FILES)
def test_a_file_that_is_no_such_table_is_refused(tmp_path, wrong):
    FILES[wrong](tmp_path)
    with pytest.raises(InputError) as error:
        read_table(tmp_path, TABLE, NAMES)
    assert str(error.value).startswith(f"{tmp_path / 'made.csv'}: ")
    assert wrong in str(error.value)
    assert str(error.value).isprintable()


def test_a_spreadsheet_may_have_written_it(tmp_path):
    _bytes(lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"))(tmp_path)
    assert read_table(tmp_path, TABLE, NAMES)["word"].tolist() == ["a,b", "second"]


def test_a_table_that_is_not_declared_is_read_as_it_is(tmp_path):
    (tmp_path / "mine.csv").write_text("word,n\nNA,1\n007,\n", encoding="utf-8")
    frame = read_any(tmp_path / "mine.csv")
    assert frame["word"].tolist() == ["NA", "007"]
    assert np.array_equal(frame["n"], [1, math.nan], equal_nan=True)
    (tmp_path / "mine.csv").write_text("n,n\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.csv: two of its columns have one name"):
        read_any(tmp_path / "mine.csv")
