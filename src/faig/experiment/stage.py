"""A stage: something that is computed into a run directory, and goes on where it was stopped.

What every stage does alike stands here: the fingerprint of all that determines it, the directory that is opened or
refused, the end that is skipped where it was reached before, and the units that are kept until the stage is whole.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import as_completed
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch

from faig.common.errors import InputError
from faig.common.files import replacing
from faig.common.progress import Track, silent
from faig.common.workers import worker_pool
from faig.results.run_directory import CONFIG, UNITS, first_difference, read_config, run_directory

Unit = Callable[[], Any]  # gives something JSON-able; can be sent to another process


class Stage(ABC):
    """Something that is computed into a run directory.

    Whatever can be wrong with its input is refused when it is made, before a directory is opened.

    Attributes:
        last: the file that is written last: where it stands, the stage is finished.
        settings: JSON-able, for ``config.yaml``; None for a stage of a study, which has its own.
    """

    last: ClassVar[str]
    settings: dict[str, Any] | None = None

    @abstractmethod
    def determined(self) -> dict[str, Any]:
        """JSON-able: everything that determines the results."""

    def opened(self) -> None:  # noqa: B027 - most stages have nothing to do then
        """The run directory stands open, whether there is work to do or not."""

    def draw(self, run: Path) -> None:  # noqa: B027 - most stages have nothing to draw
        """Add what is drawn of the results to the open run directory, which holds all of them."""

    @abstractmethod
    def work(self, run: Path, track: Track) -> None:
        """Compute, and write what there is into the open run directory, `last` last."""

    def run(self, out: Path, *, force: bool = False, track: Track = silent) -> Path:
        """Do the work, or go on where a killed process stopped; nothing where it is finished.

        Args:
            out: the run directory.
            force: replace a directory of other inputs.
            track: shows progress.

        Returns:
            The run directory.

        Raises:
            InputError: the directory is of another run, or of none, or another process is at work there.
        """
        with run_directory(out, self.settings, self.determined(), force=force) as run:
            self.opened()
            if not (run / self.last).exists():
                self.work(run, track)
            self.draw(run)
        return out


def kept(run: Path, name: str, compute: Callable[[], Any]) -> Any:
    """A JSON-able unit of a stage: from the run directory, or computed and kept there until the stage is whole.

    Args:
        run: the open run directory.
        name: of the unit, unique in the stage.
        compute: makes it.

    Raises:
        InputError: what was kept is damaged.
    """
    file = run / UNITS / f"{name}.json"
    if not file.exists():
        unit = compute()
        with replacing(file) as part:
            part.write_text(json.dumps(unit), encoding="utf-8")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{file}: is damaged ({error}); remove it, and it is made again") from None


def kept_units(
    run: Path, units: Mapping[str, Unit], track: Track, label: str, *, processes: int, threads: int
) -> dict[str, Any]:
    """Units of a stage by name: those that are missing are computed, each whole by one of several processes.

    Args:
        run: the open run directory.
        units: by name, unique in the stage.
        track: shows progress.
        label: of that.
        processes: how many units are computed at a time.
        threads: of each process, where there are several.
    """
    missing = [name for name in units if not (run / UNITS / f"{name}.json").exists()]
    if processes == 1 or len(missing) < 2:
        return {name: kept(run, name, unit) for name, unit in track(units.items(), label, len(units))}
    with worker_pool(min(processes, len(missing)), partial(torch.set_num_threads, threads)) as pool:
        jobs = [pool.submit(kept, run, name, units[name]) for name in missing]
        for job in track(as_completed(jobs), label, len(jobs)):
            job.result()
    return {name: kept(run, name, unit) for name, unit in units.items()}


def check_settings(out: Path, settings: dict[str, Any], force: bool) -> None:
    """Raise InputError where ``out`` holds a study of other settings; how many processes compute it is none.

    Args:
        out: the directory of a study of several stages.
        settings: JSON-able, of the study that is to run there.
        force: stages of other settings are done again: nothing is refused.
    """
    if force or not (out / CONFIG).exists():
        return
    known = read_config(out / CONFIG)
    same = known | {"processes": settings["processes"]}
    if same != settings and known.get("command") == settings["command"]:
        raise InputError(
            f"{out}: holds another study ({first_difference(same, settings)} differs); pass force=True to do again the "
            "stages that this changes, or choose another name",
            setting="force",
        )
