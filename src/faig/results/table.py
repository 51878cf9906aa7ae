"""What a table of a run is, and how it is written and read."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from faig.common.errors import InputError
from faig.common.files import replacing


@dataclass(frozen=True)
class Column:
    """A column, or a number with its interval in several.

    Attributes:
        name: in the file.
        about: what it means.
        text: whether it holds texts; else numbers.
        ends: what is appended to the name for further columns.
        optional: whether it is left out where it does not apply.
    """

    name: str
    about: str
    text: bool = False
    ends: tuple[str, ...] = ()
    optional: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Its names in the file."""
        return self.name, *(f"{self.name}{end}" for end in self.ends)


def text(name: str, about: str, *, optional: bool = False) -> Column:
    """A column of texts."""
    return Column(name, about, text=True, optional=optional)


def wreck() -> Column:
    """The column that says whether an altered network is wrecked."""
    about = "how the altered network is wrecked, see `docs/method.md`; empty where it is not"
    return Column("wrecked", about, text=True, optional=True)


def number(name: str, about: str, *, optional: bool = False) -> Column:
    """A column of numbers."""
    return Column(name, about, optional=optional)


def interval(name: str, about: str, *, spread: bool = False, optional: bool = False) -> Column:
    """A number, the ends of its 95% interval, and with ``spread`` its standard deviation between seeds."""
    return Column(name, about, ends=("_low", "_high", *(["_spread"] if spread else [])), optional=optional)


@dataclass(frozen=True)
class Table:
    """A table of a run.

    Attributes:
        name: of its file, in the directory of the run or of a stage.
        about: a sentence: what a row is of, and what it says.
        section: of the report.
        columns: in the order of the file.
        small: whether the report shows it unfolded, and the Markdown report at all.
        main: whether the Markdown report shows it although it is not small.
        variable: what further columns depend on, which hold numbers; empty where there are none.
    """

    name: str
    about: str
    section: str
    columns: tuple[Column, ...]
    small: bool = False
    main: bool = False
    variable: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the declared columns."""
        return tuple(name for column in self.columns for name in column.names)

    @property
    def texts(self) -> list[str]:
        """The names of the columns that hold texts."""
        return [column.name for column in self.columns if column.text]

    def misfits(self, names: Iterable[str]) -> str:
        """What is wrong with the columns of a file or of rows; empty where nothing is."""
        names = list(names)
        needed = [name for column in self.columns if not column.optional for name in column.names]
        if missing := [name for name in needed if name not in names]:
            return f"has no column {missing[0]}"
        unknown = [name for name in names if name not in self.names]
        return f"has an unknown column {unknown[0]}" if unknown and not self.variable else ""

    def ordered(self, names: Iterable[str]) -> list[str]:
        """The columns that are there: declared ones first, in their order."""
        names = list(names)
        return [name for name in self.names if name in names] + [name for name in names if name not in self.names]

    def documentation(self) -> str:
        """The table as Markdown."""
        rows = [f"| {', '.join(f'`{name}`' for name in column.names)} | {column.about} |" for column in self.columns]
        further = [f"| … | {self.variable} |"] if self.variable else []
        return "\n".join([f"`{self.name}`: {self.about}", "", "| column | means |", "|---|---|", *rows, *further])


def write_table(run: Path, table: Table, rows: list[dict[str, Any]] | pd.DataFrame) -> None:
    """Write a table of a run, whole or not at all; what does not apply is left empty.

    Raises:
        AssertionError: the rows have not the declared columns.
    """
    frame = pd.DataFrame(rows) if len(rows) else pd.DataFrame(columns=[*table.names])
    if wrong := table.misfits(map(str, frame.columns)):
        raise AssertionError(f"{table.name}: {wrong}; see its declaration in faig.results.tables")
    write_csv(run / table.name, frame[table.ordered(map(str, frame.columns))])


def read_table(run: Path, table: Table) -> pd.DataFrame:
    """Read a table of a run.

    Raises:
        InputError: it cannot be read, lacks a column, or has a text where a number should be.
    """
    path = run / table.name
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise InputError(f"{path}: cannot be read as a table: {error}") from None
    if wrong := table.misfits(map(str, frame.columns)):
        raise InputError(f"{path}: {wrong}; remove the file, or make it again")
    for name in frame.columns.difference(table.texts):
        try:
            frame[name] = pd.to_numeric(frame[name].where(frame[name] != ""))
        except ValueError as error:
            raise InputError(f"{path}: column {name}: {error}") from None
    return frame


def write_csv(path: Path, rows: list[dict[str, Any]] | pd.DataFrame) -> None:
    """Write a CSV of any columns, whole or not at all."""
    with replacing(path) as part:
        pd.DataFrame(rows).to_csv(part, index=False, float_format="%.9g", lineterminator="\n")
