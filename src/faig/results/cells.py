"""How a table of a run is read: every cell is what its column is declared to hold, or one line says where it is not."""

import csv
import io
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from faig.common.errors import InputError, shown
from faig.common.files import check_regular
from faig.common.settings import NAME
from faig.imaging.cases import CLEAN
from faig.results.table import Column, Table

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
INFINITE = re.compile(r"[+-]?inf")
SLACK = 1e-6  # by which rounding may take a number over its upper bound
UNKNOWN = "unknown"  # the column of images that are like no class
WAY_OUT = "make it again, or remove it"

Cells = list[list[str]]


@dataclass(frozen=True)
class Names:
    """What the configuration of a run knows by name.

    Attributes:
        functions: degradations; none where nothing says them, and every name is taken.
        methods: that ranked; none as above.
        learned: what the names of further methods begin with; empty where there are none.
    """

    functions: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    learned: str = ""

    def refusal(self, column: Column, text: str) -> str:
        """What is wrong with a name in a column; empty where nothing is."""
        if column.kind == "method":
            known = text in self.methods or (bool(self.learned) and text.startswith(self.learned))
            return "" if known or not self.methods else f"is no method of the run ({', '.join(sorted(self.methods))})"
        if column.kind in ("function", "functions", "input") and self.functions:
            inputs = {CLEAN} if column.kind == "input" else set()
            joined = (
                set() if column.kind == "function" else {part for name in self.functions for part in name.split("+")}
            )
            if text not in self.functions | inputs and not joined.issuperset(text.split("+")):
                return f"is no {column.kind} of the run ({', '.join([*sorted(inputs), *sorted(self.functions)])})"
        return ""


def read_cells(path: Path) -> tuple[list[str], Cells, list[int]]:
    """A CSV: its header, its rows, and the line that each row ends in.

    Raises:
        InputError: it cannot be read, is cut off, or has a row of another length than the header.
    """
    check_regular(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if text and not text.endswith(("\n", "\r")):
            raise ValueError("its last line has no end, so the file was cut off")
        if "\0" in text:
            raise ValueError(f"line {text[: text.index(chr(0))].count(chr(10)) + 1} has a zero byte")
    except OSError as error:
        raise InputError(f"{path}: cannot be read as a table: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path}: cannot be read as a table: {error}; {WAY_OUT}") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        numbered = [(row, reader.line_num) for row in reader if row]
    except csv.Error as error:
        raise InputError(f"{path}: cannot be read as a table: line {reader.line_num}: {error}; {WAY_OUT}") from None
    if not numbered:
        raise InputError(f"{path}: cannot be read as a table: it is empty; {WAY_OUT}")
    (header, _), *rows = numbered
    for row, line in rows:
        if len(row) != len(header):
            raise InputError(f"{path}: line {line} has {len(row)} cells under {len(header)} columns; {WAY_OUT}")
    return header, [row for row, _ in rows], [line for _, line in rows]


def read_table(run: Path, table: Table, names: Names = Names()) -> pd.DataFrame:
    """Read a table of a run; what is left out because it does not apply is missing, or an empty text.

    Args:
        run: the directory, of a run or of a stage.
        table: which.
        names: what functions and methods may be called there.

    Raises:
        InputError: it cannot be read, or a cell is not what the table declares; the line names file, line and column.
    """
    path = run / table.name
    header, rows, lines = read_cells(path)
    if wrong := table.misfits(header):
        raise InputError(f"{path}: {wrong}; {WAY_OUT}")
    texts = dict(zip(header, map(list, zip(*rows, strict=True)) if rows else ([] for _ in header), strict=True))
    parts = [part for column in table.columns for part in column.parts()]
    if table.variable is not None:
        further = [replace(table.variable, name=name) for name in header if name not in table.names]
        for part in further:
            if part.name != UNKNOWN and (wrong := names.refusal(replace(part, kind="input"), part.name)):
                raise InputError(f"{path}: column {shown(part.name)} {wrong}; {WAY_OUT}")
        parts += further
    for part in parts:
        _check_column(path, part, texts.get(part.name, []), lines, names)
    frame = pd.DataFrame(
        {
            part.name: _values(part, texts[part.name] if part.name in texts else [""] * len(rows))
            for part in sorted(parts, key=lambda part: header.index(part.name) if part.name in header else len(header))
        }
    )
    _check_rows(path, table, frame, lines)
    return frame


def _values(column: Column, texts: list[str]) -> "pd.Series[Any]":
    if column.kind != "number":
        return pd.Series(texts, dtype=object)
    numbers = pd.Series([float(text) if text else math.nan for text in texts], dtype=float)
    return numbers.astype("int64") if column.whole and not column.gaps else numbers


def _check_column(path: Path, column: Column, texts: list[str], lines: list[int], names: Names) -> None:
    refusal = _of_number if column.kind == "number" else _of_text
    wrong = {text: refusal(column, text) or names.refusal(column, text) for text in dict.fromkeys(texts) if text}
    if not column.gaps:
        wrong[""] = "is missing"
    for text, line in zip(texts, lines, strict=bool(texts)):
        if reason := wrong.get(text):
            value = f"{shown(text)} " if text else ""
            raise InputError(f"{path}: line {line}, column {column.name}: {value}{reason}; {WAY_OUT}")


def _of_number(column: Column, text: str) -> str:
    if NUMBER.fullmatch(text) and math.isfinite(float(text)):
        value = float(text)
        if column.whole and not value.is_integer():
            return "is no whole number"
        return "" if column.least <= value <= column.most + SLACK else f"is not {_range(column)}"
    if INFINITE.fullmatch(text) and column.infinite:
        return "" if column.least <= float(text) <= column.most else f"is not {_range(column)}"
    return "is no finite number" if not column.infinite else "is no number"


def _range(column: Column) -> str:
    if math.isinf(column.most):
        return f"at least {column.least:g}"
    return f"at most {column.most:g}" if math.isinf(column.least) else f"from {column.least:g} to {column.most:g}"


def _of_text(column: Column, text: str) -> str:
    if column.values:
        return "" if text in column.values else f"is not one of {', '.join(column.values)}"
    if column.kind == "file":
        path = PurePosixPath(text)
        if path.is_absolute() or ".." in path.parts or "\\" in text or not text.isprintable():
            return "is no path beside the table"
    if column.kind in ("function", "functions", "input") and not re.fullmatch(NAME, text):
        return "is no name of a function"
    return ""


def _check_rows(path: Path, table: Table, frame: pd.DataFrame, lines: list[int]) -> None:
    """No two rows of the same keys, and no interval upside down."""
    keys = list(table.names[: table.keys])
    for place in frame.duplicated(keys).to_numpy().nonzero()[0][:1]:
        row = ", ".join(f"{name} {shown(str(frame[name].iloc[place]))}" for name in keys)
        raise InputError(f"{path}: line {lines[place]} says again what a row before it says, of {row}; {WAY_OUT}")
    for column in table.columns:
        if column.ends:
            low, high = frame[f"{column.name}_low"], frame[f"{column.name}_high"]
            for place in (low > high).to_numpy().nonzero()[0][:1]:
                raise InputError(
                    f"{path}: line {lines[place]}, column {column.name}_low: {low.iloc[place]:g} is no end of an "
                    f"interval with {high.iloc[place]:g}; {WAY_OUT}"
                )
