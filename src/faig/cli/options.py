"""Options that several commands share, and how their texts are read."""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import torch
import typer

from faig.attribution.gradients import PRECISIONS
from faig.attribution.objectives import OBJECTIVES
from faig.attribution.quadrature import RULES
from faig.common.errors import InputError
from faig.common.settings import proportion, validated
from faig.experiment.config import ImagesConfig
from faig.imaging.degradation import STEPS

Baseline = Annotated[str, typer.Option("--baseline", metavar="NET", help="Zoo name, .safetensors or .pth file.")]
Target = Annotated[str, typer.Option("--target", metavar="NET", help="Zoo name, .safetensors or .pth file.")]
Filters = Annotated[
    str,
    typer.Option("--filters", metavar="FILE", help="A ranking: filters-NAME.csv, NAME_index.txt, or srresnet-x2/blur."),
]
Top = Annotated[str, typer.Option("--top", metavar="SHARE", help="How many of the ranking: 1% or 0.01.")]
Arch = Annotated[
    str | None,
    typer.Option("--arch", metavar="FILE.py:FUNCTION", help="Builder of a network the package does not know."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace what exists.")]
ModCrop = Annotated[bool, typer.Option("--mod-crop", help="Cut GT images to a multiple of the scale.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of everything random.")]
Device = Annotated[str, typer.Option("--device", help="Where to compute: cpu, cuda, cuda:1, mps.")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Of the CPU.", show_default="what torch takes")]
Gt = Annotated[Path, typer.Option("--gt", metavar="DIR", help="GT images.")]
LrFolders = Annotated[
    list[str] | None,
    typer.Option("--lr", metavar="NAME=DIR", help="LR images by degradation; clean=DIR too. Repeat."),
]
Degrade = Annotated[
    list[str] | None,
    typer.Option(
        "--degrade",
        metavar="NAME=SPEC",
        help="In place of --lr: make them, clean ones too. NAME=blur:2+noise:0.05, of "
        f"{', '.join(kind.usage() for kind in STEPS.values())}; or blur=2 for blur=blur:2. Repeat.",
    ),
]
Downsampling = Annotated[
    str, typer.Option(help="Where --degrade does not say: bilinear (the paper's), bicubic (antialiased) or area.")
]
Out = Annotated[Path, typer.Option("--out", metavar="RUN", help="The run directory; a killed run goes on there.")]
Proportions = Annotated[str, typer.Option("--proportions", help="In percent, separated by commas.")]
QuadratureRule = Annotated[str, typer.Option("--quadrature", help=", ".join(RULES))]
Nodes = Annotated[int, typer.Option("--nodes", min=1, help="Of the rule; the paper: 100 of riemann-left.")]
Memory = Annotated[
    str, typer.Option("--memory", metavar="SIZE", help="To stay under: larger images are run by tiles, exactly.")
]
Precision = Annotated[str, typer.Option("--precision", help=", ".join(PRECISIONS) + "; the last two on a GPU.")]

ObjectiveName = Annotated[
    str,
    typer.Option("--objective", metavar="LOSS", help=", ".join(OBJECTIVES) + ", or your own: file.py:function."),
]
Layers = Annotated[
    list[str] | None,
    typer.Option("--layers", metavar="PATTERN", help="Rank only filters of these layers: 'body.*'. Repeat."),
]
NotLayers = Annotated[
    list[str] | None,
    typer.Option("--not-layers", metavar="PATTERN", help="Rank no filters of these layers. Repeat."),
]

T = TypeVar("T")


def compute_on(device: str, threads: int | None) -> int:
    """Check the device, set the number of threads, and return it.

    Raises:
        InputError: there is no such device here.
    """
    kind, _, number = device.partition(":")
    count = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}.get(kind)
    if count is None or (number and not number.isdigit()):
        raise InputError(f"--device {device}: is not one of cpu, cuda, cuda:1, mps")
    if int(number or 0) >= count:
        raise InputError(f"--device {device}: this machine has {count} of that kind for torch to use")
    if threads is not None:
        torch.set_num_threads(threads)
    return torch.get_num_threads()


def named(option: str, texts: list[str] | None, what: str = "DIR") -> dict[str, str]:
    """``NAME=VALUE`` texts as a dictionary, in the order given; commas separate several in one text.

    Raises:
        InputError: a text has no name or no value, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InputError(f"{option} {text}: expected NAME={what}")
        if name in found:
            raise InputError(f"{option} {text}: {name} is given twice")
        found[name] = value
    return found


def numbers(option: str, texts: list[str] | None) -> dict[str, float]:
    """``NAME=NUMBER`` texts as a dictionary; one text may hold several, separated by commas.

    Raises:
        InputError: as `named`, or a value is no number.
    """
    parts = [part for text in texts or [] for part in text.split(",")]
    found = {}
    for name, value in named(option, parts, "NUMBER").items():
        try:
            found[name] = float(value)
        except ValueError:
            raise InputError(f"{option} {name}={value}: {value!r} is not a number") from None
    return found


def rankings(texts: list[str] | None) -> dict[str, dict[str, str]]:
    """``METHOD:NAME=FILE`` texts as files by method and name.

    Raises:
        InputError: as `named`, or a text has no method.
    """
    found: dict[str, dict[str, str]] = {}
    for name, file in named("--filters", texts, "FILE").items():
        method, colon, kind = name.partition(":")
        if not (method and colon and kind):
            raise InputError(f"--filters {name}={file}: expected METHOD:NAME=FILE")
        found.setdefault(method, {})[kind] = file
    return found


def images_config(
    gt: Path, lr: list[str] | None, degrade: list[str] | None, downsampling: str, mod_crop: bool
) -> ImagesConfig:
    """The images that the options of a study ask for.

    Raises:
        InputError: an option is wrong.
    """
    settings: dict[str, Any] = {
        "gt": gt,
        "lr": named("--lr", lr),
        "degrade": named("--degrade", [part for text in degrade or [] for part in text.split(",")], "SPEC"),
        "downsampling": downsampling,
        "mod_crop": mod_crop,
    }
    return validated(ImagesConfig, settings, "images")


def shares_of(texts: str) -> list[float]:
    """``1,3,5,10`` as proportions.

    Raises:
        InputError: one is no proportion.
    """
    return [proportion(part) for part in texts.split(",") if part.strip()]
