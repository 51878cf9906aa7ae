"""What befalls a command, and at which points of its run."""

import dataclasses
import itertools
import re
import signal
from collections.abc import Callable
from pathlib import Path

from faig.common.files import PART
from kills.files import CHECKPOINTS, UNEQUAL, Tree
from kills.operations import count_calls, die, fill, interrupt, keep_files_below, watch
from kills.running import Before

NEED_ROOM = ("open", "os.mkdir", "os.link")
SIGNALS = (signal.SIGINT, signal.SIGTERM)
MOMENTS = (0.25, 0.5, 0.75)  # of the functions that a run calls


@dataclasses.dataclass(frozen=True)
class Unbroken:
    """A run that nothing befell.

    Attributes:
        done: the changes that it made to files.
        ends: the files that it ended in.
        calls: how many functions it called.
    """

    done: list[str]
    ends: Tree
    calls: int


@dataclasses.dataclass(frozen=True)
class Accident:
    """What befalls a command.

    Attributes:
        points: of a run: each point, and how it is arranged that it happens there.
        ends: whether an exit code, what was said on standard error, and the files are as they should be.
    """

    points: Callable[[Unbroken], dict[str, Before]]
    ends: Callable[[int, str, Tree], bool]


def _kills(run: Unbroken) -> dict[str, Before]:
    return {point: lambda place, number=number: watch(place, number, die) for number, point in _changes(run)}


def _full_disks(run: Unbroken) -> dict[str, Before]:
    """At each new file or folder; and where files are filled."""
    begun: dict[str, Before] = {
        point: lambda place, number=number: watch(place, number, fill)
        for number, point in _changes(run)
        if run.done[number].split()[0] in NEED_ROOM
    }
    as_written = {name: data for name, data in run.ends.items() if data and not Path(name).match(CHECKPOINTS)}
    sizes = sorted({len(data) for name, data in as_written.items() if Path(name).name not in UNEQUAL})
    return begun | {f"files below {size} bytes": lambda place, size=size: keep_files_below(size) for size in sizes}


def _interrupts(run: Unbroken) -> dict[str, Before]:
    """Ctrl-C and SIGTERM by turns: at each change, and while it computes."""
    signals = itertools.cycle(SIGNALS)
    at_changes: dict[str, Before] = {
        f"{number.name} at {point}": lambda place, change=change, number=number: watch(place, change, interrupt(number))
        for (change, point), number in zip(_changes(run), signals, strict=False)
    }
    while_computing: dict[str, Before] = {
        f"{number.name} after {share:.0%}": lambda _, at=int(share * run.calls), number=number: count_calls(at, number)
        for share, number in zip(MOMENTS, signals, strict=False)
    }
    return at_changes | while_computing


def _changes(run: Unbroken) -> list[tuple[int, str]]:
    return [(number, f"{number} of {len(run.done)}, {change}") for number, change in enumerate(run.done)]


def _in_one_line(code: int, said: str, left: Tree) -> bool:
    """One line, which names an output."""
    del left
    return code == 2 and re.fullmatch(r"error: (\S*/)?out\b\S*: .+\n", said) is not None


def _stopped(code: int, said: str, left: Tree) -> bool:
    """One line, and nothing half-written."""
    parts = [name for name in left if any(map(PART.fullmatch, Path(name).parts))]
    return code in [128 + each for each in SIGNALS] and said.count("\n") == 1 and not parts


ACCIDENTS = {
    "kill": Accident(_kills, lambda code, said, left: code == -signal.SIGKILL),
    "full disk": Accident(_full_disks, _in_one_line),
    "interrupt": Accident(_interrupts, _stopped),
}
