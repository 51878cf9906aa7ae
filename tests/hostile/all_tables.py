"""Every change of `tables.changes`, or each tenth: ``PYTHONPATH=tests python -m hostile.all_tables --every 10``.

``--json`` keeps how many there were, of each command that was run.
"""

import argparse
import contextlib
import io
import json
import sys
import tempfile
import warnings
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
    """Try them, and print what is wrong and how many there were; exits with 1 where anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--command", choices=list(COMMANDS), action="append")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    known = json.loads(given.json.read_text()) if given.json and given.json.exists() else {}
    counts: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("error")
        undraw(patch)
        run = make_run(Path(folder) / "made")
        for command in given.command or COMMANDS:
            count = counts[command] = {"changes": 0, "wrong": 0}
            for change in [change for change in changes(run) if command in readers(change)][:: given.every]:
                count["changes"] += 1
                if said := fault(run, change, command, called):
                    count["wrong"] += 1
                    print(f"{command}: {change.name}: {said[:300]}", flush=True)
            if given.json:
                given.json.write_text(json.dumps(known | counts, indent=1, sort_keys=True) + "\n")
    print(counts)
    if any(count["wrong"] for count in counts.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
