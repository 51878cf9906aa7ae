"""Write ``docs/results/knob.md`` from what ``benchmarks/knob.py --json`` measured, ``docs/results/knob-*.json``.

python scripts/knob_page.py
"""

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "docs" / "results"
PAGE = RESULTS / "knob.md"
PAIRS = {
    "realesr-general": "Real-ESRGAN's `realesr-general-x4v3` against its `wdn` sibling (not shipped)",
    "srresnet": "`srresnet-x2`",
    "srcnn-style": "`srcnn-style-x2`",
}
HEAD = """# The knob, measured

Made by `scripts/knob_page.py` from `knob-*.json` in this folder, which `benchmarks/knob.py --json` wrote. What turns a
function is found on Set14 and measured on photos of BSD100 that no choice was made on (`--skip 20`). *Images* and
*weights* are the two ways to turn what was found ([Method](../method.md#the-knob-ours)); DNI mixes all weights, blend
averages both networks' images.

"""


def number(value: float | None, digits: int = 3) -> str:
    """A number as the page shows it."""
    return "not reached" if value is None else f"{value:.{digits}f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def others_of(row: dict[str, Any]) -> list[str]:
    """The inputs of a row that the function is not for."""
    return sorted(name.removeprefix("leak_map_") for name in row if name.startswith("leak_map_"))


def off_table(function: str, curves: dict[str, Any]) -> str:
    """What switching off does: how far, and what it costs each other input."""
    rows = [
        [
            name,
            *(number(curves[key][0][f"off_{measure}_{function}"]) for measure in ("map", "pixels")),
            other,
            *(number(curves[key][0][f"leak_{measure}_{other}"]) for measure in ("map", "pixels")),
            number(curves[key][0][f"psnr_{other}"] - curves[key][-1][f"psnr_{other}"], 2),
            number(curves[key][0][f"psnr_worst_{other}"], 2),
        ]
        for name, key in (("found", "images"), ("DNI", "DNI"))
        for other in others_of(curves[key][0])
    ]
    head = ["off", "in maps", "in pixels", "input", "leak in maps", "in pixels", "PSNR, dB", "worst image, dB"]
    return table(head, rows)


def psnr_table(function: str, curves: dict[str, Any]) -> str:
    """PSNR on the function's own images, along each knob."""
    positions = [row["position"] for row in curves["images"]][::2]
    rows = [
        [name, *(number(row[f"psnr_{function}"], 2) for row in curves[name][::2])]
        for name in ("images", "weights", "DNI", "blend")
    ]
    return table(["PSNR at strength", *(f"{position:g}" for position in positions)], rows)


def ratio_table(ratios: dict[str, dict[str, float | None]]) -> str:
    """Leaks as shares of DNI's, where as much is off."""
    names = ["images", "weights", "blend"]
    rows = [[where, *(number(ratios[name][where], 2) for name in names)] for where in ratios["images"]]
    return table(["leak / DNI's", *names], rows)


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for key, name in PAIRS.items():
        file = RESULTS / f"knob-{key}.json"
        measured = json.loads(file.read_text(encoding="utf-8"))
        parts.append(
            f"## {name}\n\nMethod `{measured['method']}`: {measured['passes']} passes for {len(measured['functions'])} "
            f"function{'s' * (len(measured['functions']) > 1)}; found on {measured['found_on']} images, measured on "
            f"{len(measured['measured_on'])}.\n"
        )
        for function, of_function in measured["functions"].items():
            curves, knobs = of_function["curves"], of_function["knobs"]
            parts.append(f"### {function}\n\n{off_table(function, curves)}\n{psnr_table(function, curves)}")
            parts.append(
                table(
                    ["knob", "most under the better control, dB", "falls by, dB", "wrecked at"],
                    [
                        [
                            knob,
                            *(number(knobs[knob][name], 2) for name in ("short_of_controls", "falls")),
                            f"{len(knobs[knob]['wrecked'])} positions",
                        ]
                        for knob in ("images", "weights", "DNI", "blend")
                    ],
                )
            )
            parts.append(ratio_table(of_function["leak_ratio"]))
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
