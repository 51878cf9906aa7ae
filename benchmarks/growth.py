"""Time and memory against images, pixels and filters: numbers, and a picture."""

from pathlib import Path
from typing import Any

from alone import alone

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "growth.png"
SIDE = 256


def growth(pair: str, threads: int) -> dict[str, Any]:
    """Measure, draw, and return the numbers."""
    import matplotlib.pyplot as plt

    series = {
        "images of 256x256": {count: alone(pair, threads, SIDE, SIDE, count) for count in (1, 4, 16)},
        "GT megapixels": {side * side / 1e6: alone(pair, threads, side, side) for side in (128, 256, 512, 1024)},
        "thousand filters": {
            one["filters"] / 1e3: one
            for one in (alone(pair, threads, SIDE, SIDE, 1, features) for features in (16, 32, 48, 64))
        },
    }
    figure, axes = plt.subplots(2, len(series), figsize=(9, 5), layout="constrained")
    for column, (name, points) in enumerate(series.items()):
        for row, (key, label) in enumerate((("seconds", "seconds"), ("peak_rss_gb", "peak memory, GB"))):
            axes[row, column].plot(list(points), [point[key] for point in points.values()], "o-")
            axes[row, column].set(xlabel=name, ylabel=label, xlim=(0, None), ylim=(0, None))
    figure.savefig(PICTURE, dpi=110)
    return {f"growth, {name}": {str(at): point for at, point in points.items()} for name, points in series.items()}
