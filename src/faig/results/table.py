"""What a table of a run is, and how it is written; `faig.results.cells` reads it again."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from faig.common.files import replacing

Kind = Literal["number", "text", "function", "functions", "input", "method", "file"]


@dataclass(frozen=True)
class Column:
    """A column, or a number with its interval in several.

    Attributes:
        name: in the file.
        about: what it means.
        kind: ``number``; or a text: any, the name of a function, of several joined by ``+``, of an input (a function or
            ``clean``) or of a method, or a path beside the table.
        ends: what is appended to the name for further columns.
        optional: whether it is left out where it does not apply.
        gaps: whether a value may be missing; ends of an interval always may.
        values: all that a text may be; none: anything.
        least: that a number may be, and
        most: that it may be.
        whole: whether it is a whole number.
        infinite: whether it may be infinite all the same.
    """

    name: str
    about: str
    kind: Kind = "number"
    ends: tuple[str, ...] = ()
    optional: bool = False
    gaps: bool = False
    values: tuple[str, ...] = ()
    least: float = -math.inf
    most: float = math.inf
    whole: bool = False
    infinite: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Its names in the file."""
        return self.name, *(f"{self.name}{end}" for end in self.ends)

    def parts(self) -> Iterator["Column"]:
        """A column for each of its names."""
        for name in self.names:
            spread = name.endswith("_spread") and name != self.name
            yield replace(
                self,
                name=name,
                ends=(),
                gaps=self.gaps or name != self.name,
                least=0.0 if spread else self.least,
                most=math.inf if spread else self.most,
            )


def text(
    name: str,
    about: str,
    kind: Kind = "text",
    *,
    values: Iterable[str] = (),
    gaps: bool = False,
    optional: bool = False,
) -> Column:
    """A column of texts; without ``gaps`` none is empty."""
    return Column(name, about, kind, values=tuple(values), gaps=gaps, optional=optional)


def wreck() -> Column:
    """The column that says whether an altered network is wrecked."""
    about = "how the altered network is wrecked, see `docs/method.md`; empty where it is not"
    return text("wrecked", about, gaps=True, optional=True)


def number(name: str, about: str, *, least: float = -math.inf, most: float = math.inf, gaps: bool = False) -> Column:
    """A column of finite numbers within bounds."""
    return Column(name, about, least=least, most=most, gaps=gaps)


def share(name: str, about: str, *, gaps: bool = False) -> Column:
    """A column of numbers from 0 to 1."""
    return number(name, about, least=0, most=1, gaps=gaps)


def count(name: str, about: str, *, gaps: bool = False) -> Column:
    """A column of whole numbers from 0, as many as a float tells apart."""
    return Column(name, about, least=0, most=2**53, whole=True, gaps=gaps)


def measured(name: str, about: str, *, least: float = -math.inf, optional: bool = False) -> Column:
    """A column of measured numbers: missing where a ratio is of nothing, infinite where two images are equal."""
    return Column(name, about, least=least, optional=optional, gaps=True, infinite=True)


def interval(
    name: str,
    about: str,
    *,
    least: float = -math.inf,
    most: float = math.inf,
    spread: bool = False,
    optional: bool = False,
) -> Column:
    """A measured number, the ends of its 95% interval, and with ``spread`` its standard deviation between seeds.

    One with bounds on both sides is a finite number.
    """
    ends = ("_low", "_high", *(["_spread"] if spread else []))
    bounded = math.isfinite(least) and math.isfinite(most)
    return Column(name, about, ends=ends, optional=optional, gaps=True, least=least, most=most, infinite=not bounded)


@dataclass(frozen=True)
class Table:
    """A table of a run.

    Attributes:
        name: of its file, in the directory of the run or of a stage.
        about: a sentence: what a row is of, and what it says.
        section: of the report.
        columns: in the order of the file.
        keys: so many of the first columns say what a row is of: no two rows have the same there.
        small: whether the report shows it unfolded, and the Markdown report at all.
        main: whether the Markdown report shows it although it is not small.
        variable: what further columns are; its name is not used. None where there are none.
    """

    name: str
    about: str
    section: str
    columns: tuple[Column, ...]
    keys: int
    small: bool = False
    main: bool = False
    variable: Column | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the declared columns."""
        return tuple(name for column in self.columns for name in column.names)

    def misfits(self, names: Iterable[str]) -> str:
        """What is wrong with the columns of a file or of rows; empty where nothing is."""
        names = list(names)
        if twice := [name for place, name in enumerate(names) if name in names[:place]]:
            return f"has the column {twice[0]} twice"
        needed = [name for c in self.columns if not (c.optional and set(c.names).isdisjoint(names)) for name in c.names]
        if missing := [name for name in needed if name not in names]:
            return f"has no column {missing[0]}"
        unknown = [name for name in names if name not in self.names]
        return f"has an unknown column {unknown[0]}" if unknown and self.variable is None else ""

    def ordered(self, names: Iterable[str]) -> list[str]:
        """The columns that are there: declared ones first, in their order."""
        names = list(names)
        return [name for name in self.names if name in names] + [name for name in names if name not in self.names]

    def documentation(self) -> str:
        """The table as Markdown."""
        rows = [f"| {', '.join(f'`{name}`' for name in column.names)} | {column.about} |" for column in self.columns]
        further = [f"| … | {self.variable.about} |"] if self.variable else []
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


def write_csv(path: Path, rows: list[dict[str, Any]] | pd.DataFrame) -> None:
    """Write a CSV of any columns, whole or not at all."""
    with replacing(path) as part:
        pd.DataFrame(rows).to_csv(part, index=False, float_format="%.9g", lineterminator="\n")
