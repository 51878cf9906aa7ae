"""The worked notebook runs, is short, and says what it shows."""

import contextlib
import io
import json
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
    assert shown.getvalue() and names
