"""Numbers in the documentation are those of the tables that are kept beside it."""

import json
from pathlib import Path

import pandas as pd

from faig.report.figures.teaser import teaser_caption
from faig.results.reader import Shot

DOCS = Path(__file__).parents[1] / "docs"


def test_what_is_said_of_learned_strengths_is_what_was_measured():
    table = json.loads((DOCS / "results" / "knob-realesr-general.json").read_text(encoding="utf-8"))
    text = " ".join((DOCS / "method.md").read_text(encoding="utf-8").split())
    in_map, in_pixels = (table["leak_ratio"][f"{measure} clean off 0.5"] for measure in ("map", "pixels"))
    assert f"is {in_map:.2f} of DNI's in gradient maps and {in_pixels:.2f} in pixels" in text
    most = max(row["off_map"] for row in table["curves"]["strengths"])
    assert f"no more than {most:.2f} off" in text
    assert table["leak_ratio"]["map clean off 0.9"] is None

    def leak(knob: str) -> float:
        rows = table["curves"][knob]
        return min(row["leak_map_clean"] for row in rows if row["off_map"] >= 0.5)

    assert leak("blend") < leak("strengths") < leak("DNI")


def test_what_is_said_of_the_first_picture_is_what_was_measured():
    rows = pd.read_csv(DOCS / "images" / "teaser.csv", keep_default_na=False)
    shots = [
        Shot(row["input"], row["shown"], row["function"], DOCS / row["file"], float(row["psnr"] or "nan"))
        for _, row in rows.iterrows()
    ]
    text = " ".join((DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    assert teaser_caption(shots) in text
