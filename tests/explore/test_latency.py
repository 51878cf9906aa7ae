"""How soon the server answers is what was measured."""

import json
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_what_is_said_of_answers_is_what_was_measured():
    measured = json.loads((DOCS / "results" / "explore.json").read_text(encoding="utf-8"))["server"]
    text = " ".join((DOCS / "explore.md").read_text(encoding="utf-8").split())
    turn, ratio = measured["turn"], measured["ratio"]
    costs = [f"{turn['images']['cpu']:.2f} s of one core by output images", f"{turn['set']['cpu']:.2f} s by weights"]
    passes = f"{ratio['images']:.1f} and {ratio['set']:.1f} passes of the network"
    assert f"A strength turned on the preview of `{measured['pair']}`" in text
    assert f"costs {' and '.join(costs)}: {passes} over the preview" in text
    first, again = (measured[f"numbers_{which}"]["cpu"] for which in ("first", "again"))
    assert f"cost {first:.1f} s the first time, with five random sets, and {again:.1f} s when" in text
    assert f"(medians of {measured['turns']};" in text
    assert measured["threads"] == 1
    for way in ("set", "DNI", "map"):  # one network, mixed and run once
        assert ratio[way] < 1.5, way
    assert ratio["images"] < 0.2
