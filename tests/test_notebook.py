"""The worked notebook runs, is short, and says what it shows."""

import contextlib
import io
import json
import re
from pathlib import Path

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebooks" / "any-network.ipynb"


def test_it_runs_in_under_40_lines():
    cells = [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    code = ["".join(cell["source"]) for cell in cells]
    assert sum(bool(line.strip()) for text in code for line in text.splitlines()) < 40
    shown, names = io.StringIO(), {}
    with contextlib.redirect_stdout(shown):
        for text in code:
            exec(text, names)
    effects = {
        (function, seen): float(value)
        for function, seen, value in re.findall(r"of (\w+) reverted: effect on (\w+) images ([\d.]+)", shown.getvalue())
    }
    # So small a network, trained so shortly, comes out different on every kind of machine: only that all are measured.
    assert set(effects) == {(function, seen) for function in ("blur", "noise") for seen in ("blur", "noise")}
    assert max(effects.values()) > 0
    assert set(names["found"].barriers()) >= {"blur", "noise"}
