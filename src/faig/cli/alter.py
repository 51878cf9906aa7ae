"""``faig revert``, ``faig modulate`` and ``faig graft``."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from faig import zoo
from faig.cli import options as cli
from faig.cli import reading
from faig.cli.methods import describe_methods, methods_of
from faig.cli.output import screen
from faig.common.errors import InputError
from faig.common.files import new_file
from faig.filters import Strengths
from faig.intervention import edit
from faig.networks.checkpoint import load_builder
from faig.networks.export import check_suffix, export
from faig.zoo.scores import chosen_by

app = typer.Typer(add_completion=False)
Out = Annotated[Path, typer.Option("--out", metavar="NET", help="The new network: .safetensors, .pth or .onnx.")]

ALTERED: cli.Group = {"top": (cli.Top, None), **cli.CHECKED}


@app.command(
    epilog="Example: faig revert --pair srresnet-x2 --filters runs/demo/compare/filters-blur.csv --top 1% "
    "--out no-deblur.safetensors"
)
@cli.taking(cli.PAIR, ALTERED, cli.UNITS_RANKED, cli.NEW)
def revert(
    filters: cli.Filters,
    out: Out,
    **options: Any,
) -> None:
    """Give filters of the target their baseline weights back: switch a function off."""
    _alter("revert", 0.0, filters, out, options)


@app.command(
    epilog="Example: faig modulate --pair srresnet-x2 --filters srresnet-x2/noise --top 1% --strength 0.5 "
    "--out half-denoise.safetensors"
)
@cli.taking(cli.PAIR, ALTERED, cli.UNITS_RANKED, cli.NEW)
def modulate(
    filters: cli.Filters,
    strength: Annotated[float, typer.Option("--strength", help="0 is the baseline, 1 the target, 1.5 overshoots.")],
    out: Out,
    **options: Any,
) -> None:
    """Give filters of the target weights between baseline and target, or beyond."""
    _alter("modulate", strength, filters, out, options)


@app.command(
    epilog="Example: faig graft --pair srresnet-x2 --filters srresnet-x2/blur --top 1% --out only-deblur.safetensors"
)
@cli.taking(cli.PAIR, ALTERED, cli.UNITS_RANKED, cli.NEW)
def graft(
    filters: cli.Filters,
    out: Out,
    **options: Any,
) -> None:
    """Give filters of the baseline their target weights: are they enough for the function?"""
    _alter("graft", 1.0, filters, out, options)


def _alter(how: str, strength: float, filters: str, out: Path, options: dict[str, Any]) -> None:
    """Make the network and write it; nothing here is random."""
    if not math.isfinite(strength):
        raise InputError(f"--strength {strength}: is not a finite number")
    reading.compute_on(options["device"], options["threads"])
    share = reading.share_of(options["top"])
    function, file = reading.function_and_file(filters)
    names = reading.networks(options["pair"], options["baseline"], options["target"])
    check_suffix(out)
    new_file(out, options["force"])
    builder = load_builder(options["arch"]) if options["arch"] else None
    high, low = zoo.load_networks(**names, builder=builder)
    numbering = {"unit": options["unit"], "everything": options["everything"]}
    units = chosen_by({function: file}, high, share, baseline=low, **numbering)[function]
    space, count = units.space, int((Strengths.of(units).values != 1).sum())
    network = edit.graft(high, low, units) if how == "graft" else edit.modulate(high, low, units, strength)
    known = reading.record_of(names["target"], builder)
    if options["check"]:
        reading.warn_if_wrecked(network, high, low, known)
    metadata: dict[str, Any] = {key: known[key] for key in ("architecture", "arguments") if key in known}
    altered = {"how": how, "strength": strength, **names, "count": count}
    metadata["altered"] = altered | {"filters": Path(file).name}
    export(network, out, metadata)
    methods = methods_of({"filters": file})
    screen.note(describe_methods(methods))
    screen.result(
        f"{out}: {count} of {len(space)} {space.unit}s ({count / len(space):.3g} of all) at strength {strength:g}",
        network=out,
        method=methods["filters"],
        **altered,
        of=len(space),
        share=share,
    )
