"""A command that an accident befalls, tried at many points, and run again; each run is a fork of one warm process."""

import contextlib
import dataclasses
import gc
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kills.files import CHECKPOINTS, UNEQUAL, Tree, is_hidden, of_outputs, places_of, tree
from kills.operations import die, fill, keep_files_below, watch

NEED_ROOM = ("open", "os.mkdir", "os.link")
Before = Callable[[Path], list[str]]  # what is arranged in a process that is to run in that folder


@dataclasses.dataclass(frozen=True)
class Command:
    """A command, as it is tried.

    Attributes:
        arguments: after ``faig``; paths are relative to a folder with ``inputs``.
        older: of runs before, which leave an older result in the same place.
        force: what lets the command replace that.
        outputs: what belongs together: paths of files and folders that the command writes.
        replaced: a folder that keeps what is replaced, where it is neither beside nor in an output.
        given: a folder of inputs that the command writes into.
        quick: so many points are tried in the suite, evenly spread; None: all.
    """

    name: str
    arguments: Sequence[str]
    older: Sequence[Sequence[str]]
    force: Sequence[str] = ("--force",)
    outputs: Sequence[Sequence[str]] = (("out",),)
    replaced: str = ""
    given: str = ""
    quick: int | None = None


@dataclasses.dataclass
class Count:
    """What accidents did to a command.

    Attributes:
        possible: at how many points one can befall it.
        points: at how many one did.
        unsaid: how many times it was not ended as that accident should end it.
        lost: after how many of them neither the old result was there, whole, nor the new.
        mixed: after how many some of the old and some of the new stood in one place.
        refused: how many reruns did not end with exit code 0.
        different: how many reruns did not end in the files of an unbroken run.
    """

    possible: int = 0
    points: int = 0
    unsaid: int = 0
    lost: int = 0
    mixed: int = 0
    refused: int = 0
    different: int = 0
    faults: list[str] = dataclasses.field(default_factory=list)

    def numbers(self) -> dict[str, int]:
        """Without what they were."""
        return {name: value for name, value in vars(self).items() if name != "faults"}

    def fault(self, kind: str, where: str) -> None:
        """Count one."""
        setattr(self, kind, getattr(self, kind) + 1)
        self.faults.append(f"{kind}: {where}")


@dataclasses.dataclass(frozen=True)
class Accident:
    """What befalls a command.

    Attributes:
        points: from the changes that an unbroken run makes, and what it ends in: each point and how it is arranged.
        ends: whether an exit code, and what was said on standard error, are as they should be.
    """

    points: Callable[[list[str], Tree], dict[str, Before]]
    ends: Callable[[int, str], bool]


def _kills(done: list[str], new: Tree) -> dict[str, Before]:
    del new
    return {
        f"{number} of {len(done)}, {change}": lambda place, number=number: watch(place, number, die)
        for number, change in enumerate(done)
    }


def _full_disks(done: list[str], new: Tree) -> dict[str, Before]:
    """At each new file or folder; and where files are filled."""
    begun: dict[str, Before] = {
        f"{number} of {len(done)}, {change}": lambda place, number=number: watch(place, number, fill)
        for number, change in enumerate(done)
        if change.split()[0] in NEED_ROOM
    }
    as_written = {name: data for name, data in new.items() if data and not Path(name).match(CHECKPOINTS)}
    sizes = sorted({len(data) for name, data in as_written.items() if Path(name).name not in UNEQUAL})
    return begun | {f"files below {size} bytes": lambda place, size=size: keep_files_below(size) for size in sizes}


def _in_one_line(code: int, said: str) -> bool:
    """One line, which names an output."""
    return code == 2 and re.fullmatch(r"error: (\S*/)?out\b\S*: .+\n", said) is not None


ACCIDENTS = {"kill": Accident(_kills, lambda code, said: code == -9), "full disk": Accident(_full_disks, _in_one_line)}


def try_everywhere(command: Command, inputs: Path, answer: Path, accident: str, wanted: int | None) -> None:
    """Let an accident befall a command, on a first run and on one that replaces an older result.

    Args:
        command: which.
        inputs: a folder with what its arguments name.
        answer: a file for the counts, as JSON: ``first`` and ``force``, each what `Count` has.
        accident: what befalls it, of `ACCIDENTS`.
        wanted: at so many points, evenly spread; None: at all.
    """
    with _place(command, inputs) as warm:  # what is slow to import is imported once, here
        _call(warm, command.arguments, warm.parent / "said")
    gc.freeze()  # else each fork would copy all memory as it collects garbage
    gc.disable()
    runs = {"first": ((), ()), "force": (command.older, command.force)}
    counts = {kind: _tried(command, inputs, *run, ACCIDENTS[accident], wanted) for kind, run in runs.items()}
    answer.write_text(json.dumps({kind: dataclasses.asdict(count) for kind, count in counts.items()}))


def _tried(
    command: Command,
    inputs: Path,
    older: Sequence[Sequence[str]],
    force: Sequence[str],
    accident: Accident,
    wanted: int | None,
) -> Count:
    count, arguments = Count(), [*command.arguments, *force]
    with _place(command, inputs) as begun:
        for earlier in older:
            _expect(run(begun, earlier))
        if older:
            _add_a_file_of_the_users(begun, command)
        old = tree(begun)
        with _place(command, inputs, begun) as unbroken:
            _expect(run(unbroken, arguments, lambda place: watch(place, None, die)))
            new, done = tree(unbroken), json.loads((unbroken.parent / "done").read_text())
        points = [*accident.points(done, new).items()]
        count.possible = len(points)
        for point, before in _spread(points, wanted):
            with _place(command, inputs, begun) as place:
                where = f"{command.name}{' over an older result' if older else ''}, at {point}"
                code, said = run(place, arguments, before)
                count.points += 1
                if not accident.ends(code, said):
                    count.fault("unsaid", f"{where}: {code}, {said}")
                if older:
                    _judge(count, command, place, old, new, where)
                code, said = run(place, arguments)
                if code:
                    count.fault("refused", f"{where}: {said.strip()}")
                elif (now := tree(place)) != new:
                    names = sorted(name for name in now.keys() | new.keys() if now.get(name) != new.get(name))
                    count.fault("different", f"{where}: {', '.join(names)}")
    return count


def _spread(points: list[tuple[str, Before]], wanted: int | None) -> list[tuple[str, Before]]:
    """So many of the points, evenly spread, the last among them."""
    if wanted is None or wanted >= len(points):
        return points
    return [points[round(n * len(points) / wanted) - 1] for n in range(1, wanted + 1)]


def _judge(count: Count, command: Command, place: Path, old: Tree, new: Tree, where: str) -> None:
    """Whether the old result or the new is there, whole, and not both in one."""
    now = tree(place)
    for group in command.outputs:
        before, after = of_outputs(old, group), of_outputs(new, group)
        shown = {name: data for name, data in of_outputs(now, group).items() if not is_hidden(name)}
        kept = {name for name, data in before.items() if data in map(now.get, places_of(name, group, command.replaced))}
        if (missing := before.keys() - kept) and not after.items() <= now.items():
            count.fault("lost", f"{where}: {', '.join(sorted(missing))}")
        if shown.items() & (before.items() - after.items()) and shown.items() & (after.items() - before.items()):
            count.fault("mixed", where)


def _add_a_file_of_the_users(place: Path, command: Command) -> None:
    """Nothing of the user's goes either; a run directory is the run's alone."""
    for out in (out for group in command.outputs for out in group):
        if (place / out).is_dir() and not (place / out / ".fingerprint.json").exists():
            (place / out / "notes.txt").write_text("mine\n")


@contextlib.contextmanager
def _place(command: Command, inputs: Path, begun: Path | None = None) -> Iterator[Path]:
    """A folder to run a command in; like another one, or with what the command is given."""
    with tempfile.TemporaryDirectory(dir=inputs.parent) as folder:
        place = Path(folder, "place")
        if begun:
            shutil.copytree(begun, place, symlinks=True)
        else:
            place.mkdir()
            (place / "inputs").symlink_to(inputs)
            if command.given:
                shutil.copytree(inputs / command.given, place / command.given)
        yield place


def run(place: Path, arguments: Sequence[str], before: Before = lambda place: []) -> tuple[int, str]:
    """Run ``faig`` in a fork; returns its exit code, negative for a signal, and what it said on standard error.

    Args:
        place: the folder to be in.
        arguments: after ``faig``.
        before: called in the fork; what it returns, which may grow, is written to ``done`` beside the folder.
    """
    reader, writer = os.pipe()  # a file would have the limits of a full disk
    child = os.fork()
    if not child:
        done = before(place)
        code = _call(place, arguments, writer)
        if done:
            (place.parent / "done").write_text(json.dumps(done))
        os._exit(code)
    os.close(writer)
    with open(reader, encoding="utf-8") as file:
        said = file.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def _call(place: Path, arguments: Sequence[str], said: Path | int) -> int:
    """``faig`` in this process; returns its exit code."""
    from faig.cli import main

    before, sys.argv = Path.cwd(), ["faig", *arguments, "--quiet"]
    os.chdir(place)
    try:
        with open(said, "w", encoding="utf-8") as sys.stderr, open(os.devnull, "w") as sys.stdout:
            try:
                main()
            except SystemExit as stop:
                return int(stop.code or 0)
            except BaseException:
                import traceback

                traceback.print_exc()
                return 1
    finally:
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        os.chdir(before)
    return 0


def _expect(ended: tuple[int, str]) -> None:
    code, said = ended
    assert code == 0, said
