"""What commands print: results on standard output, as text or as JSON; progress, log and warnings on standard error."""

import json
import logging
import os
import sys
import warnings
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faig.common.errors import FaigWarning, printable
from faig.common.plain import plain
from faig.common.progress import Track, progress_bar, silent

if TYPE_CHECKING:
    from rich.console import RenderableType

LOGGER = logging.getLogger("faig")


def _lines(text: str) -> str:
    """Each line of a text as `printable` has it."""
    return "\n".join(map(printable, text.split("\n")))


class Screen(logging.Handler):
    """What a command has to say, and how much of it the user wants.

    It handles the log: warnings go to standard error, with ``--verbose`` also what is only informative.

    Attributes:
        quiet: only results and errors.
        as_json: the facts of the results as one JSON object on standard output, and nothing else there.
        facts: of the results so far.
    """

    def start(self) -> None:
        """A command begins."""
        self.quiet = self.as_json = False
        self.facts: dict[str, Any] = {}
        self._shown: set[str] = set()
        self._before = LOGGER.level
        self.setLevel(logging.WARNING)
        LOGGER.addHandler(self)
        warnings.showwarning = self._show_warning

    def stop(self) -> None:
        """The command has ended, well or not."""
        LOGGER.removeHandler(self)
        LOGGER.setLevel(self._before)

    def result(self, shown: "RenderableType | None" = None, /, **facts: Any) -> None:
        """What the command was run for: a text or a table of rich's, and the same as facts for JSON."""
        self.facts |= facts
        if shown is None or self.as_json or not _is_first():
            return
        if isinstance(shown, str):
            print(_lines(shown), flush=True)
            return
        from rich.console import Console  # takes 0.1 s
        from rich.segment import Segment, Segments

        console = Console(markup=False, emoji=False)
        parts = [Segment(_lines(part.text), part.style, part.control) for part in console.render(shown)]
        console.print(Segments(parts))

    def note(self, text: str, /, **facts: Any) -> None:
        """What helps beside the result: where files are, what is going on."""
        self.result(None if self.quiet else text, **facts)

    @property
    def track(self) -> Track:
        """How progress is shown."""
        return silent if self.quiet else progress_bar

    def print_json(self) -> None:
        """Print all facts, where JSON is wanted and there are any."""
        if self.as_json and self.facts and _is_first():
            print(json.dumps(plain(self.facts), indent=2, ensure_ascii=False))

    def emit(self, record: logging.LogRecord) -> None:
        """Print a line of the log."""
        text = record.getMessage()
        if record.levelno >= logging.WARNING:
            self._warn(text)
        else:
            print(printable(text), file=sys.stderr)

    def _warn(self, text: str) -> None:
        """Once: some warnings are in the log too, and stages of a study say the same."""
        if text not in self._shown and not self.quiet:
            self._shown.add(text)
            print(f"warning: {printable(text)}", file=sys.stderr)

    def _show_warning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: str | None = None,
    ) -> None:
        """One line for what concerns the user; Python's own form for the rest."""
        if issubclass(category, FaigWarning):
            self._warn(str(message))
        else:
            print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=file or sys.stderr)


screen = Screen()


def _set_json(value: bool) -> None:
    screen.as_json = value


def _set_quiet(value: bool) -> None:
    screen.quiet = value


def _set_verbose(value: bool) -> None:
    if value:
        LOGGER.setLevel(logging.INFO)
        screen.setLevel(logging.INFO)


def _option(callback: Any, help: str, *names: str) -> Any:
    return typer.Option(*names, callback=callback, expose_value=False, rich_help_panel="Output", help=help)


def output_options(
    as_json: Annotated[
        bool, _option(_set_json, "Print results as JSON on standard output, and nothing else.", "--json")
    ] = False,
    quiet: Annotated[bool, _option(_set_quiet, "Print only results and errors.", "--quiet", "-q")] = False,
    verbose: Annotated[bool, _option(_set_verbose, "Print the log on standard error.", "--verbose", "-v")] = False,
) -> None:
    """Options that every command gets; they set what the screen shows, and no command sees them."""


def _is_first() -> bool:
    """Whether this is the one process of several (torchrun) that speaks for all."""
    return os.environ.get("RANK", "0") == "0"
