"""Tables for the terminal: whatever its width, no name and no number is cut."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from faig.common.errors import printable
from faig.results.comparison_tables import SUMMARY
from faig.results.reader import Results

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType

GAP = 2  # letters between columns
LONG = 24  # letters of a name that is not folded for numbers' sake: those of methods are shorter, those of files not
FOR_NAMES = 0.5  # of the width, where even so there is no room


@dataclass(frozen=True)
class Sheet:
    """A table. Where the terminal is too narrow for it, its last columns go on below, beside the first ones again.

    Attributes:
        heads: of the columns; a head and a cell may have several lines.
        rows: of cells.
        names: how many of the first columns say what a row is of; what is too long there is folded.
        title: above, and
        caption: below it.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: int = 1
    title: str = ""
    caption: str = ""

    def __post_init__(self) -> None:
        """Names come from files of others: what a terminal would obey is shown."""
        cells = [["\n".join(map(printable, cell.split("\n"))) for cell in row] for row in self.rows]
        object.__setattr__(self, "rows", cells)

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "Iterator[RenderableType]":
        """For rich."""
        from rich.text import Text

        width = options.max_width
        if self.title:
            yield Text(self.title, style="bold", overflow="fold")
        for columns in self._parts(width):
            yield self._part(columns, width)
        if self.caption:
            yield Text(self.caption, style="dim", overflow="fold")

    def _parts(self, width: int) -> Iterator[list[int]]:
        """Which columns stand beside the names, part by part: as many as there is room for, and at least one."""
        wide = [self._width(column) + GAP for column in range(len(self.heads))]
        wide[: self.names] = [min(each, LONG + GAP) for each in wide[: self.names]]
        names = sum(wide[: self.names])
        room, part = width + GAP - names, list[int]()
        if room < max(wide[self.names :], default=0):
            room = width + GAP - min(names, int(FOR_NAMES * width))
        for column in range(self.names, len(self.heads)):
            if part and sum(wide[each] for each in [*part, column]) > room:
                yield part
                part = []
            part.append(column)
        yield part

    def _width(self, column: int) -> int:
        from rich.cells import cell_len

        cells = [self.heads[column], *(row[column] for row in self.rows)]
        return max(cell_len(line) for cell in cells for line in cell.split("\n"))

    def _part(self, columns: list[int], width: int) -> "RenderableType":
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        chosen = [*range(self.names), *columns]
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
        firm = sum(self._width(place) + GAP for place in columns) < width  # else a single number fills it all
        for place in chosen:
            name = place < self.names
            table.add_column(
                self.heads[place], justify="left" if name else "right", overflow="fold", no_wrap=firm and not name
            )
        for row in self.rows:
            table.add_row(*(row[place] for place in chosen))
        return table


def summary_sheet(run: Path, proportion: float | None = None) -> Sheet:
    """What reverting does by each method: how much of a function is off, what leaks, what that costs other inputs.

    Args:
        run: a run directory with ``summary.csv``.
        proportion: which rows; by default the smallest there is.

    Raises:
        InputError: the table is missing, or is none.
    """
    summary = Results.of(run).needed(SUMMARY)
    share = summary["proportion"].min() if proportion is None else proportion
    summary = summary[(summary["proportion"] - share).abs() < 1e-9]
    numbers = [f"{name}{measure}" for name in ("switched_off", "leak") for measure in ("", "_pixels")]
    rows = [
        [
            str(row["method"]),
            _function(str(row["reverted"]), bool(row["wrecked"])),
            *(_interval(row, name) for name in numbers),
            "-" if pd.isna(row["psnr_elsewhere"]) else f"{row['psnr_elsewhere']:+.2f}",
        ]
        for _, row in summary.iterrows()
    ]
    return Sheet(
        ["method", "reverted", "off in\nmaps", "off in\npixels", "leak in\nmaps", "leak in\npixels", "costs\ndB"],
        rows,
        names=2,
        title=f"{100 * share:.3g}% of the filters reverted",
        caption="off: how much of the function is gone, 1 is all of it, in gradient maps and in pixels; leak: what "
        "changes on other inputs; costs: PSNR on the other input that loses most. ±: half of the 95% interval over "
        "photos. All numbers: summary.csv, effects.csv, grafts.csv (the same filters alone on the baseline), knobs.csv "
        "(controls: DNI and blend)",
    )


def check_sheet(rows: pd.DataFrame) -> Sheet:
    """What reverting the top of each ranking does, of ``check.csv``: a row for each function."""
    share = rows["proportion"].iloc[0]
    what = "learned strengths" if pd.isna(share) else f"the top {100 * share:.3g}% reverted"
    inputs = list(dict.fromkeys(rows["input"]))
    numbers = [f"{name}{measure}" for name in ("switched_off", "leak") for measure in ("", "_pixels")]
    cells = []
    for function, group in rows.groupby("function", sort=False):
        by_input = {str(row["input"]): row for _, row in group.iterrows()}
        own = by_input.get(str(function))
        cells.append(
            [
                _function(str(function), any(row["wrecked"] for row in by_input.values())),
                *("-" if own is None else _interval(own, name) for name in numbers),
                *(_psnr(by_input[name]) if name in by_input else "-" for name in inputs),
            ]
        )
    return Sheet(
        [
            "reverted",
            *("off in\nmaps", "off in\npixels", "leak in\nmaps", "leak in\npixels"),
            *(f"PSNR on\n{name}" for name in inputs),
        ],
        cells,
        title=f"{what}, on the images that it was found on",
        caption="off: how much of the function is gone, 1 is all of it; leak: what changes on other inputs. PSNR in "
        "dB, and how much that is over the target's",
    )


def _function(name: str, wrecked: bool) -> str:
    return f"{name}\n(wrecked)" if wrecked else name


def _psnr(row: "pd.Series[float]") -> str:
    return f"{row['psnr']:.2f}\n({row['psnr_gain']:+.2f})"


def _interval(row: "pd.Series[float]", name: str) -> str:
    if pd.isna(row[name]):
        return "-"
    low, high = row.get(f"{name}_low", math.nan), row.get(f"{name}_high", math.nan)
    half = (high - low) / 2
    return f"{row[name]:.3f}" + ("" if pd.isna(half) else f"\n±{half:.3f}")
