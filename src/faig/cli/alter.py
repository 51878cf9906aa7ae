"""``faig revert``, ``faig modulate``, ``faig graft`` and ``faig restore``."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from torch import nn

from faig import zoo
from faig.cli.app import app
from faig.cli.options import (
    Arch,
    Baseline,
    Device,
    Filters,
    Force,
    Seed,
    Target,
    Threads,
    Top,
    compute_on,
    named,
    numbers,
)
from faig.common.errors import InputError
from faig.common.files import new_file, new_folder
from faig.common.progress import bar
from faig.common.settings import proportion
from faig.filters import FilterSet, FilterSpace
from faig.imaging.images import list_images, pair, read_image, write_image
from faig.imaging.metrics import luma, psnr, ssim
from faig.intervention.edit import blend
from faig.intervention.strength import read_knob
from faig.networks.checkpoint import Builder, load_builder, network_metadata
from faig.networks.export import check_suffix, export
from faig.networks.inference import restore, scale_of
from faig.zoo.scores import ranking

Out = Annotated[Path, typer.Option("--out", metavar="NET", help="The new network: .safetensors, .pth or .onnx.")]


@app.command(
    epilog="Example: faig revert --baseline srresnet-x2/baseline --target srresnet-x2/target "
    "--filters runs/demo/filters-blur.csv --top 1% --out no-deblur.safetensors"
)
def revert(
    baseline: Baseline,
    target: Target,
    filters: Filters,
    out: Out,
    top: Top = "1%",
    arch: Arch = None,
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """Give filters of the target their baseline weights back: switch a function off."""
    _alter("revert", baseline, target, filters, top, 0.0, out, arch, force, device, threads, seed)


@app.command(
    epilog="Example: faig modulate --baseline srresnet-x2/baseline --target srresnet-x2/target "
    "--filters runs/demo/filters-noise.csv --top 1% --strength 0.5 --out half-denoise.safetensors"
)
def modulate(
    baseline: Baseline,
    target: Target,
    filters: Filters,
    strength: Annotated[float, typer.Option("--strength", help="0 is the baseline, 1 the target, 1.5 overshoots.")],
    out: Out,
    top: Top = "1%",
    arch: Arch = None,
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """Give filters of the target weights between baseline and target, or beyond."""
    _alter("modulate", baseline, target, filters, top, strength, out, arch, force, device, threads, seed)


@app.command(
    epilog="Example: faig graft --baseline srresnet-x2/baseline --target srresnet-x2/target "
    "--filters runs/demo/filters-blur.csv --top 1% --out only-deblur.safetensors"
)
def graft(
    baseline: Baseline,
    target: Target,
    filters: Filters,
    out: Out,
    top: Top = "1%",
    arch: Arch = None,
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """Give filters of the baseline their target weights: are they enough for the function?"""
    _alter("graft", baseline, target, filters, top, 1.0, out, arch, force, device, threads, seed)


@app.command(
    "restore",
    epilog="Example: faig restore srresnet-x2/target photos restored "
    "--baseline srresnet-x2/baseline --filters blur=runs/demo/filters-blur.csv --strength blur=0.5",
)
def restore_command(
    net: Annotated[str, typer.Argument(metavar="NET", help="Zoo name, .safetensors or .pth file.")],
    lr_dir: Annotated[Path, typer.Argument(metavar="LR_DIR", help="Images to restore.")],
    out_dir: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Where the 8-bit PNG files go.")],
    gt: Annotated[Path | None, typer.Option("--gt", metavar="DIR", help="GT images: print PSNR and SSIM.")] = None,
    baseline: Annotated[str | None, typer.Option("--baseline", metavar="NET", help="To modulate towards.")] = None,
    filters: Annotated[
        list[str] | None, typer.Option("--filters", metavar="NAME=FILE", help="Ranking by function. Repeat.")
    ] = None,
    strength: Annotated[
        list[str] | None, typer.Option("--strength", metavar="NAME=S", help="By function: blur=0.5,noise=1.2")
    ] = None,
    even: Annotated[
        Path | None,
        typer.Option("--even", metavar="TABLE", help="modulation.csv of a sweep: S is a share of what changes there."),
    ] = None,
    top: Top = "1%",
    arch: Arch = None,
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """Run a network over a folder, if asked with functions turned up or down."""
    del seed  # nothing here is random
    compute_on(device, threads)
    builder = load_builder(arch) if arch else None
    if baseline or filters or strength or even:
        if not (baseline and filters and strength):
            raise InputError("to turn functions up or down, give --baseline, --filters NAME=FILE and --strength NAME=S")
        network = _modulated(net, baseline, builder, named("--filters", filters, "FILE"), strength, top, even)
    else:
        network = zoo.load(net, builder)
    network = network.to(device)
    files = list_images(lr_dir)
    truth = list_images(gt) if gt else {}
    if gt:
        pair(truth, {"LR": files})
    scale = scale_of(network)
    rows = []
    with new_folder(out_dir, force) as out:
        for name, path in bar(files.items(), "restore", len(files)):
            output = restore(network, read_image(path))
            write_image(out / f"{name}.png", output)
            if gt:
                image = read_image(truth[name])
                if image.shape != output.shape:
                    (_, h, w), (_, gh, gw) = output.shape, image.shape
                    raise InputError(f"{truth[name]}: is {gw}x{gh}, but {path.name} × {scale} is {w}x{h}")
                first, second = luma(output), luma(image)
                rows.append(
                    [
                        name,
                        psnr(output, image, border=scale),
                        ssim(output, image, border=scale),
                        psnr(first, second, border=scale),
                        ssim(first, second, border=scale),
                    ]
                )
    if gt:
        _print_quality(rows, scale)
    print(f"{len(files)} images in {out_dir}")


def _modulated(
    net: str,
    baseline: str,
    builder: Builder | None,
    files: dict[str, str],
    strength: list[str],
    top: str,
    even: Path | None,
) -> nn.Module:
    levels = numbers("--strength", strength)
    if files.keys() != levels.keys():
        odd = sorted(files.keys() ^ levels.keys())[0]
        raise InputError(f"{odd}: needs both --filters {odd}=FILE and --strength {odd}=S")
    if even is not None:
        levels = {name: read_knob(even, name).strength(level) for name, level in levels.items()}
        print(", ".join(f"{name} at strength {level:.3g}" for name, level in levels.items()))
    target, base = zoo.load_pair(net, baseline, builder)
    space, share, network = FilterSpace.of(target), proportion(top), target
    for name, file in files.items():
        chosen = FilterSet.top(space, ranking(file, space), share)
        network = blend(network, target, base, chosen, levels[name])
    return network


def _print_quality(rows: list[list[Any]], border: int) -> None:
    from rich.console import Console
    from rich.table import Table

    names = ("PSNR RGB", "SSIM RGB", "PSNR Y", "SSIM Y")
    table = Table("image", *names, title=f"PSNR in dB, border {border}")
    mean = ["mean", *np.mean([row[1:] for row in rows], axis=0)]
    for row in [*rows, mean]:
        table.add_row(row[0], *(f"{v:.{2 if 'PSNR' in n else 4}f}" for n, v in zip(names, row[1:], strict=True)))
    Console().print(table)


def _alter(
    what: str,
    baseline: str,
    target: str,
    filters: str,
    top: str,
    strength: float,
    out: Path,
    arch: str | None,
    force: bool,
    device: str,
    threads: int | None,
    seed: int,
) -> None:
    del seed  # nothing here is random
    compute_on(device, threads)
    share = proportion(top)
    check_suffix(out)
    new_file(out, force)
    builder = load_builder(arch) if arch else None
    high, low = zoo.load_pair(target, baseline, builder)
    space = FilterSpace.of(high)
    chosen = FilterSet.top(space, ranking(filters, space), share)
    network = blend(low if what == "graft" else high, high, low, chosen, strength)
    known = network_metadata(zoo.find(target)) if builder is None else {}
    metadata: dict[str, Any] = {key: known[key] for key in ("architecture", "arguments") if key in known}
    metadata["altered"] = {
        "how": what,
        "strength": strength,
        "baseline": baseline,
        "target": target,
        "filters": Path(filters).name,
        "count": len(chosen),
    }
    export(network, out, metadata)
    print(f"{out}: {len(chosen)} of {len(space)} filters ({share:.3g} of all) at strength {strength:g}")
