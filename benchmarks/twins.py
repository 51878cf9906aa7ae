"""Does the paper's claim get stronger or weaker as the fine-tune gets gentler? Shipped pairs, and their gentler twins.

    python benchmarks/twins.py --images datasets > docs/results/twins.json

A twin is a target trained from the same baseline on the same images at the paper's rate, by
``configs/train/cpu/PAIR-gentle-target.yaml``. Of every pair: how far training moved the weights, what it gained, and
what giving the filters back does that methods find on Set14, measured on the middles of photos of BSD100. What is
learned, and the knob by it, `knob.py` measures on the same images.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch
from knob import middles

import faig
from faig.attribution.options import Options
from faig.common.statistics import estimate_mean
from faig.experiment.training_study.attributed import found_sets, rows_given_back
from faig.imaging.cases import Case
from faig.intervention.measure import measure_reference
from faig.zoo.record import relative_change

PAIRS = ("srcnn-style-x2", "srresnet-x2")
TWIN = "{pair}-gentle-target/network.safetensors"  # in the folder of trainings
DEGRADE = {"blur": 2.0, "noise": 0.1}
METHOD_NAMES = ("faig", "signed", "random")
PROPORTIONS = (0.01, 0.05)
FOUND_ON, MEASURED_ON = slice(14), slice(20, 36)  # knob.py's, of which no choice was made on the last
SIDE = 48  # LR pixels
SEED = 1


def of_pair(pair: faig.Pair, found_on: list[Case], measured_on: list[Case], threads: int) -> dict[str, Any]:
    """What is measured of one pair; JSON-able."""
    reference = measure_reference(pair.target, pair.baseline, pair.scale, measured_on)
    options = Options(seed=SEED, threads=threads)
    rows = [
        {"method": method, "function": kind, "proportion": proportion} | row
        for method, proportion, chosen, trust in found_sets(pair, found_on, METHOD_NAMES, PROPORTIONS, options)
        for kind, row in rows_given_back(pair, reference, chosen, trust, SEED).items()
    ]
    gains = {
        kind: estimate_mean(target - baseline, photos=reference.photos, seed=SEED).columns("gain")
        for kind, (target, baseline) in reference.psnr.items()
    }
    return {"change": relative_change(pair.target, pair.baseline), "gains": gains, "given_back": rows}


def main() -> None:
    """Print what was measured, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True, help="the folder of Set14 and BSD100")
    parser.add_argument("--trained", type=Path, default=Path("runs/train"), help="the folder of the twins' trainings")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    measured = {}
    for name in PAIRS:
        targets = {name: f"{name}/target", f"{name}-gentle": str(options.trained / TWIN.format(pair=name))}
        for twin, target in targets.items():
            pair = faig.Pair(target=target, baseline=f"{name}/baseline")
            found_on = middles(options.images / "Set14", FOUND_ON, DEGRADE, "bilinear", SIDE, pair)
            measured_on = middles(options.images / "BSD100", MEASURED_ON, DEGRADE, "bilinear", SIDE, pair)
            measured[twin] = of_pair(pair, found_on, measured_on, options.threads)
            print(twin, measured[twin]["change"], file=sys.stderr)
    json.dump(measured, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
