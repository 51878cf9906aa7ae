"""Every change of `tables.changes`, or each tenth: ``PYTHONPATH=tests python -m hostile.all_tables --every 10``."""

import argparse
import contextlib
import io
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from faig.cli import main as faig
from hostile.tables import COMMANDS, changes, fault, make_run, readers
from hostile.test_tables import undraw


def called(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["faig", *map(str, arguments)]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as stop:
        faig()
    return int(stop.value.code or 0), out.getvalue(), err.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Try them, and print what is wrong and how many there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--command", choices=list(COMMANDS), action="append")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("error")
        undraw(patch)
        run = make_run(Path(folder) / "made")
        for command in given.command or COMMANDS:
            for change in [change for change in changes(run) if command in readers(change)][:: given.every]:
                counts[command] += 1
                if said := fault(run, change, command, called):
                    counts["wrong"] += 1
                    print(f"{command}: {change.name}: {said[:300]}", flush=True)
    print(dict(counts))


if __name__ == "__main__":
    main()
