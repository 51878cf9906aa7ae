"""Numbers in the documentation are those of the tables that are kept beside it."""

import json
import runpy
from pathlib import Path

import pandas as pd

from faig.report.figures.teaser import teaser_caption
from faig.results.reader import Shot

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_of_the_knob_is_made_of_what_was_measured():
    script = DOCS.parent / "scripts" / "knob_page.py"
    page = runpy.run_path(str(script))["page"]
    assert (DOCS / "results" / "knob.md").read_text(encoding="utf-8") == page()


def test_what_is_said_of_the_knob_is_what_was_measured():
    text = " ".join((DOCS / "method.md").read_text(encoding="utf-8").split())
    measured = {
        name: json.loads((DOCS / "results" / f"knob-{name}.json").read_text(encoding="utf-8"))
        for name in ("realesr-general", "srresnet", "srcnn-style")
    }
    public = measured["realesr-general"]["functions"]["noise"]
    shares = public["leak_ratio"]["images"]
    half, most = (
        [shares[f"{measure}, noise {off} off, on clean"] for measure in ("map", "pixels")] for off in (0.5, 0.9)
    )
    assert f"at half of denoising off {half[0]:.2f} of DNI's in gradient maps and {half[1]:.2f} in pixels" in text
    assert f"at nine tenths {most[0]:.2f} and {most[1]:.2f}" in text
    assert f"switches denoising off to {public['curves']['images'][0]['off_map_noise']:.2f}" in text
    for name in ("srresnet", "srcnn-style"):
        for function, found in measured[name]["functions"].items():
            off = found["curves"]["images"][0]
            others = [key.removeprefix("leak_map_") for key in off if key.startswith("leak_map_")]
            leak = max(off[f"leak_map_{other}"] for other in others)
            lost = min(off[f"psnr_{other}"] - found["curves"]["images"][-1][f"psnr_{other}"] for other in others)
            line = f"| `{name}-x2` | {function} | {off[f'off_map_{function}']:.3f} | {leak:.3f} | {lost:+.2f} dB |"
            assert line.replace("-0", "−0") in text.replace("-0", "−0"), line
    every = [found for pair in measured.values() for found in pair["functions"].values()]
    knobs = [found["knobs"]["images"] for found in every]
    assert all(not knob["wrecked"] for knob in knobs)
    assert max(knob["falls"] for knob in knobs) <= 0.05
    worst = max(knob["short_of_controls"] for knob in knobs)
    assert f"at no strength more than {max(worst, 0):.2f} dB under the better of DNI and blend" in text


def test_what_is_said_of_the_first_picture_is_what_was_measured():
    rows = pd.read_csv(DOCS / "images" / "teaser.csv", keep_default_na=False)
    shots = [
        Shot(row["input"], row["shown"], row["function"], DOCS / row["file"], float(row["psnr"] or "nan"))
        for _, row in rows.iterrows()
    ]
    text = " ".join((DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    assert teaser_caption(shots) in text
