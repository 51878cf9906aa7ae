"""Learn the sets that ship with a pair, ``learned.safetensors``, as ``benchmarks/knob.py`` measures them.

Run: python scripts/learned_sets.py srresnet-x2 ../shared/data/Set14

With ``--scores`` the FAIG scores too, ``scores.safetensors``, as ``card.py`` finds them. So it was done for the pair
of examples/three-degradations, pulled into a zoo: with ``--degrade blur=2 --degrade noise=0.1 --degrade jpeg=10
--scores``.
"""

from pathlib import Path
from typing import Annotated

import typer
from card import find
from inputs import inputs_of

from faig import load_pair, make_cases, zoo
from faig.common.progress import progress_bar
from faig.imaging.cases import middle_of
from faig.zoo.learned import LEARNED, save_learned
from faig.zoo.scores import SCORES

SIDE = 48  # LR pixels of the middle of each image


def main(
    pair: Annotated[str, typer.Argument(help="Of the zoo.")],
    gt: Path,
    degrade: Annotated[list[str], typer.Option(metavar="NAME=LEVEL")] = ["blur=2", "noise=0.1"],  # noqa: B006
    scores: bool = False,
    threads: int = 1,
) -> None:
    """Learn, and write the file beside the pair."""
    networks, degradations = load_pair(pair), inputs_of(pair, gt, degrade).degradations()
    if scores:
        print(find(pair, gt, zoo.folder(pair) / SCORES, degradations))
    cases = [middle_of(case, SIDE, networks.scale) for case in make_cases(gt, degradations, scale=networks.scale)]
    found = networks.attribute(cases, "learned", threads=threads, track=progress_bar)
    learned_on = f"the middles, {SIDE}x{SIDE} LR pixels, of {len(cases)} images of {gt.name}"
    save_learned(zoo.folder(pair) / LEARNED, found, learned_on)
    print(f"{zoo.folder(pair) / LEARNED}: {found.passes} passes")


if __name__ == "__main__":
    typer.run(main)
