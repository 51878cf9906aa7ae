"""Learn the sets that ship with a pair, ``learned.safetensors``, as ``benchmarks/knob.py`` measures them.

Run: python scripts/learned_sets.py srresnet-x2 ../shared/data/Set14
"""

from pathlib import Path
from typing import Annotated

import typer

from faig import load_pair, make_cases, zoo
from faig.common.progress import progress_bar
from faig.imaging.cases import middle_of
from faig.networks.fingerprint import network_fingerprint
from faig.zoo.learned import LEARNED, save_learned

LEVELS = {"blur": 2.0, "noise": 0.1}
SIDE = 48  # LR pixels of the middle of each image


def main(pair: Annotated[str, typer.Argument(help="Of the zoo.")], gt: Path, threads: int = 1) -> None:
    """Learn, and write the file beside the pair."""
    networks = load_pair(pair)
    cases = [middle_of(case, SIDE, networks.scale) for case in make_cases(gt, LEVELS, scale=networks.scale)]
    found = networks.attribute(cases, "learned", threads=threads, track=progress_bar)
    ends = {role: network_fingerprint(getattr(networks, role)) for role in zoo.ROLES}
    learned_on = f"the middles, {SIDE}x{SIDE} LR pixels, of {len(cases)} images of {gt.name}"
    save_learned(zoo.folder(pair) / LEARNED, found, ends, learned_on)
    print(f"{zoo.folder(pair) / LEARNED}: {found.passes} passes")


if __name__ == "__main__":
    typer.run(main)
