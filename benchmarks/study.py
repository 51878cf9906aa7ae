"""A pair, crops of images, and the engine run on them; how two rankings are compared."""

import re
import statistics
from pathlib import Path
from typing import Any

from faig import zoo
from faig.attribution.files.score_files import load_scores
from faig.attribution.integration.quadrature import Quadrature, gauss_legendre
from faig.attribution.options import TOP
from faig.attribution.raw_scores import RawScores
from faig.common.settings import count_of
from faig.experiment.attribute import attribute_run
from faig.experiment.config import AttributeConfig, ImagesConfig
from faig.filters import FilterSpace, Scores
from faig.imaging.cases import degrade_case
from faig.imaging.degradation import paper_preset
from faig.imaging.images import Image, list_images, read_image, write_image
from faig.imaging.photos import busiest, photograph

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
KINDS = ("blur", "noise")


class Study:
    """Networks and images, in memory and as the engine's commands want them."""

    def __init__(
        self, pair: str, gt: dict[str, Image], folder: Path, device: str, precision: str, threads: int
    ) -> None:
        self.pair, self.folder, self.device, self.precision, self.threads = pair, folder, device, precision, threads
        self.target, self.baseline = (zoo.load(f"{pair}/{name}").to(device) for name in ("target", "baseline"))
        self.space = FilterSpace.of(self.target)
        preset = {kind: made for kind, made in paper_preset().items() if kind in KINDS}
        self.cases = [degrade_case(name, image, preset, 2) for name, image in sorted(gt.items())]
        for case in self.cases:
            for kind, image in {"gt": case.gt, **case.lr}.items():
                (folder / kind).mkdir(exist_ok=True)
                write_image(folder / kind / f"{case.name}.png", image)

    def config(self, threads: int = 0, **changes: Any) -> AttributeConfig:
        """``faig attribute`` on these images, by default as it is by default."""
        return AttributeConfig(
            baseline=f"{self.pair}/baseline",
            target=f"{self.pair}/target",
            images=ImagesConfig(gt=self.folder / "gt", lr={kind: self.folder / kind for kind in KINDS}),
            device=self.device,
            precision=self.precision,
            threads=threads or self.threads,
            **changes,
        )

    def run(self, name: str, **changes: Any) -> tuple[RawScores, float]:
        """A run of the engine: what it found, and the seconds that its units took."""
        out = attribute_run(self.config(**changes), self.folder / name, force=True)
        return load_scores(out / "scores.safetensors")[0], seconds_of(out)


def converged(panels: int = 6) -> Quadrature:
    """What others are held against: twelve Gauss-Legendre nodes in each of several panels."""
    inner = gauss_legendre(12)
    return Quadrature(
        "panels",
        tuple((panel + node) / panels for panel in range(panels) for node in inner.nodes),
        tuple(weight / panels for _ in range(panels) for weight in inner.weights),
    )


def relative(found: Scores, truth: Scores) -> float:
    """Norm of the error / norm of the truth."""
    return float((found - truth).norm() / truth.norm())


def overlap(found: Scores, truth: Scores) -> float:
    """Share of the true top 1% that is found, the mean of both functions: one's ranking is the other's turned round."""
    size = count_of(TOP, len(truth))

    def top(scores: Scores) -> set[int]:
        return set(scores.topk(size).indices.tolist())

    return statistics.mean(len(top(sign * found) & top(sign * truth)) / size for sign in (1, -1))


def take(images: Path | None, count: int, side: int) -> dict[str, Image]:
    """So many crops, the busiest of each image in turn."""
    whole = {path.stem: read_image(path) for path in list_images(images).values()} if images else {}
    whole = whole or {name: photograph(name) for name in PHOTOS}
    each = -(-count // len(whole))
    found: dict[str, Image] = {}
    for name, image in whole.items():
        found |= {f"{name}_{y}_{x}": crop for (y, x), crop in busiest(image, side, each, every=4).items()}
    return dict(list(found.items())[:count])


def seconds_of(run: Path) -> float:
    """What a run's log says that its units took."""
    return float(re.findall(r"jobs of this process in ([\d.]+) s", (run / "log.txt").read_text())[-1])
