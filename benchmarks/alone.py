"""One attribution in a process of its own: its seconds and its peak memory, as JSON."""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
import typer
from torch.nn import functional

from faig import zoo
from faig.attribution.integration.accumulate import ComputeOptions, samples_of
from faig.attribution.integration.integral import along_path
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import graded
from faig.attribution.integration.tiling import GradientTiler
from faig.common.process import return_memory
from faig.experiment.config import AttributeConfig
from faig.filters import FilterSpace
from faig.imaging.cases import degrade_case
from faig.imaging.degradation import paper_preset
from faig.imaging.photos import photograph
from faig.networks.architectures import build


def alone(pair: str, threads: int, width: int, height: int, count: int = 1, features: int = 0) -> dict[str, Any]:
    """Run this file; see `main`."""
    numbers = [str(number) for number in (threads, width, height, count, features)]
    done = subprocess.run([sys.executable, __file__, pair, *numbers], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main(pair: str, threads: int, width: int, height: int, count: int, features: int) -> None:
    """Attribute so many blurry images of a GT size by one node, with the default memory.

    ``features`` other than 0: two networks as they are built, SRResNet with so many features, in place of the pair.
    """
    return_memory()
    torch.set_num_threads(threads)
    if features:
        target, baseline = (build("srresnet", scale=2, features=features) for _ in range(2))
    else:
        target, baseline = (zoo.load(f"{pair}/{name}") for name in ("target", "baseline"))
    gt = functional.interpolate(photograph("astronaut")[None], (height, width), mode="bicubic")[0].clamp(0, 1)
    case = degrade_case("photo", gt, {"blur": paper_preset()["blur"]}, 2)
    path, space = WeightPath(target, baseline), FilterSpace.of(target)
    tiler = GradientTiler(path.network, 2, AttributeConfig.model_fields["memory"].default)
    start = time.perf_counter()
    grid = tiler.grid(height // 2, width // 2)
    contributions = []  # kept, as an attribution keeps them
    for _ in range(count):
        contributions += along_path(path, space, graded(1), samples_of(case), ComputeOptions(grid))
    seconds = time.perf_counter() - start
    measured = {
        "seconds": seconds,
        "seconds_per_pixel": seconds / (count * width * height),
        "peak_rss_gb": peak_rss() / 1e9,
        "tiles": len(grid),
        "filters": len(space),
    }
    print(json.dumps(measured))


def growth(pair: str, threads: int, side: int = 256) -> dict[str, Any]:
    """Time and memory against images, pixels and filters; ``scripts/growth.py`` draws them."""
    series = {
        f"images of {side}x{side}": {count: alone(pair, threads, side, side, count) for count in (1, 4, 16)},
        "GT megapixels": {width**2 / 1e6: alone(pair, threads, width, width) for width in (128, 256, 512, 1024)},
        "thousand filters": {
            numbers["filters"] / 1e3: numbers
            for numbers in (alone(pair, threads, side, side, 1, features) for features in (16, 32, 48, 64))
        },
    }
    return {f"growth, {name}": points for name, points in series.items()}


def peak_rss() -> int:
    """Of this process, in bytes. Linux's ``ru_maxrss`` begins with that of the process which started this one."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


if __name__ == "__main__":
    typer.run(main)
