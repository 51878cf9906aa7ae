"""The time to an answer: which filters do what, by the published procedure and by this package, on the same images.

The published procedure builds a new network at each of 100 left nodes, runs both degradations through it, sums
gradients up in numpy, and does all of that once for each of the two rankings. Both are timed in one run, and judged on
photos that they were not found on: by how much reverting 1% switches each function off, what leaks to other inputs, in
gradient maps and in pixels, and what that costs other inputs in dB.

    python benchmarks/answer.py --measure Set5 --nodes 4 --nodes 12 --json answer.json
"""

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

import faig
from attribution import published
from faig.attribution.methods import METHODS
from faig.attribution.options import TOP
from faig.filters import FilterSet, Scores, rank
from faig.imaging.cases import Case, degrade_case
from faig.imaging.degradation import paper_preset
from faig.imaging.images import list_images, mod_crop, read_image
from study import KINDS, Study, take

NUMBERS = ("switched_off", "leak", "switched_off_pixels", "leak_pixels")


def main(
    measure: Annotated[Path, typer.Option(help="GT images to judge on; others than filters are found on.")],
    pair: Annotated[str, typer.Option(help="Of the zoo.")] = "srresnet-x2",
    images: Annotated[Path | None, typer.Option(help="GT images to find on, in place of the packaged photos.")] = None,
    crops: Annotated[int, typer.Option(help="How many to find on.")] = 16,
    side: Annotated[int, typer.Option(help="LR pixels of a crop.")] = 24,
    judged: Annotated[int, typer.Option(help="How many images to judge on.")] = 12,
    method: Annotated[str, typer.Option(help="Of the package.")] = "faig",
    nodes: Annotated[list[int] | None, typer.Option(help="Of the package's integral. Repeat.")] = None,
    threads: int = 2,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all numbers there.")] = None,
) -> None:
    """Print ratios; with --json write them too."""
    torch.set_num_threads(threads)
    networks = faig.load_pair(pair)
    photos = [read_image(path) for path in list(list_images(measure).values())[:judged]]
    cases = [
        degrade_case(str(place), mod_crop(photo, networks.scale), {"clean": faig.Degradation(), **paper_preset()}, 2)
        for place, photo in enumerate(photos)
    ]
    with tempfile.TemporaryDirectory() as folder:
        study = Study(pair, take(images, crops, 2 * side), Path(folder), "cpu", "float32", threads)
        begun = time.perf_counter()
        of_published = {
            kind: torch.stack([published(study, case, kind) for case in study.cases]).mean(0) for kind in KINDS
        }
        seconds = time.perf_counter() - begun
        rows = [{"procedure": "published", "seconds": seconds, "speedup": 1.0} | answer(networks, of_published, cases)]
        study.run("warm", nodes=3, method=method, check=False)
        for count in nodes or [12]:
            took = []
            for turn in range(3):
                raw, once = study.run(f"{method}{count}-{turn}", nodes=count, method=method, check=False)
                took.append(once)
            scores = {kind: METHODS[method].scores(raw, kind) for kind in KINDS}
            median = statistics.median(took)
            row = {"procedure": f"{method}, {count} nodes", "seconds": median, "speedup": seconds / median}
            rows.append(row | answer(networks, scores, cases))
    for row in rows:
        print({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}, flush=True)
    if json_file:
        setting = {"pair": pair, "crops": crops, "side": side, "judged": len(cases), "threads": threads}
        json_file.write_text(json.dumps(setting | {"rows": rows}, indent=1) + "\n")


def answer(pair: faig.Pair, scores: dict[str, Scores], cases: list[Case]) -> dict[str, Any]:
    """What the first 1% of each ranking does."""
    told: dict[str, Any] = {}
    for kind, of_kind in scores.items():
        frame = pair.measure(pair.revert(FilterSet.top(pair.space, rank(of_kind), TOP)), cases)
        others = frame.drop(index=kind)
        told |= {f"{name}_{kind}": float(frame.loc[kind][name]) for name in NUMBERS}
        told[f"psnr_gain_elsewhere_{kind}"] = float(others["psnr_gain"].min())
        told[f"psnr_gain_worst_elsewhere_{kind}"] = float(others["psnr_gain_worst"].min())
    return told


if __name__ == "__main__":
    typer.run(main)
