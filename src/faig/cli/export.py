"""``faig export``."""

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
from faig.filters import UNITS, FilterSpace
from faig.intervention.edit import modulate
from faig.intervention.turnable import Turnable, export_turnable
from faig.networks.checkpoint import load_builder
from faig.networks.inference import channels_of
from faig.zoo.scores import chosen_by

app = typer.Typer(add_completion=False)


@app.command(
    epilog="Example: faig export srresnet-x2 --filters blur=srresnet-x2/blur@learned --filters "
    "noise=srresnet-x2/noise@learned --out knob.onnx"
)
@cli.taking(cli.PAIR, cli.CHECKED, cli.UNITS_RANKED, cli.NEW)
def export(
    out: Annotated[Path, typer.Option("--out", metavar="NET.onnx", help="The graph.")],
    name: Annotated[
        str | None,
        typer.Argument(metavar="[PAIR]", help="Of the zoo; else --baseline and --target.", show_default=False),
    ] = None,
    filters: cli.NamedFilters = None,
    top: cli.Top = None,
    per_unit: Annotated[
        bool, typer.Option("--per-unit", help="In place of --filters: one strength for each unit of the network.")
    ] = False,
    **options: Any,
) -> None:
    """Write a pair as one ONNX graph whose strengths are an input: a knob for apps, without PyTorch."""
    reading.compute_on(options["device"], options["threads"])  # nothing here is random
    if name and options["pair"]:
        raise InputError(f"{name} and --pair {options['pair']}: name one pair")
    if bool(filters) == per_unit:
        raise InputError("name what turns each function, --filters blur=srresnet-x2/blur@learned, or else --per-unit")
    new_file(out, options["force"])
    names = reading.networks(name or options["pair"], options["baseline"], options["target"])
    builder = load_builder(arch) if (arch := options["arch"]) else None
    high, low = zoo.load_networks(**names, builder=builder)
    files = reading.named("--filters", filters, "FILE")
    if per_unit:
        network = Turnable(high, low, None, FilterSpace.of(high, options["unit"] or UNITS[0], options["everything"]))
    else:
        numbering = {"unit": options["unit"], "everything": options["everything"]}
        chosen = chosen_by(files, high, reading.share_of(top), baseline=low, **numbering)
        network = Turnable(high, low, chosen)
        if options["check"]:
            record = reading.record_of(names["target"], builder)
            for function, units in chosen.items():
                off = modulate(high, low, units, 0.0)
                reading.warn_if_wrecked(off, high, low, record, f"{function} at strength 0")
        screen.note(describe_methods(methods_of(files)))
    difference = export_turnable(network, out, channels_of(high))
    size = out.stat().st_size
    what = ", ".join(network.functions) or f"each of {network.inputs:,} {network.space.unit}s"
    screen.result(
        f"{out}: inputs image and strength ({what}), {size / 1e6:.1f} MB; within {difference:.1g} of PyTorch",
        network=out,
        functions=network.functions,
        units=network.inputs if per_unit else None,
        difference=difference,
        bytes=size,
    )
