"""The numbers of the page on reliability are those that were counted."""

import json
import re
from pathlib import Path

import pytest

from hostile.corpus import READERS
from hostile.fuzz import COUNTS, FAULTS, KINDS

DOCS = Path(__file__).parents[2] / "docs"
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


def test_every_command_on_the_page_is_in_the_makefile():
    makefile = (DOCS.parent / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make (\w+)", PAGE))
    assert targets == {"fuzz"}
    assert all(f"\n{target}: $(READY)\n" in makefile for target in targets)
