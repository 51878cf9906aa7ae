"""The command line: parse, call, print. Exit code 0 is done, 2 bad input (one line on stderr), 1 a bug."""

import sys

from faig.common.signals import Stopped, stoppable


def main() -> None:
    """Entry point of ``faig`` and ``python -m faig``; stopped by a signal, it exits with 128 and its number."""
    try:
        with stoppable():
            from faig.cli.calling import call  # Ctrl-C may come before all is imported

            code = call()
    except Stopped as stop:
        print("interrupted; run the same command again to go on", file=sys.stderr)
        code = stop.code
    sys.exit(code)
