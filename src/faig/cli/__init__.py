"""The command line: parse, call, print. Exit code 0 is done, 2 bad input (one line on stderr), 1 a bug."""

import sys
from typing import Any

import typer

from faig.cli.app import app
from faig.cli.output import screen
from faig.cli.streams import PIPE_CLOSED, PipeClosed, streams
from faig.common.errors import InputError, for_command_line, printable
from faig.common.process import all_alive, prepare

EXTRAS = {
    **dict.fromkeys(("jinja2", "matplotlib", "plotly"), "report"),
    **dict.fromkeys(("accelerate", "lmdb", "tensorboard"), "train"),
    **dict.fromkeys(("starlette", "uvicorn"), "explore"),
    "huggingface_hub": "hub",
    **dict.fromkeys(("onnx", "onnxruntime", "onnxscript"), "onnx"),
}
UsageError: Any = typer.BadParameter.__base__  # what every misuse of an option or argument is


def main() -> None:
    """Entry point of ``faig`` and ``python -m faig``."""
    prepare()  # before a command loads torch
    screen.start()
    try:
        with streams(), all_alive():
            code = app(standalone_mode=False)
            screen.print_json()
    except PipeClosed:
        code = PIPE_CLOSED
    except InputError as error:
        code = _refuse(for_command_line(error))
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message())
            code = 2
        else:
            code = _refuse(f"{' '.join(error.format_message().split())} (try --help)")
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        extra = f"[{EXTRAS[error.name]}]"
        code = _refuse(f"this needs {error.name}; install it with: pip install 'faig{extra}' (in a clone: '.{extra}')")
    except MemoryError as error:
        code = _refuse(f"the memory does not suffice: {error or 'see --memory, or take smaller images'}")
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted; run the same command again to go on", file=sys.stderr)
        code = 130
    finally:
        screen.stop()
    sys.exit(code or 0)


def _refuse(message: str) -> int:
    print(f"error: {printable(message)}", file=sys.stderr)
    return 2
