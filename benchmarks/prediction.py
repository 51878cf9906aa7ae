"""What `faig predict` says of photos that nothing was done to, and of images at the scale that pairs were trained for.

Untouched photos are those of Set5 and Set14 and the first of BSD100, as they are; none of them is among those that the
shipped predictors learned from (BSD400), though filters were found on Set14. At the training scale the same photos are
made small, and clean, blurred or noisy; of each the middle is taken, four crops. An answer of *unknown* is not right.
The same is asked where these images were saved as JPEG, of which the shipped predictors know nothing.

    python benchmarks/prediction.py ../shared/data > docs/results/prediction-untouched.json

Ten minutes a pair on one core.
"""

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from faig.analysis.discriminant import UNKNOWN
from faig.analysis.evaluation import accuracy, guesses
from faig.analysis.prediction import SIDE, Prediction, Predictor
from faig.common.progress import progress_bar
from faig.common.statistics import estimate_share
from faig.experiment.config import ImagesConfig
from faig.imaging.cases import CLEAN, degrade_case, middle_of
from faig.imaging.images import Image, list_images, mod_crop, read_image
from faig.imaging.metrics import in_channels
from faig.imaging.steps import Jpeg
from faig.networks.inference import scale_of
from faig.zoo.predictor import load_predictor

SETS = {"Set5": 5, "Set14": 14, "BSD100": 41}
DEGRADE = {"blur": 2.0, "noise": 0.1}
SURE = 0.8
QUALITY = 90  # of JPEG


def sure_of_damage(found: Prediction) -> bool:
    """Whether a photo is called degraded, and that with more than 0.8."""
    return found.label not in (CLEAN, UNKNOWN) and found.probabilities[found.label] > SURE


def of_untouched(predictor: Predictor, photos: dict[str, Image]) -> dict[str, Any]:
    """What is said of photos as they are."""
    found = {name: predictor.predict(photo) for name, photo in progress_bar(photos.items(), "untouched", len(photos))}
    named = [each.probabilities[each.label] for each in found.values() if each.label not in (CLEAN, UNKNOWN)]
    sets = {name: Counter(each.label for key, each in found.items() if key.startswith(f"{name}/")) for name in SETS}
    return {
        "photos": len(found),
        "answers": Counter(each.label for each in found.values()),
        "answers_by_set": sets,
        f"called_degraded_above_{SURE}": sum(map(sure_of_damage, found.values())),
        "highest_probability_of_a_named_degradation": max(named, default=0.0),
        "by_photo": {
            name: {"responses": each.responses, "answer": each.label, "typicality": each.typicality}
            | {"probabilities": each.probabilities}
            for name, each in found.items()
        },
    }


def at_training_scale(
    predictor: Predictor, photos: dict[str, Image], data: Path, jpeg: int | None = None
) -> dict[str, Any]:
    """How often clean, blurred and noisy images are told apart; saved as JPEG of a quality, where that is given."""
    scale, versions = scale_of(predictor.target), ImagesConfig(gt=data, degrade=DEGRADE).degradations()
    whole = [degrade_case(name, mod_crop(photo, scale), versions, scale) for name, photo in photos.items()]
    cases = [middle_of(case, 2 * SIDE, scale) for case in whole]
    if jpeg is not None:
        saved = Jpeg(jpeg)
        cases = [replace(case, lr={kind: saved(lr[None])[0] for kind, lr in case.lr.items()}) for case in cases]
    guessed = guesses(predictor.predict, cases, progress_bar)
    told = {}
    for kind, rows in guessed.groupby("true_class", sort=False):
        right = (rows[list(versions)].idxmax(axis=1) == kind) & (rows["prediction"] != UNKNOWN)
        told[kind] = {"answers": Counter(rows["prediction"])} | {
            "named": estimate_share(rows["prediction"] == kind).columns("share"),
            "right_of_three": estimate_share(right).columns("share"),
        }
    return told | {"all": accuracy(guessed, list(versions)).columns("share")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with the folders of GT images")
    parser.add_argument("--pairs", nargs="+", default=["srresnet-x2", "srcnn-style-x2"])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    photos = {
        f"{name}/{key}": in_channels(read_image(path), 3)
        for name, count in SETS.items()
        for key, path in list(list_images(options.data / name).items())[:count]
    }
    result = {}
    for pair in options.pairs:
        predictor = load_predictor(pair)
        result[pair] = {
            "untouched": of_untouched(predictor, photos),
            "training_scale": at_training_scale(predictor, photos, options.data),
            f"training_scale_jpeg_{QUALITY}": at_training_scale(predictor, photos, options.data, QUALITY),
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
