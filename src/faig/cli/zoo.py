"""``faig zoo list``, ``show``, ``export``, ``push`` and ``pull``."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markdown import Markdown, TableElement
from rich.table import Column, Table
from rich.text import Text

from faig import zoo
from faig.cli.options import Arch, Force
from faig.cli.output import screen
from faig.cli.tables import Sheet
from faig.common.errors import InputError
from faig.common.files import new_file
from faig.common.plain import without_folders
from faig.networks.checkpoint import load_builder, network_metadata
from faig.networks.export import check_suffix
from faig.networks.export import export as export_network
from faig.zoo.card import CARD, read_card
from faig.zoo.record import PairRecord, in_words, record_of, training_facts

logger = logging.getLogger("faig")
app = typer.Typer(
    name="zoo",
    help="Trained pairs: those that ship with the package, and your own.",
    no_args_is_help=True,
    add_completion=False,
)
Place = Annotated[str, typer.Argument(metavar="OWNER/REPOSITORY", help="Or a path that begins with / or ., or a URL.")]
ROWS = 12  # of a table that leaves the rest of a screen of 24 lines to what else is said
Name = Annotated[str, typer.Argument(metavar="NET", help="Zoo name, .safetensors or .pth file.")]


class Folding(TableElement):
    """A table of a card: what is too long for a column is folded, not cut."""

    def __rich_console__(self, console: Any, options: Any) -> Any:
        """For rich."""
        for table in super().__rich_console__(console, options):
            for column in getattr(table, "columns", ()):
                column.overflow = "fold"
            yield table


class Card(Markdown):
    """A card, for the terminal."""

    elements = Markdown.elements | {"table_open": Folding}


@app.command("list", epilog="Example: faig zoo list")
def list_pairs() -> None:
    """Print the pairs: what --pair takes, and NAME/target, NAME/baseline wherever a network is asked for."""
    records = []
    for name in zoo.pairs():
        try:
            records.append(record_of(name))
        except InputError as error:  # the others are listed all the same
            logger.warning("%s: %s", name, error)
    rows = [
        [
            record.name,
            ", ".join(record.functions),
            record.architecture,
            f"×{record.scale}",
            f"{record.parameters:,}",
            f"{record.size / 1e6:.1f}",
        ]
        for record in records
    ]
    sheet = Sheet(["pair", "removes", "network", "scale", "parameters", "MB"], rows, names=3)
    screen.result(sheet, networks=zoo.names(), pairs=[asdict(record) for record in records])
    screen.note("More of one: faig zoo show NAME")


@app.command("show", epilog="Example: faig zoo show srresnet-x2")
def show(
    name: Annotated[str, typer.Argument(help="A pair (srresnet-x2), one of its networks, or a file.")],
    card: Annotated[bool, typer.Option("--card", help="The whole card of a pair, with how it was trained.")] = False,
) -> None:
    """Print what a pair is and reaches, or the record of one network."""
    if name not in zoo.pairs():
        file = zoo.find(name)
        record = without_folders(network_metadata(file))
        arguments = ", ".join(f"{key} {value}" for key, value in dict(record.get("arguments") or {}).items())
        lines = {"network": record.get("architecture", "not known by name"), "built with": arguments or "its defaults"}
        lines |= {"file": f"{file.stat().st_size / 1e6:.1f} MB"} | training_facts(record)
        screen.result(_facts({"name": name, **lines}), **record)
        screen.note(f"The whole record: faig zoo show {name} --json")
        return
    if card:
        file = zoo.folder(name) / CARD
        if not file.is_file():
            raise InputError(f"{name}: has no card; name one of its networks: {name}/baseline, {name}/target")
        text = read_card(file)[1]
        screen.result(Card(text), pair=name, card=text)
        return
    pair = record_of(name)
    lines = {
        "network": f"{pair.architecture or 'not known by name'}, ×{pair.scale}, {pair.parameters:,} parameters",
        "files": f"{pair.size / 1e6:.1f} MB; beside them: {', '.join(pair.beside) or 'nothing'}",
        "removes": ", ".join(pair.functions) or "not measured",
        "trained on": in_words(pair.trained) or "not told",
        "fine-tuning": f"moved the weights by {pair.change:.2f} of their size",
    }
    screen.result(_facts({"pair": name, **lines}), **asdict(pair))
    if pair.measured:
        screen.result(_measured(pair))
    screen.note(f"The whole card: faig zoo show {name} --card")


def _facts(facts: dict[str, Any]) -> Table:
    """Values beside their names."""
    table = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2, 0, 0))
    for name, value in facts.items():
        table.add_row(name, Text(str(value)))
    return table


def _measured(pair: PairRecord) -> Sheet:
    """PSNR of both networks by images and input; of many, the last sets alone, as a screen is all that is wanted."""
    rows = []
    measured = list(dict.fromkeys((row.images, row.input) for row in pair.measured))
    while len(measured) > ROWS and (first := measured[0][0]) != measured[-1][0]:
        measured = [(images, kind) for images, kind in measured if images != first]
    for images, kind in measured:
        psnr = {row.network: row.psnr for row in pair.measured if (row.images, row.input) == (images, kind)}
        gain = pair.gain(images, kind)
        ends = [f"{psnr[role]:.2f}" if role in psnr else "" for role in zoo.ROLES]
        rows.append([images, kind, *ends, "" if gain is None else f"{gain:+.1f}"])
    return Sheet(["images", "input", "baseline", "target", "gain"], rows, names=2, title="PSNR in dB")


@app.command("export", epilog="Example: faig zoo export srresnet-x2/target target.pth")
def export(
    name: Name,
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A .safetensors file, a .pth file as BasicSR's, or an .onnx file.")
    ],
    half: Annotated[bool, typer.Option("--half", help="Keep the weights in float16.")] = False,
    arch: Arch = None,
    force: Force = False,
) -> None:
    """Write a network to a file of your own, in float32 unless --half."""
    new_file(out, force)
    check_suffix(out)
    builder = load_builder(arch) if arch else None
    network = zoo.load(name, builder)
    export_network(network, out, {} if builder else network_metadata(zoo.find(name)), half=half)
    screen.result(str(out), network=out)


@app.command("push", epilog="Example: faig zoo push my-pair jane/my-pair")
def push(
    pair: Annotated[str, typer.Argument(help="A pair, or a folder with baseline.safetensors and target.safetensors.")],
    place: Place,
    private: Annotated[bool, typer.Option("--private", help="Where the repository has to be made.")] = False,
) -> None:
    """Copy a pair, with its card and scores, to a Hugging Face hub repository (log in first: hf auth login)."""
    from faig.zoo import hub  # needs an extra

    files = hub.push(pair, place, private=private)
    screen.result("\n".join(map(str, files)), files=files)


@app.command("pull", epilog="Example: faig zoo pull jane/my-pair")
def pull(
    place: Place,
    name: Annotated[str | None, typer.Option("--name", help="What to call it.", show_default="as there")] = None,
    force: Force = False,
) -> None:
    """Copy a pair from a Hugging Face hub repository into your zoo ($FAIG_ZOO, or your data folder)."""
    from faig.zoo import hub  # needs an extra

    pair = hub.pull(place, name, force=force)
    networks = [network for network in zoo.names() if network.startswith(f"{pair}/")]
    screen.result("\n".join(networks), pair=pair, networks=networks)
