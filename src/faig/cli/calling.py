"""One call of the command line, from its arguments to its exit code."""

import sys
from typing import Any

import typer

from faig.cli.app import app
from faig.cli.output import screen
from faig.cli.streams import PIPE_CLOSED, PipeClosed, streams
from faig.common.errors import InputError, for_command_line, lacks_memory, not_written, printable
from faig.common.process import all_alive, leave_others, prepare
from faig.common.signals import stoppable

EXTRAS = {
    **dict.fromkeys(("jinja2", "matplotlib"), "report"),
    **dict.fromkeys(("accelerate", "lmdb", "tensorboard"), "train"),
    **dict.fromkeys(("starlette", "uvicorn"), "explore"),
    "huggingface_hub": "hub",
    **dict.fromkeys(("onnx", "onnxruntime", "onnxscript"), "onnx"),
}
MEMORY = "the memory does not suffice: take smaller images or fewer at once, or less of --memory or --threads"
INTERRUPTED = 130  # typer's answer to KeyboardInterrupt
UsageError: Any = typer.BadParameter.__base__  # what every misuse of an option or argument is


def call() -> int:
    """Run the command that ``sys.argv`` names; returns its exit code: 0 done, 2 bad input, which is said in a line.

    Raises:
        Stopped: by a signal.
    """
    screen.start()
    try:
        prepare()  # before a command loads torch
        with stoppable(), streams(), all_alive():  # what comes of a signal is no error to report
            code = app(standalone_mode=False)
            if code == INTERRUPTED:
                raise KeyboardInterrupt
            screen.print_json()
            if not code:
                leave_others()
    except PipeClosed:
        code = PIPE_CLOSED
    except InputError as error:
        code = _refuse(MEMORY if lacks_memory(error) else for_command_line(error))
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
    except UnicodeEncodeError as error:
        code = _refuse(not_written(error))
    except Exception as error:
        if not lacks_memory(error):
            raise
        code = _refuse(MEMORY)
    finally:
        screen.stop()
    return code or 0


def _refuse(message: str) -> int:
    print(f"error: {printable(message)}", file=sys.stderr)
    return 2
