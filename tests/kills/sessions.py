"""Commands that are signalled as a terminal does it: they and their workers at once."""

import os
import sys
from pathlib import Path

from kills.running import call, hear


def in_session(folder: Path, *arguments: object) -> None:
    """``faig`` in a session of its own and in that folder; what it says on standard error is in ``said`` there."""
    os.setsid()
    hear()
    sys.exit(call(folder, [*map(str, arguments)], folder / "said"))
