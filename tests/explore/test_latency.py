"""How soon the page answers is what was measured."""

import json
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_what_is_said_of_answers_is_what_was_measured():
    measured = json.loads((DOCS / "results" / "explore.json").read_text(encoding="utf-8"))
    text = " ".join((DOCS / "explore.md").read_text(encoding="utf-8").split())
    server, browser = measured["server"], measured["browser"]
    turn = {way: taken["wall"] for way, taken in server["turn"].items()}
    assert f"A strength turned on the preview of `{server['pair']}`" in text
    assert server["threads"] == 2
    assert f"takes {turn['images']:.2f} s on two cores by output images and {turn['set']:.2f} s by weights" in text
    first, again = (server[f"numbers_{which}"]["wall"] for which in ("first", "again"))
    assert f"take {first:.1f} s the first time, with five random sets, and {again:.1f} s when" in text
    shown = browser["first_picture"]["wall"]
    assert f"{browser['strength_on_preview']['wall']:.2f} s a strength, {shown:.1f} s from opening the page" in text
    assert f"{browser['gzipped_bytes'] / 1e6:.1f} MB over the wire" in text


def test_a_turn_costs_one_pass_or_none():
    measured = json.loads((DOCS / "results" / "explore.json").read_text(encoding="utf-8"))["server"]
    for way in ("set", "DNI", "map"):  # one network, mixed and run once
        assert measured["ratio"][way] < 1.5, way
    assert measured["ratio"]["images"] < 0.2
