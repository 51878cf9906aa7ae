"""The study of docs/results/truth.md, at a size of seconds."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_a_small_study_writes_its_page(tmp_path):
    command = [sys.executable, REPOSITORY / "benchmarks" / "truth.py", "--small"]
    command += ["--out", tmp_path / "out", "--docs", tmp_path / "docs"]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    page = (tmp_path / "docs" / "results" / "truth.md").read_text(encoding="utf-8")
    lines = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in page.splitlines() if line.startswith("| `")}
    for method in ("faig", "signed", "gradient", "change", "ig", "random", "predicted", "alone", "Shapley", "greedy"):
        assert f"`{method}`" in lines
    # In a table of brute force the truth agrees with itself, and random scores with nothing.
    brute = page[page.index("### srresnet-x2-small, blur") :].splitlines()
    alone, random = (next(line for line in brute if line.startswith(f"| `{name}`")) for name in ("alone", "random"))
    assert float(alone.split("|")[2]) == 1
    assert abs(float(random.split("|")[2])) < 0.2
    assert {path.name for path in (tmp_path / "docs" / "results").iterdir()} == {
        "truth.md",
        "truth-curves.png",
        "truth-constructions.png",
    }
