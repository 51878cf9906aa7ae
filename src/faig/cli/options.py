"""Options that several commands share, one by one and in groups.

A default stands in the model of the settings, and help shows it from there: an option that was not given is None.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ByteSize

from faig.attribution.integration.gradients import PRECISIONS
from faig.attribution.integration.objectives import OBJECTIVES
from faig.attribution.integration.quadrature import RULES
from faig.attribution.options import SUBTRACT, TOP, BudgetOptions, IntegralOptions
from faig.common.setting_types import MOST_SEED, MOST_THREADS
from faig.experiment.config import CompareConfig, ImagesConfig, NetworksConfig
from faig.filters import UNITS
from faig.imaging.degradation import STEPS

DEFAULT_PAIR = "srresnet-x2"  # of the zoo, where a command needs a pair and is given none


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
    typer.Option("--top", metavar="SHARE", help="How many of the ranking: 1% or 0.01.", show_default=f"{TOP:.0%}"),
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
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=MOST_SEED, help="Of everything random.", show_default="0")
]
Device = Annotated[str | None, setting(NetworksConfig, "device", "Where to compute: cpu, cuda, cuda:1, mps.")]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, max=MOST_THREADS, help="Of the CPU.", show_default="what torch takes")
]
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
LrSuffix = Annotated[
    str | None,
    typer.Option("--lr-suffix", metavar="END", help="How names of LR images end: x2, where 0801x2.png is of 0801.png."),
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


Group = Mapping[str, tuple[Any, Any]]  # by parameter: its annotation, and its default

PAIR: Group = {"pair": (PairName, None), "baseline": (Baseline, None), "target": (Target, None)}
CHECKED: Group = {"check": (Check, True)}
UNITS_RANKED: Group = {"unit": (Unit, None), "everything": (Everything, False)}
COMPUTE: Group = {"seed": (Seed, None), "device": (Device, None), "threads": (Threads, None)}
NEW: Group = {"arch": (Arch, None), "force": (Force, False), **COMPUTE}
IMAGES: Group = {
    "lr": (LrFolders, None),
    "degrade": (Degrade, None),
    "downsampling": (Downsampling, None),
    "strict_size": (StrictSize, False),
    "lr_suffix": (LrSuffix, None),
}
INTEGRAL: Group = {
    "against": (Against, None),
    "quadrature": (QuadratureRule, None),
    "nodes": (Nodes, None),
    "objective": (ObjectiveName, None),
    "layers": (Layers, None),
    "not_layers": (NotLayers, None),
    "memory": (Memory, None),
    "precision": (Precision, None),
}


def taking(*groups: Group) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of some groups, after its own; it receives them as keywords."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [each for each in inspect.signature(command).parameters.values() if each.kind is not each.VAR_KEYWORD]
        shared = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for group in groups
            for name, (annotation, default) in group.items()
        ]

        @functools.wraps(command)
        def called(**given: Any) -> None:
            command(**given)

        parameters = [each.replace(kind=each.KEYWORD_ONLY) for each in own] + shared
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {each.name: each.annotation for each in parameters}
        return called

    return decorate
