"""Write a target that keeps only a share of what training changed: the point of the path where weights moved by 0.3.

Run: python scripts/gentler.py BASELINE TRAINED src/faig/zoo/PAIR/target.safetensors

Mixing a fine-tuned network with the one that it began as: WiSE-FT, Wortsman et al., CVPR 2022. No image has a say in
the share: it is the largest, in hundredths, at which the weights moved by at most ``--change`` of their norm. The file
says which it is, beside the record of the training.
"""

from pathlib import Path
from typing import Annotated

import typer

from faig import zoo
from faig.attribution.integration.path import WeightPath
from faig.networks.checkpoint import network_metadata
from faig.networks.export import export
from faig.zoo.record import KEPT, relative_change


def main(
    baseline: Path,
    trained: Path,
    out: Annotated[Path, typer.Argument(help="Of the zoo: in float16.")],
    change: Annotated[float, typer.Option(help="Relative, at most.")] = 0.3,
) -> None:
    """Write it, unless all of the training may be kept."""
    start, target = zoo.load(str(baseline)), zoo.load(str(trained))
    path = WeightPath(target, start)
    kept = next(k / 100 for k in range(100, 0, -1) if relative_change(path.move(1 - k / 100), start) <= change)
    record = network_metadata(trained)
    if kept < 1:
        record["training"][KEPT] = kept
    export(path.move(1 - kept), out, record, half=True)
    moved = relative_change(path.network, start)
    print(f"{out}: {kept:g} of what training changed; the weights moved by {moved:.3f} of their norm")


if __name__ == "__main__":
    typer.run(main)
