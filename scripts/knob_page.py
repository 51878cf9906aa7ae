"""Write ``docs/results/knob.md`` from what ``benchmarks/knob.py --json`` measured, ``docs/results/knob-*.json``.

python scripts/knob_page.py
"""

import json
from pathlib import Path
from typing import Any

from faig.imaging.colours import INK, colours_of
from faig.report.figures.chart import Chart, Series
from faig.report.figures.drawing import Drawing

RESULTS = Path(__file__).parents[1] / "docs" / "results"
PAGE = RESULTS / "knob.md"
PAIRS = {
    "realesr-general": "Real-ESRGAN's `realesr-general-x4v3` against its `wdn` sibling (not shipped)",
    "srresnet": "`srresnet-x2`",
    "srcnn-style": "`srcnn-style-x2`",
    "wild": "`srresnet-x2-wild`",
    "wild-small": "`srresnet-x2-wild-small`",
    "srresnet-gentle": "the gentler twin of `srresnet-x2` (not shipped)",
    "srcnn-style-gentle": "the gentler twin of `srcnn-style-x2` (not shipped)",
}
HEAD = """# The knob, measured

![PSNR of noisy images at each strength of denoising, by four knobs](knob.png)

- **Asked.** Can a function be turned half down, without harm to anything else? On {networks} pairs and {functions}
  functions; what turns a function is found on Set14, and measured on photos of BSD100 that no choice was made on.
- **Found.** Turned by output images, PSNR on the function's own images is at no strength more than {short} dB under the
  better of the two knobs that everyone has, falls nowhere by more than {falls} dB on its way to the network, and no
  network is wrecked. Turned by weights it is up to {weights:.2f} dB under. On other inputs those two can be better, by
  up to {elsewhere}: they turn everything, and so take back what the network itself loses there.
- **Cost.** {passes}.

*Images* and *weights* are the two ways to turn what was found ([Method](../method.md#the-knob-ours)); DNI mixes all
weights, blend averages both networks' images. Intervals, in brackets, are 95%, over photos. Made by
`scripts/knob_page.py` from `knob-*.json` in this folder, which `benchmarks/knob.py --skip 20 --json` wrote.
"""
PICTURE = RESULTS / "knob.png"
SHOWN = ("srresnet", "noise")  # pair and function of the picture
KNOBS = ("images", "weights", "DNI", "blend")


def number(value: float | None, digits: int = 3) -> str:
    """A number as the page shows it."""
    return "not reached" if value is None else f"{value:.{digits}f}"


def interval(values: dict[str, float], name: str, digits: int = 2) -> str:
    """A number with its interval."""
    low, high = (values[f"{name}_{end}"] for end in ("low", "high"))
    return f"{values[name]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


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


def folded(title: str, text: str) -> str:
    """A table that is shown when it is asked for."""
    return f'<details markdown="1">\n<summary>{title}</summary>\n\n{text}\n</details>\n'


def knob_table(knobs: dict[str, Any]) -> str:
    """How each knob does along its way, on the function's own images."""
    rows = [
        [
            knob,
            *(interval(knobs[knob], name) for name in ("short_of_controls", "falls")),
            f"{len(knobs[knob]['wrecked'])} positions",
        ]
        for knob in KNOBS
    ]
    return table(["knob", "most under the better control, dB", "falls by, dB", "wrecked at"], rows)


def read() -> dict[str, dict[str, Any]]:
    """What was measured, by pair."""
    return {key: json.loads((RESULTS / f"knob-{key}.json").read_text(encoding="utf-8")) for key in PAIRS}


def elsewhere(curves: dict[str, Any]) -> tuple[float, str, float]:
    """Where the better control is furthest ahead on another input: by how much, which, and what it has over the target.

    Returns:
        dB over the knob by images, the input, dB over the target.
    """
    gaps = []
    for kind in others_of(curves["images"][0]):
        psnr = {knob: [row[f"psnr_{kind}"] for row in curves[knob]] for knob in ("images", "DNI", "blend")}
        for own, *controls in zip(*psnr.values(), strict=True):
            gaps.append((max(controls) - own, kind, max(controls) - psnr["images"][-1]))
    return max(gaps)


def head(measured: dict[str, dict[str, Any]]) -> str:
    """What was asked, what came out, and what it cost."""
    every = [function["knobs"] for pair in measured.values() for function in pair["functions"].values()]
    assert not any(knobs["images"]["wrecked"] for knobs in every)
    passes = [
        f"{pair['passes']} passes for {len(pair['functions'])} function{'s' * (len(pair['functions']) > 1)} of {name}"
        for pair, name in zip(measured.values(), PAIRS.values(), strict=True)
    ]
    ahead, kind, of_target = max(
        elsewhere(function["curves"]) for pair in measured.values() for function in pair["functions"].values()
    )
    assert of_target > 0.8 * ahead  # as the page says: it is the target that loses there
    images = [knobs["images"] for knobs in every]
    return HEAD.format(
        networks=len(measured),
        functions=len(every),
        short=interval(max(images, key=lambda knob: knob["short_of_controls"]), "short_of_controls"),
        falls=interval(max(images, key=lambda knob: knob["falls"]), "falls"),
        weights=max(knobs["weights"]["short_of_controls"] for knobs in every),
        elsewhere=f"{ahead:.2f} dB (on {kind} images)",
        passes="; ".join(passes),
    )


def command(options: dict[str, Any]) -> str:
    """What measured a pair again, with folders by their names."""
    words = ["python benchmarks/knob.py"]
    for name, value in options.items():
        if isinstance(value, dict):
            value = ",".join(f"{key}={level}" for key, level in value.items())
        if value:
            words += [f"--{name}", *map(str, [] if value is True else value if isinstance(value, list) else [value])]
    return " ".join(words)


def page() -> str:
    """The whole page."""
    measured = read()
    parts = [head(measured)]
    for key, name in PAIRS.items():
        found = measured[key]
        parts.append(
            f"## {name[0].upper()}{name[1:]}\n\nMethod `{found['method']}`: {found['passes']} passes for "
            f"{len(found['functions'])} function{'s' * (len(found['functions']) > 1)}; found on {found['found_on']}, "
            f"measured on {len(found['measured_on'])} photos.\n"
        )
        parts.append(f"Measured by `{command(found['options'])} --json`.\n")
        for function, of_function in found["functions"].items():
            curves = of_function["curves"]
            ahead, kind, _ = elsewhere(curves)
            parts.append(
                f"### {function}\n\n"
                f"Off to {interval(of_function['off'], 'switched_off', 3)} at a leak of "
                f"{interval(of_function['off'], 'leak', 3)} in gradient maps. On other inputs the better control is "
                f"ahead of *images* by at most {max(0.0, ahead):.2f} dB{f' (on {kind} images)' * (ahead > 0)}.\n\n"
                f"{knob_table(of_function['knobs'])}"
            )
            parts.append(folded("Switched off: how far, and what it costs", off_table(function, curves)))
            parts.append(folded("PSNR at each strength", psnr_table(function, curves)))
            parts.append(folded("What leaks, held against DNI", ratio_table(of_function["leak_ratio"])))
    return "\n".join(parts)


def picture() -> Chart:
    """PSNR on the function's own images, along each knob."""
    pair, function = SHOWN
    curves = read()[pair]["functions"][function]["curves"]
    series = [
        Series(
            knob,
            [row["position"] for row in curves[knob]],
            [row[f"psnr_{function}"] for row in curves[knob]],
            colour=colours_of(["blur", function])[function] if knob == "images" else INK,
            look=place,
            heavy=knob == "images",
        )
        for place, knob in enumerate(KNOBS)
    ]
    return Chart(PICTURE.stem, f"{PAIRS[pair].strip('`')}: denoising turned", "strength", "PSNR, dB", series)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    Drawing.of(picture()).save(RESULTS, ["png"])
