"""What a pair's predictor goes by, learned from photos and written beside the pair: ``predictor.json``.

    python scripts/prediction.py srresnet-x2 ../shared/data

With ``--measure`` also tables in Markdown: found filters against random ones and plain image statistics, and how
responses rise with a level. How often untouched photos are called degraded measures ``benchmarks/prediction.py``.
"""

from pathlib import Path
from typing import Annotated

import typer
from inputs import inputs_of

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
from faig.attribution.options import TOP
from faig.common.progress import progress_bar
from faig.experiment.prediction_tables import classes_of
from faig.imaging.cases import Case, degrade_case, middle_of
from faig.imaging.degradation import Degradation, named
from faig.imaging.images import list_images, mod_crop, read_image
from faig.networks.inference import scale_of
from faig.zoo.predictor import filters_of, save_predictor

LEVELS = {"blur": (0.5, 1.0, 1.5, 2.0, 3.0, 4.0), "noise": (0.01, 0.02, 0.05, 0.1, 0.2)}


def cases_of(folder: Path, degradations: dict[str, Degradation], scale: int, count: int) -> list[Case]:
    """So many whole images at most, spread evenly over the folder's."""
    files = list(list_images(folder).items())
    return [
        degrade_case(name, mod_crop(read_image(path), scale), degradations, scale)
        for name, path in files[:: max(1, len(files) // count)][:count]
    ]


def main(
    pair: Annotated[str, typer.Argument(help="e.g. srresnet-x2")],
    data: Annotated[Path, typer.Argument(help="Folder with the folders of GT images.")],
    learn: Annotated[str, typer.Option(help="Images to learn from.")] = "BSD400",
    known: Annotated[int, typer.Option(help="So many of them.")] = 60,
    degrade: Annotated[list[str], typer.Option(metavar="NAME=LEVEL")] = ["blur=2", "noise=0.1"],  # noqa: B006
    top: float = TOP,
    write: Annotated[bool, typer.Option(help="Keep what was learned beside the pair.")] = True,
    measure: Annotated[bool, typer.Option(help="Also print tables.")] = False,
    test: Annotated[str, typer.Option(help="Images of the tables: 48x48 LR of each.")] = "BSD100",
    limit: Annotated[int, typer.Option(help="So many of them.")] = 100,
    seeds: Annotated[int, typer.Option(help="Of random filters.")] = 3,
) -> None:
    """Learn, write, and where wanted predict and print."""
    target, baseline = zoo.load_networks(target=f"{pair}/target", baseline=f"{pair}/baseline")
    scale = scale_of(target)
    images = inputs_of(pair, data, degrade)
    classes = classes_of(images)
    cases = cases_of(data / learn, classes, scale, known)
    filters = filters_of(pair, target, list(images.degrade), top)
    found, guessers = predictors(target, baseline, filters, cases, seeds if measure else 0, progress_bar)
    if write:
        print(save_predictor(pair, found, baseline, top, f"{len(cases)} images of {learn}"))
    if not measure:
        return
    tested = [middle_of(case, SIDE, scale) for case in cases_of(data / test, classes, scale, limit)]
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
        versions = {f"{level:g}": named(kind, level, images.downsampling) for level in levels}
        by_level = [middle_of(case, SIDE, scale) for case in cases_of(data / test, versions, scale, limit)]
        told = correlations(responses(found, kind, by_level, progress_bar))
        print(f"| {kind} | {told[kind]} ({', '.join(versions)}) |")


if __name__ == "__main__":
    typer.run(main)
