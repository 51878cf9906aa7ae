"""Degradation prediction, measured: found filters against random ones and against plain image statistics.

    python benchmarks/prediction.py srresnet-x2 ../shared/data

Writes what the predictor learned beside the pair (``predictor.json``) and prints tables in Markdown.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from scipy.stats import spearmanr

from faig import zoo
from faig.cases import CLEAN, Case, crop_case, degrade_case
from faig.degradation import Degradation
from faig.experiment.config import ImagesConfig
from faig.experiment.predict import accuracy, by_statistics, classes_of, confusion, guesses, singles
from faig.filters import FilterSet, FilterSpace, rank
from faig.images import list_images, mod_crop, read_image
from faig.methods import random_scores
from faig.prediction import SIDE, Predictor
from faig.progress import bar
from faig.restoration import scale_of
from faig.zoo.predictor import filters_of, save_predictor

DEGRADE = {"blur": 2.0, "noise": 0.1}
LEVELS = {"blur": (0.5, 1.0, 1.5, 2.0, 3.0, 4.0), "noise": (0.01, 0.02, 0.05, 0.1, 0.2)}


def cases_of(folder: Path, degradations: dict[str, Degradation], scale: int, crop: bool, limit: int) -> list[Case]:
    """Whole images, or only the middle of each: 48x48 LR pixels."""
    found = []
    for name, path in list(list_images(folder).items())[:limit]:
        case = degrade_case(name, mod_crop(read_image(path), scale), degradations, scale)
        _, height, width = case.lr[next(iter(degradations))].shape
        found.append(crop_case(case, (height - SIDE) // 2, (width - SIDE) // 2, SIDE, scale) if crop else case)
    return found


def main(
    pair: Annotated[str, typer.Argument(help="e.g. srresnet-x2")],
    data: Annotated[Path, typer.Argument(help="Folder with the folders of GT images.")],
    learn: Annotated[str, typer.Option(help="Images to learn from.")] = "Set14",
    test: Annotated[str, typer.Option(help="Images to predict.")] = "BSD100",
    limit: Annotated[int, typer.Option(help="So many of them at most.")] = 100,
    seeds: Annotated[int, typer.Option(help="Of random filters.")] = 3,
    top: float = 0.01,
    write: Annotated[bool, typer.Option(help="Keep what was learned beside the pair.")] = True,
) -> None:
    """Learn, predict, print."""
    target, baseline = zoo.load_pair(f"{pair}/target", f"{pair}/baseline")
    scale, space = scale_of(target), FilterSpace.of(target)
    classes = classes_of(ImagesConfig(gt=data, degrade=DEGRADE))
    known = cases_of(data / learn, classes, scale, False, limit)
    tested = cases_of(data / test, classes, scale, True, limit)
    found = Predictor.fit(target, baseline, filters_of(pair, target, list(DEGRADE), top), known, bar)
    guessers = {"found filters": lambda lr: found.predict(lr).probabilities}
    for seed in range(seeds):
        drawn = {
            kind: FilterSet.top(space, rank(random_scores(space, seeds * place + seed)), top)
            for place, kind in enumerate(DEGRADE)
        }
        random = Predictor.fit(target, baseline, drawn, known, bar)
        guessers[f"random filters {seed + 1}"] = lambda lr, random=random: random.predict(lr).probabilities
    guessers["image statistics"] = by_statistics(known)
    tasks: list[Sequence[str]] = [singles(list(classes)), [CLEAN, *singles(list(classes))], list(classes)]
    print(f"| {test}, {len(tested)} images, 48x48 LR | " + " | ".join(", ".join(task) for task in tasks) + " |")
    print("|---|" + "---|" * len(tasks))
    for name, guess in guessers.items():
        guessed = guesses(guess, tested, bar)
        print(f"| {name} | " + " | ".join(str(accuracy(guessed, task)) for task in tasks) + " |", flush=True)
        if name == "found filters":
            matrix = confusion(guessed, list(classes))
    print("\n| is \\ taken for | " + " | ".join(matrix.columns) + " |\n|---|" + "---|" * len(matrix.columns))
    for kind, row in matrix.iterrows():
        print(f"| {kind} | " + " | ".join(str(count) for count in row) + " |")
    print("\n| response of the filters for | rank correlation with the level, mean over images (levels) |\n|---|---|")
    for kind, levels in LEVELS.items():
        versions = {f"{level:g}": ImagesConfig(gt=data, degrade={kind: level}).together([kind]) for level in levels}
        cases = cases_of(data / test, versions, scale, True, limit)
        told = [
            spearmanr(levels, [found.predict(case.lr[level]).responses[kind] for level in versions]).statistic
            for case in bar(cases, kind, len(cases))
        ]
        print(f"| {kind} | {sum(told) / len(told):.3f} ({', '.join(versions)}) |")
    if write:
        print(save_predictor(pair, found, baseline, top, f"{len(known)} images of {learn}"))


if __name__ == "__main__":
    typer.run(main)
