"""Options that several commands share, and how their texts are read.

A default stands in the model of the settings, and help shows it from there: an option that was not given is None.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import torch
import typer
from pydantic import BaseModel, ByteSize
from torch import nn

from faig import zoo
from faig.attribution.integration.gradients import PRECISIONS
from faig.attribution.integration.objectives import OBJECTIVES
from faig.attribution.integration.quadrature import RULES
from faig.attribution.options import SUBTRACT, BudgetOptions, IntegralOptions
from faig.common.errors import InputError
from faig.common.settings import proportion, proportions, validated
from faig.experiment.config import CompareConfig, ImagesConfig, NetworksConfig
from faig.filters import UNITS
from faig.imaging.degradation import STEPS
from faig.intervention.wreck import wrecked_on_photos
from faig.networks.inference import scale_of
from faig.zoo.scores import SHARE

logger = logging.getLogger("faig")

DEFAULT_PAIR = "srresnet-x2"  # of the zoo, where a command needs a pair and is given none

Model = TypeVar("Model", bound=BaseModel)


def default_of(model: type[BaseModel], name: str) -> Any:
    """What a setting is where it is not given."""
    return model.model_fields[name].get_default(call_default_factory=True)


def setting(model: type[BaseModel], name: str, help: str, metavar: str | None = None, *, share: bool = False) -> Any:
    """The option of a setting; help shows its default, as percents where it is a share of the filters."""
    default = default_of(model, name)
    shown: str | bool = False
    if isinstance(default, ByteSize):
        shown = default.human_readable(decimal=True).replace(".0", "")
    elif default is not None and default != []:
        shown = ", ".join(_text(part, share) for part in (default if isinstance(default, list) else [default]))
    return typer.Option(f"--{name.replace('_', '-')}", help=help, metavar=metavar, show_default=shown)


def _text(value: Any, share: bool) -> str:
    if share:
        return f"{100 * value:.6g}%"
    return f"{value:g}" if isinstance(value, float) else str(value)


PairName = Annotated[
    str | None,
    typer.Option("--pair", metavar="NAME", help="Of the zoo: stands for NAME/baseline and NAME/target."),
]
Baseline = Annotated[str | None, typer.Option("--baseline", metavar="NET", help="Zoo name, .safetensors or .pth file.")]
Target = Annotated[str | None, typer.Option("--target", metavar="NET", help="Zoo name, .safetensors or .pth file.")]
FILTERS_HELP = "A ranking (filters-NAME.csv, NAME_index.txt, srresnet-x2/blur), strengths, or a run directory"
Filters = Annotated[
    str, typer.Option("--filters", metavar="[NAME=]FILE", help=f"{FILTERS_HELP}; of a run with several, NAME's.")
]
NamedFilters = Annotated[
    list[str] | None, typer.Option("--filters", metavar="NAME=FILE", help=f"{FILTERS_HELP}, by function. Repeat.")
]
Unit = Annotated[
    str | None,
    typer.Option(
        "--unit",
        metavar="UNIT",
        help=f"What is ranked and altered as one: {', '.join(UNITS)}.",
        show_default="filter, or what a ranking is of",
    ),
]
Everything = Annotated[
    bool, typer.Option("--everything", help="After the filters, rank all that is in none: biases, slopes, norms.")
]
Top = Annotated[
    str | None,
    typer.Option("--top", metavar="SHARE", help="How many of the ranking: 1% or 0.01.", show_default=f"{SHARE:.0%}"),
]
Arch = Annotated[
    str | None, setting(NetworksConfig, "arch", "Builder of a network the package does not know.", "FILE.py:FUNCTION")
]
Force = Annotated[bool, typer.Option("--force", help="Replace what exists.")]
StrictSize = Annotated[
    bool, typer.Option("--strict-size", help="Refuse GT images that the scale does not divide; else they are cropped.")
]
Check = Annotated[
    bool, typer.Option("--check/--no-check", help="Warn where the altered network is wrecked, by running it.")
]
Seed = Annotated[int | None, setting(NetworksConfig, "seed", "Of everything random.")]
Device = Annotated[str | None, setting(NetworksConfig, "device", "Where to compute: cpu, cuda, cuda:1, mps.")]
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
    str | None,
    setting(
        ImagesConfig,
        "downsampling",
        "Where --degrade does not say: bilinear (the paper's), bicubic (antialiased) or area.",
    ),
]
Proportions = Annotated[
    str | None,
    setting(CompareConfig, "proportions", "Of the filters: 1,3,10 or 1%,3%,10% or 0.01,0.03,0.1.", share=True),
]
Against = Annotated[
    str | None,
    setting(IntegralOptions, "against", f"Of 3 or more: subtract of the others one of {', '.join(SUBTRACT)}."),
]
QuadratureRule = Annotated[str | None, setting(IntegralOptions, "quadrature", ", ".join(RULES))]
Nodes = Annotated[int | None, setting(IntegralOptions, "nodes", "Of the rule; the paper: 100 of riemann-left.")]
Tolerance = Annotated[
    str | None,
    setting(IntegralOptions, "tolerance", "In place of --nodes: so much of the top 1% must stand: 99%.", "SHARE"),
]
Budget = Annotated[
    int | None, setting(BudgetOptions, "budget", "In place of --nodes: passes to spend on images, then on nodes.")
]
Stable = Annotated[
    str | None,
    setting(
        BudgetOptions,
        "stable",
        "With --budget: stop when half as many images again leave so much of the top 1% as it was.",
        "SHARE",
        share=True,
    ),
]
Memory = Annotated[
    str | None, setting(IntegralOptions, "memory", "To stay under: larger images are run by tiles, exactly.", "SIZE")
]
Precision = Annotated[
    str | None, setting(IntegralOptions, "precision", f"{', '.join(PRECISIONS)}; the last two on a GPU.")
]
ObjectiveName = Annotated[
    str | None,
    setting(IntegralOptions, "objective", f"{', '.join(OBJECTIVES)}, or your own: file.py:function.", "LOSS"),
]
Layers = Annotated[
    list[str] | None,
    setting(IntegralOptions, "layers", "Rank only filters of these layers: 'body.*'. Repeat.", "PATTERN"),
]
NotLayers = Annotated[
    list[str] | None, setting(IntegralOptions, "not_layers", "Rank no filters of these layers. Repeat.", "PATTERN")
]


def out_option(command: str) -> Any:
    """Where a command leaves its run directory."""
    help_text = "The run directory; a killed run goes on there."
    return typer.Option("--out", metavar="RUN", help=help_text, show_default=str(default_out(command)))


def default_out(command: str) -> Path:
    """Where the run directory of a command is, if ``--out`` does not say."""
    return Path("runs") / command


def not_none(**options: Any) -> dict[str, Any]:
    """The options without those that were not given."""
    return {name: value for name, value in options.items() if value is not None}


def configuration(model: type[Model], options: Mapping[str, Any], command: str) -> Model:
    """The settings of a run, of the options that were given.

    Args:
        model: what they must be.
        options: a command's parameters by name, its ``locals()``; those that are no settings of the model, or None,
            are left out.
        command: for messages.

    Raises:
        InputError: an option is wrong.
    """
    read = {
        "proportions": proportions,
        "methods": lambda text: [part.strip() for part in text.split(",") if part.strip()],
        "stable": proportion,
        "tolerance": proportion,
        "top": proportion,
    }
    settings = {
        name: read[name](value) if name in read else value
        for name, value in not_none(**options).items()
        if name in model.model_fields
    }
    settings["baseline"], settings["target"] = networks(options["pair"], options["baseline"], options["target"])
    settings["images"] = images(**{name: options[name] for name in ("gt", "lr", "degrade", *_IMAGE_SETTINGS)})
    settings["device"], settings["threads"] = compute_on(options["device"], options["threads"])
    return validated(model, settings, f"faig {command}")


_IMAGE_SETTINGS = ("downsampling", "strict_size")


def networks(pair: str | None, baseline: str | None, target: str | None) -> tuple[str, str]:
    """Baseline and target, named by themselves or as a pair of the zoo.

    Raises:
        InputError: both, neither, or only one of the two is named.
    """
    if pair is not None:
        if baseline is not None or target is not None:
            raise InputError(f"--pair {pair} stands for both networks; leave --baseline and --target out")
        zoo.folder(pair)  # refuses a name that is none
        return f"{pair}/baseline", f"{pair}/target"
    if baseline is None and target is None:
        known = ", ".join(zoo.pairs())
        raise InputError(f"name two networks: --pair NAME (of {known}), or --baseline NET and --target NET")
    if baseline is None or target is None:
        missing, other = ("baseline", "target") if baseline is None else ("target", "baseline")
        raise InputError(f"--{other} needs --{missing} NET beside it")
    return baseline, target


def images(
    gt: Path, lr: list[str] | None, degrade: list[str] | None, downsampling: str | None, strict_size: bool
) -> dict[str, Any]:
    """The settings of `ImagesConfig` that these options give.

    Raises:
        InputError: one is wrong.
    """
    specs = [part for text in degrade or [] for part in text.split(",")]
    settings = {"gt": gt, "lr": named("--lr", lr), "degrade": named("--degrade", specs, "SPEC")}
    return settings | not_none(downsampling=downsampling, strict_size=strict_size or None)


def compute_on(device: str | None, threads: int | None) -> tuple[str, int]:
    """Check the device, set the number of threads, and return both.

    Raises:
        InputError: there is no such device here.
    """
    device = default_of(NetworksConfig, "device") if device is None else device
    kind, _, number = device.partition(":")
    count = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}.get(kind)
    if count is None or (number and not number.isdigit()):
        raise InputError(f"--device {device}: is not one of cpu, cuda, cuda:1, mps")
    if int(number or 0) >= count:
        raise InputError(f"--device {device}: this machine has {count} of that kind for torch to use")
    if threads is not None:
        torch.set_num_threads(threads)
    return device, torch.get_num_threads()


def named(option: str, texts: list[str] | None, what: str = "DIR") -> dict[str, str]:
    """``NAME=VALUE`` texts as a dictionary, in the order given.

    Raises:
        InputError: a text has no name or no value, or a name comes twice.
    """
    by_name: dict[str, str] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InputError(f"{option} {text}: expected NAME={what}")
        if name in by_name:
            raise InputError(f"{option} {text}: {name} is given twice")
        by_name[name] = value
    return by_name


def numbers(option: str, texts: list[str] | None) -> dict[str, float]:
    """``NAME=NUMBER`` texts as a dictionary; one text may hold several, separated by commas.

    Raises:
        InputError: as `named`, or a value is no number.
    """
    by_name = {}
    for name, value in named(option, [part for text in texts or [] for part in text.split(",")], "NUMBER").items():
        try:
            by_name[name] = float(value)
        except ValueError:
            raise InputError(f"{option} {name}={value}: {value!r} is not a number") from None
    return by_name


def share_of(top: str | None) -> float | None:
    """The share of the units that ``--top`` asks for."""
    return None if top is None else proportion(top)


def warn_if_wrecked(network: nn.Module, target: nn.Module, baseline: nn.Module) -> None:
    """Say so where an altered network is wrecked on packaged photos."""
    if reason := wrecked_on_photos(network, target, baseline, scale_of(target)):
        logger.warning("this wrecks the image: %s (on crops of packaged photos)", reason)


def function_and_file(text: str) -> tuple[str, str]:
    """``FILE``, or ``NAME=FILE``; the name is empty where there is none."""
    name, equals, file = text.partition("=")
    return (name, file) if equals and not Path(text).exists() else ("", text)
