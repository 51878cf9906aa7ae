"""The drawings of the documentation are those of ``scripts/drawings.py``."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_script_draws_what_the_pages_show(tmp_path, monkeypatch):
    """Words as outlines, for readers have other fonts; each stands beside its outlines as a remark."""
    main = runpy.run_path(str(ROOT / "scripts" / "drawings.py"))["main"]
    monkeypatch.setitem(main.__globals__, "FOLDER", tmp_path)
    main()
    shown = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "images").glob("*.svg")}
    drawn = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert len(drawn) == 3
    words = re.compile("<!-- (.+) -->")
    assert {name: words.findall(svg) for name, svg in drawn.items()} == {
        name: words.findall(svg) for name, svg in shown.items()
    }
    for svg in drawn.values():
        assert "<text" not in svg
        assert len(words.findall(svg)) > 4
