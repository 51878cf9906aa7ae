"""Draw docs/images/growth.png from what ``benchmarks/attribution.py --full --json numbers.json`` measured.

python scripts/growth.py numbers.json
"""

import json
from pathlib import Path
from typing import Annotated

import typer
from matplotlib.figure import Figure

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "growth.png"
PREFIX = "growth, "


def main(numbers: Annotated[Path, typer.Argument(help="What the benchmark wrote.")], out: Path = PICTURE) -> None:
    """Time and memory against images, pixels and filters."""
    measured = json.loads(numbers.read_text(encoding="utf-8"))
    series = {key.removeprefix(PREFIX): points for key, points in measured.items() if key.startswith(PREFIX)}
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots(2, len(series))
    for column, (name, points) in enumerate(series.items()):
        for row, (key, label) in enumerate((("seconds", "seconds"), ("peak_rss_gb", "peak memory, GB"))):
            axes[row, column].plot([float(at) for at in points], [point[key] for point in points.values()], "o-")
            axes[row, column].set(xlabel=name, ylabel=label, xlim=(0, None), ylim=(0, None))
    figure.savefig(out, dpi=110)
    print(out)


if __name__ == "__main__":
    typer.run(main)
