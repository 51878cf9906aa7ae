"""The numbers of the page on reliability are those that were counted."""

import json
import re
from pathlib import Path

import pytest

from hostile.corpus import READERS
from hostile.fuzz import COUNTS, FAULTS, KINDS
from hostile.tables import COMMANDS

DOCS = Path(__file__).parents[2] / "docs"
COMMAND_NAMES = {  # as the page has them
    "report": "`report` of a study",
    "truth": "`report` of a ground truth",
    "distribution": "`distribution`",
    "compare": "`compare` again",
    "attribute": "`attribute` again",
    "sweep": "`sweep` again",
}
PAGE = (DOCS / "reliability.md").read_text(encoding="utf-8")


def test_the_page_has_the_counts_of_the_kept_run():
    counted = json.loads((DOCS / "results" / "fuzz.json").read_text(encoding="utf-8"))
    assert list(counted["kinds"]) == list(KINDS)
    assert f"The last run of {counted['seconds']:.0f} seconds" in PAGE
    rows = [
        f"| `{name}` | {' | '.join(f'{counts[count]:,}' for count in COUNTS)} |"
        for name, counts in counted["kinds"].items()
    ]
    assert "\n".join(rows) in PAGE
    assert all(counts["trials"] > 0 for counts in counted["kinds"].values())
    assert not any(counts[fault] for counts in counted["kinds"].values() for fault in FAULTS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_page_has_the_size_of_the_corpus(tmp_path):
    files = sum(len(reader.items(tmp_path / "trap")) for reader in READERS.values())
    assert f"tested with {files:,} files" in PAGE


def test_the_page_has_the_counts_of_kills():
    counted = json.loads((DOCS / "results" / "kills.json").read_text(encoding="utf-8"))
    text = " ".join(PAGE.split())
    for accident, commands in counted.items():
        runs = [run for command in commands.values() for run in command.values()]
        for fault in ("unsaid", "lost", "mixed", "refused", "different"):
            assert not any(run[fault] for run in runs)
        tried, possible = (sum(run[number] for run in runs) for number in ("points", "possible"))
        assert f"| {accident} | {len(commands)} | {tried:,} | {possible:,} |" in text


def test_the_page_has_the_counts_of_changed_runs():
    counted = json.loads((DOCS / "results" / "changed-runs.json").read_text(encoding="utf-8"))
    assert set(counted) == set(COMMANDS)
    assert not any(count["wrong"] for count in counted.values())
    for command, name in COMMAND_NAMES.items():
        assert f"| {name} | {counted[command]['changes']:,} |" in PAGE
    assert f"{sum(count['changes'] for count in counted.values()):,} times" in " ".join(PAGE.split())


def test_the_page_has_what_loads_took():
    found = json.loads((DOCS / "results" / "load.json").read_text(encoding="utf-8"))
    large, many, deep = found["large"], found["many"], found["deep"]
    width, height = large["pixels"]
    rows = {
        f"`restore --memory 3GB`, one picture of {width}×{height}": large["restore"],
        "`predict`, the same picture by `srcnn-style-x2`": large["predict"],
        f"`restore`, {many['images']:,} pictures": many["restore"],
        f"`attribute`, {many['images']:,} pictures": many["attribute"],
        f"`attribute`, {deep['layers']} layers": deep["attribute"],
        f"`report`, {deep['layers']} layers": deep["report"],
    }
    for name, row in rows.items():
        grows = f"{row['kb_per_image']:+.1f} kB an image" if "kb_per_image" in row else ""
        assert f"| {name} | {row['peak_gb']:.2f} GB | {grows} | {row['processor_seconds']:.0f} s |" in PAGE
    assert large["restore"]["peak_gb"] <= 3
    assert all(abs(many[command]["kb_per_image"]) < 1 for command in ("restore", "attribute"))
    assert all(len(set(many[command]["open_files"])) == 1 for command in ("restore", "attribute"))


def test_every_command_on_the_page_is_in_the_makefile():
    makefile = (DOCS.parent / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make (\w+)", PAGE))
    assert targets == {"fuzz", "kills", "tables"}
    assert all(f"\n{target}: $(READY)\n" in makefile for target in targets)
