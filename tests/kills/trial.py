"""A command that accidents befall, tried at many points, and run again; each run is a fork of one warm process."""

import contextlib
import dataclasses
import gc
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kills.accidents import ACCIDENTS, Unbroken
from kills.files import Tree, is_hidden, of_outputs, places_of, tree
from kills.operations import count_calls, die, watch
from kills.running import Before, call, run


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


def try_everywhere(command: Command, inputs: Path, answer: Path, wanted: Mapping[str, int | None]) -> None:
    """Let accidents befall a command, on a first run and on one that replaces an older result.

    Args:
        command: which.
        inputs: a folder with what its arguments name.
        answer: a file for the counts, as JSON: by accident ``first`` and ``force``, each what `Count` has.
        wanted: by what befalls it, of `ACCIDENTS`: at so many points, evenly spread; None: at all.
    """
    with _place(command, inputs) as warm:  # what is slow to import is imported once, here
        call(warm, command.arguments, warm.parent / "said")
    gc.freeze()  # else each fork would copy all memory as it collects garbage
    gc.disable()
    first, force = (_tried(command, inputs, *kind, wanted) for kind in (((), ()), (command.older, command.force)))
    counts = {name: {"first": vars(first[name]), "force": vars(force[name])} for name in wanted}
    answer.write_text(json.dumps(counts))


def _tried(
    command: Command,
    inputs: Path,
    older: Sequence[Sequence[str]],
    force: Sequence[str],
    wanted: Mapping[str, int | None],
) -> dict[str, Count]:
    arguments = [*command.arguments, *force]
    with _place(command, inputs) as begun:
        for earlier in older:
            _expect(run(begun, earlier))
        if older:
            _add_a_file_of_the_users(begun, command)
        old = tree(begun)
        with _place(command, inputs, begun) as place:
            _expect(run(place, arguments, lambda place: (watch(place, None, die), count_calls())))
            done, (calls,) = json.loads((place.parent / "done").read_text())
            unbroken = Unbroken(done, tree(place), calls)
        counts = {}
        for name, most in wanted.items():
            points = [*ACCIDENTS[name].points(unbroken).items()]
            count = counts[name] = Count(possible=len(points))
            for point, before in _spread(points, most):
                with _place(command, inputs, begun) as place:
                    where = f"{command.name}{' over an older result' if older else ''}, {name}: {point}"
                    code, said = run(place, arguments, before)
                    count.points += 1
                    if not ACCIDENTS[name].ends(code, said, tree(place)):
                        count.fault("unsaid", f"{where}: {code}, {said}")
                    if older:
                        _judge(count, command, place, old, unbroken.ends, where)
                    _again(count, place, arguments, unbroken.ends, where)
    return counts


def _again(count: Count, place: Path, arguments: Sequence[str], new: Tree, where: str) -> None:
    """Whether the same command goes on, and ends in the same."""
    code, said = run(place, arguments)
    if code:
        count.fault("refused", f"{where}: {said.strip()}")
    elif (now := tree(place)) != new:
        names = sorted(name for name in now.keys() | new.keys() if now.get(name) != new.get(name))
        count.fault("different", f"{where}: {', '.join(names)}")


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


def _expect(ended: tuple[int, str]) -> None:
    code, said = ended
    assert code == 0, said
