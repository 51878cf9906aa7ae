"""A stage: something that is computed into a run directory, and goes on where it was stopped.

What every stage does alike stands here: the fingerprint of all that determines it, the directory that is opened or
refused, the end that is skipped where it was reached before, and the units that are kept until the stage is whole.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from faig.common.errors import InputError
from faig.common.files import replacing
from faig.common.progress import Track, silent
from faig.results.run_directory import UNITS, run_directory


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
