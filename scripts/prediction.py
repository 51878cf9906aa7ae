"""Degradation prediction, measured: found filters against random ones and against plain image statistics.

    python scripts/prediction.py srresnet-x2 ../shared/data

Writes what the predictor learned beside the pair (``predictor.json``) and prints tables in Markdown.
"""

from pathlib import Path
from typing import Annotated

import typer

from faig import zoo
from faig.analysis.evaluation import (
    FOUND,
    accuracy,
    confusion,
    correlations,
    guesses,
    predictors,
    responses,
    tasks_of,
)
from faig.analysis.prediction import SIDE
from faig.common.progress import progress_bar
from faig.experiment.config import ImagesConfig
from faig.experiment.prediction_tables import classes_of
from faig.imaging.cases import Case, degrade_case, middle_of
from faig.imaging.degradation import Degradation
from faig.imaging.images import list_images, mod_crop, read_image
from faig.networks.inference import scale_of
from faig.zoo.predictor import filters_of, save_predictor

DEGRADE = {"blur": 2.0, "noise": 0.1}
LEVELS = {"blur": (0.5, 1.0, 1.5, 2.0, 3.0, 4.0), "noise": (0.01, 0.02, 0.05, 0.1, 0.2)}


def cases_of(folder: Path, degradations: dict[str, Degradation], scale: int, limit: int) -> list[Case]:
    """Whole images."""
    return [
        degrade_case(name, mod_crop(read_image(path), scale), degradations, scale)
        for name, path in list(list_images(folder).items())[:limit]
    ]


def main(
    pair: Annotated[str, typer.Argument(help="e.g. srresnet-x2")],
    data: Annotated[Path, typer.Argument(help="Folder with the folders of GT images.")],
    learn: Annotated[str, typer.Option(help="Images to learn from.")] = "Set14",
    test: Annotated[str, typer.Option(help="Images to predict: 48x48 LR of each.")] = "BSD100",
    limit: Annotated[int, typer.Option(help="So many of them at most.")] = 100,
    seeds: Annotated[int, typer.Option(help="Of random filters.")] = 3,
    top: float = 0.01,
    write: Annotated[bool, typer.Option(help="Keep what was learned beside the pair.")] = True,
) -> None:
    """Learn, predict, print."""
    target, baseline = zoo.load_pair(f"{pair}/target", f"{pair}/baseline")
    scale = scale_of(target)
    classes = classes_of(ImagesConfig(gt=data, degrade=DEGRADE))
    known = cases_of(data / learn, classes, scale, limit)
    tested = [middle_of(case, SIDE, scale) for case in cases_of(data / test, classes, scale, limit)]
    filters = filters_of(pair, target, list(DEGRADE), top)
    found, guessers = predictors(target, baseline, filters, known, seeds, progress_bar)
    tasks = tasks_of(list(classes))
    print(f"| {test}, {len(tested)} images, 48x48 LR | " + " | ".join(", ".join(task) for task in tasks) + " |")
    print("|---|" + "---|" * len(tasks))
    for name, guess in guessers.items():
        guessed = guesses(guess, tested, progress_bar)
        print(f"| {name} | " + " | ".join(str(accuracy(guessed, task)) for task in tasks) + " |", flush=True)
        if name == FOUND:
            matrix = confusion(guessed, list(classes))
    print("\n| is \\ taken for | " + " | ".join(matrix.columns) + " |\n|---|" + "---|" * len(matrix.columns))
    for kind, row in matrix.iterrows():
        print(f"| {kind} | " + " | ".join(str(count) for count in row) + " |")
    print("\n| response of the filters for | rank correlation with the level, mean over images (levels) |\n|---|---|")
    for kind, levels in LEVELS.items():
        versions = {f"{level:g}": ImagesConfig(gt=data, degrade={kind: level}).together([kind]) for level in levels}
        cases = [middle_of(case, SIDE, scale) for case in cases_of(data / test, versions, scale, limit)]
        told = correlations(responses(found, kind, cases, progress_bar))
        print(f"| {kind} | {told[kind]} ({', '.join(versions)}) |")
    if write:
        print(save_predictor(pair, found, baseline, top, f"{len(known)} images of {learn}"))


if __name__ == "__main__":
    typer.run(main)
