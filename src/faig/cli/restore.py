"""``faig restore``."""

import glob
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from torch import nn

from faig import zoo
from faig.attribution.options import IntegralOptions
from faig.cli import options as cli
from faig.cli import reading
from faig.cli.methods import describe_methods, methods_of
from faig.cli.output import screen
from faig.cli.tables import Sheet
from faig.common.errors import InputError
from faig.common.files import new_folder
from faig.common.settings import validated
from faig.imaging.cases import log_cropped, whole_multiple
from faig.imaging.images import SUFFIXES, Resized, list_images, read_image, without_suffix, write_pixels
from faig.imaging.images import pair as check_partners
from faig.imaging.metrics import in_channels, luma, psnr, ssim
from faig.intervention.knob import WAYS, Averaged, turn
from faig.networks.checkpoint import load_builder
from faig.networks.inference import channels_of, restored_pixels, scale_of
from faig.zoo.learned import turned_by
from faig.zoo.scores import chosen_by

NETWORK_FILES = {".safetensors", ".pth", ".pt"}
RESTORED = "restored"
QUALITY = {"PSNR": psnr, "SSIM": ssim}

OF_TRUTH = {"strict_size", "lr_suffix"}  # options that need GT images
PLAIN = {"arguments", "out", "gt", "pair", "check", "memory", "arch", "force", "seed", "device", "threads", *OF_TRUTH}

app = typer.Typer(add_completion=False)


@dataclass(frozen=True)
class Named:
    """What the arguments of the command name: ``[NET] INPUT... [OUT_DIR]``."""

    network: str | None
    inputs: list[str]
    out: Path | None


@app.command(
    epilog="Example: faig restore photo.png --strength blur=0.5 — or a folder, by any network, into a folder: "
    "faig restore srresnet-x2/target photos restored --gt GT"
)
@cli.taking(cli.UNITS_RANKED, cli.NEW)
def restore(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="[NET] INPUT... [OUT_DIR]",
            help=f"A network (zoo name, .safetensors or .pth file; else the target of {cli.DEFAULT_PAIR}); images, "
            "folders or patterns such as 'photos/*.jpg'; after a network and one folder, where the PNG files go.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where the PNG files go.", show_default="restored, beside the input"),
    ] = None,
    gt: Annotated[Path | None, typer.Option("--gt", metavar="DIR", help="GT images: print PSNR and SSIM.")] = None,
    strict_size: cli.StrictSize = False,
    lr_suffix: cli.LrSuffix = None,
    pair: cli.PairName = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="NET", help="To turn functions towards.", show_default="NET's, in the zoo"),
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filters",
            metavar="NAME=FILE",
            help=f"{cli.FILTERS_HELP}, by function. Repeat.",
            show_default="NET's, in the zoo",
        ),
    ] = None,
    strength: Annotated[
        list[str] | None, typer.Option("--strength", metavar="NAME=S", help="By function: blur=0.5,noise=1.2")
    ] = None,
    way: Annotated[
        str | None,
        typer.Option(
            "--way",
            metavar="|".join(WAYS),
            help="What is turned: output images (of the network with the function off, and on, averaged: even, two "
            "networks run) or weights (one network).",
            show_default=WAYS[0],
        ),
    ] = None,
    top: cli.Top = None,
    check: cli.Check = True,
    memory: cli.Memory = None,
    **options: Any,
) -> None:
    """Run a network over images, if asked with functions turned up or down."""
    told = locals() | options
    where, _ = reading.compute_on(options["device"], options["threads"])  # nothing here is random
    most = validated(IntegralOptions, reading.not_none(memory=memory), "faig restore").memory
    named = understood(arguments, out)
    if pair is not None and named.network is not None:
        raise InputError(f"--pair {pair} stands for the network; leave {named.network} out")
    files = input_files(named.inputs)
    name, in_zoo = _network(named.network, pair)
    truth = list_images(gt) if gt else {}
    if gt:
        files = without_suffix(files, lr_suffix or "")
        check_partners(truth, {"LR": files})
    else:
        reading.refuse_others(told, set(told) - OF_TRUTH, "is for pairs of images, and no --gt is given")
    if baseline or filters or strength or way:
        network = _turned(name, in_zoo, locals() | options)
    else:
        reading.refuse_others(told, PLAIN, "is of functions that are turned; name one by --strength NAME=S")
        network = zoo.load(name, load_builder(arch) if (arch := options["arch"]) else None)
    network = network.to(where)
    scale, channels = scale_of(network), channels_of(network)
    rows, cropped = [], 0
    first = Path(named.inputs[0])
    folder = named.out or (first if first.is_dir() else next(iter(files.values()))).parent / RESTORED
    with new_folder(folder, options["force"], files=[f"{stem}.png" for stem in files]) as part:
        for stem, path in screen.track(files.items(), "restore", len(files)):
            try:
                pixels = restored_pixels(network, path, memory=most)
            except InputError as error:
                raise error if str(path) in str(error) else error.at(path) from None
            write_pixels(part / f"{stem}.png", pixels.permute(1, 2, 0).numpy())
            if gt:
                output = pixels.float() / 255
                image = in_channels(read_image(truth[stem]), channels)
                whole = whole_multiple(image, scale, str(truth[stem]), strict_size)
                cropped += whole.shape != image.shape
                rows.append({"image": stem} | _quality(output, whole, scale, f"{truth[stem]}: is", path))
    log_cropped(cropped, len(truth), scale)
    if rows:
        _print_quality(rows, scale)
    images = "1 image" if len(files) == 1 else f"{len(files)} images"
    screen.result(f"{images} in {folder}", network=name, out=folder, images=len(files))


def understood(arguments: list[str], out: Path | None) -> Named:
    """Which of the arguments is a network, which are inputs, and which is the folder to write to.

    The first is a network if the zoo has it, or if it ends as files of networks do; the last is the folder to write to
    after a network and one folder, if it is no image and ``--out`` names no other.

    Raises:
        InputError: there are no inputs, or the first argument is nothing at all.
    """
    first, *rest = arguments
    missing = not Path(first).exists() and not glob.has_magic(first) and Path(first).suffix.lower() not in SUFFIXES
    if first in zoo.pairs() and missing:
        first = f"{first}/target"
    elif rest and missing and first not in zoo.names() and not Path(first).suffix:
        zoo.find(first)  # says what there is
    if not (first in zoo.names() or Path(first).suffix.lower() in NETWORK_FILES):
        return Named(None, arguments, out)
    if not rest:
        raise InputError(f"{first}: name images, folders or patterns after the network")
    if out is None and len(rest) == 2 and Path(rest[0]).is_dir() and not _is_image(rest[1]):
        return Named(first, rest[:1], Path(rest[1]))
    return Named(first, rest, out)


def input_files(inputs: list[str]) -> dict[str, Path]:
    """The image files that paths, folders and patterns name, by name without suffix.

    Raises:
        InputError: one names nothing, or two have the same name.
    """
    files: dict[str, Path] = {}
    for text in inputs:
        path = Path(text)
        if path.is_dir():
            named = list(list_images(path).values())
        elif path.exists() or not glob.has_magic(text):
            named = [path]
        else:
            named = [Path(match) for match in sorted(glob.glob(text, recursive=True)) if _is_image(match)]
        if not named or not named[0].is_file():
            kind = "pattern of images that are there" if glob.has_magic(text) else "file or folder"
            way_out = "; --out names the folder to write to" if text == inputs[-1] != inputs[0] else ""
            raise InputError(f"{text}: no such {kind}{way_out}")
        for file in named:
            if files.setdefault(file.stem, file) != file:
                raise InputError(
                    f"{file}: has the same name as {files[file.stem]}, and so would what is made of it; rename one of "
                    "them, or restore each into a folder of its own (--out)"
                )
    return files


def _is_image(path: str) -> bool:
    return Path(path).suffix.lower() in SUFFIXES and not Path(path).is_dir()


def _network(name: str | None, pair_name: str | None) -> tuple[str, str | None]:
    """The network, and the pair of the zoo whose target it is, if it is one."""
    if name is None:
        pair_name = pair_name or cli.DEFAULT_PAIR
        return reading.networks(pair_name, None, None)["target"], pair_name
    in_zoo = name.removesuffix("/target")
    return name, in_zoo if in_zoo != name and in_zoo in zoo.pairs() else None


def _turned(name: str, in_zoo: str | None, options: dict[str, Any]) -> nn.Module:
    """The network with functions at other strengths; what is not told of its pair is the zoo's."""
    levels = reading.numbers("--strength", options["strength"])
    files = reading.named("--filters", options["filters"], "FILE")
    baseline = options["baseline"]
    if in_zoo is not None:
        baseline = baseline or f"{in_zoo}/baseline"
        files = {kind: turned_by(in_zoo, kind) for kind in levels if kind not in files} | files
    if not (baseline and files and levels):
        raise InputError("to turn functions up or down, give --baseline, --filters NAME=FILE and --strength NAME=S")
    if odd := sorted(files.keys() ^ levels.keys()):
        raise InputError(f"{odd[0]}: needs both --filters {odd[0]}=FILE and --strength {odd[0]}=S")
    builder = load_builder(options["arch"]) if options["arch"] else None
    target, base = zoo.load_networks(target=name, baseline=baseline, builder=builder)
    share = reading.share_of(options["top"])
    chosen = chosen_by(files, target, share, baseline=base, unit=options["unit"], everything=options["everything"])
    way = options["way"] or WAYS[0]
    network = turn(target, base, chosen, levels, way)
    if options["check"]:
        reading.warn_if_wrecked(network, target, base, reading.record_of(name, builder))
    methods = methods_of(files)
    runs = len(network.networks) if isinstance(network, Averaged) else 1
    screen.note(describe_methods(methods), methods=methods, strengths=levels, way=way, networks=runs)
    if runs > 1:
        screen.note(f"the output images of {runs} networks are averaged; --way weights mixes weights and runs one")
    return network


def _quality(output: Resized, truth: Resized, border: int, named: str, lr: Path) -> dict[str, float]:
    """PSNR and SSIM: RGB and Y, or of the one channel of gray images."""
    if truth.shape != output.shape:
        (_, h, w), (_, gh, gw) = output.shape, truth.shape
        raise InputError(f"{named} {gw}x{gh}, but {lr.name} × {border} is {w}x{h}; give the GT that it was made from")
    if len(output) == 1:
        pairs = {"gray": (output, truth)}
    else:
        pairs = {"RGB": (output, truth), "Y": (luma(output), luma(truth))}
    return {
        f"{name} {of}": measure(*images, border=border)
        for of, images in pairs.items()
        for name, measure in QUALITY.items()
    }


def _print_quality(rows: list[dict[str, Any]], border: int) -> None:
    names = [name for name in rows[0] if name != "image"]
    mean = {name: float(np.mean([row[name] for row in rows])) for name in names}
    cells = [
        [row["image"], *(f"{row[name]:.{2 if 'PSNR' in name else 4}f}" for name in names)]
        for row in [*rows, {"image": "mean"} | mean]
    ]
    screen.result(Sheet(["image", *names], cells, title=f"PSNR in dB, border {border}"), quality=rows, mean=mean)
