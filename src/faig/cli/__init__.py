"""The command line: parse, call, print. Exit code 0 is done, 2 bad input (one line on stderr), 1 a bug."""

import sys
import warnings
from typing import Any

import typer

from faig.cli import (  # noqa: F401 - each registers its commands
    alter,
    demo,
    distribution,
    predict,
    prepare,
    report,
    run,
    study,
    sweep,
    train,
    zoo,
)
from faig.cli.app import app
from faig.common.errors import FaigWarning, InputError

EXTRAS = {
    **dict.fromkeys(("jinja2", "matplotlib", "PIL", "plotly"), "report"),
    **dict.fromkeys(("accelerate", "lmdb", "tensorboard"), "train"),
    "huggingface_hub": "hub",
    **dict.fromkeys(("onnx", "onnxruntime", "onnxscript"), "onnx"),
}
UsageError: Any = typer.BadParameter.__base__  # what every misuse of an option or argument is


def main() -> None:
    """Entry point of ``faig``."""
    warnings.showwarning = _show_warning
    try:
        code = app(standalone_mode=False)
    except InputError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        code = 2
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message())
        else:
            print(f"error: {' '.join(error.format_message().split())} (try --help)", file=sys.stderr)
        code = 2
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        extra = EXTRAS[error.name]
        print(
            f"error: this needs {error.name}; install it with: pip install 'faig[{extra}]' (in a clone: '.[{extra}]')",
            file=sys.stderr,
        )
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted; run the same command again to go on", file=sys.stderr)
        code = 130
    sys.exit(code or 0)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: Any = None,
    line: Any = None,
) -> None:
    """One line for what concerns the user; Python's own form for the rest."""
    if issubclass(category, FaigWarning):
        print(f"warning: {message}", file=sys.stderr)
    else:
        print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=file or sys.stderr)
