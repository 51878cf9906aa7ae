"""The worked notebook runs, is short, and prints what its page shows, but for the numbers."""

import contextlib
import io
import itertools
import json
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebooks" / "any-network.ipynb"


def test_it_runs_in_under_40_lines():
    cells = [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    code = ["".join(cell["source"]) for cell in cells]
    assert sum(bool(line.strip()) for text in code for line in text.splitlines()) < 40
    shown, names = io.StringIO(), {}
    with contextlib.redirect_stdout(shown):
        for text in code:
            exec(text, names)
    kept = "".join(line for cell in cells for output in cell["outputs"] for line in output["text"])
    number = r"[-+]?\d+\.\d+"
    assert re.sub(number, "", shown.getvalue()) == re.sub(number, "", kept)
    assert max(names["found"].barrier.values()) < 1.1
    assert all(abs(delta) < 0.1 for delta in names["found"].convergence_delta.values())
    effects = {
        (function, seen): float(value)
        for function, seen, value in re.findall(r"of (\w+) reverted: effect on (\w+) images ([\d.]+)", shown.getvalue())
    }
    assert set(effects) == set(itertools.product(("blur", "noise"), ("clean", "blur", "noise")))
    assert max(effects, key=effects.__getitem__) == ("noise", "noise")  # what its last cell says of them
    assert effects["blur", "noise"] > effects["blur", "blur"]
