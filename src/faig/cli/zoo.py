"""``faig zoo list``, ``show``, ``export``, ``push`` and ``pull``."""

from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.markdown import Markdown

from faig import zoo
from faig.cli.options import Arch, Force
from faig.cli.output import screen
from faig.common.errors import InputError
from faig.common.files import new_file
from faig.networks.checkpoint import load_builder, network_metadata
from faig.networks.export import check_suffix
from faig.networks.export import export as export_network

app = typer.Typer(
    name="zoo",
    help="Trained pairs: those that ship with the package, and your own.",
    no_args_is_help=True,
    add_completion=False,
)
Place = Annotated[str, typer.Argument(metavar="OWNER/REPOSITORY", help="Or a path that begins with / or ., or a URL.")]
Name = Annotated[str, typer.Argument(metavar="NET", help="Zoo name, .safetensors or .pth file.")]


@app.command("list", epilog="Example: faig zoo list")
def list_networks() -> None:
    """Print the names of all networks; --pair takes what stands before the slash."""
    screen.result("\n".join(zoo.names()), networks=zoo.names(), pairs=zoo.pairs())


@app.command("show", epilog="Example: faig zoo show srresnet-x2")
def show(
    name: Annotated[str, typer.Argument(help="A pair (srresnet-x2), one of its networks, or a file.")],
) -> None:
    """Print the card of a pair, or the record of one network."""
    card = zoo.folder(name) / "card.md" if name in zoo.pairs() else None
    if card is None:
        record = network_metadata(zoo.find(name))
        screen.result(yaml.safe_dump(record, sort_keys=True, allow_unicode=True).rstrip("\n"), **record)
        return
    if not card.is_file():
        raise InputError(f"{name}: has no card; name one of its networks: {name}/baseline, {name}/target")
    text = card.read_text(encoding="utf-8")
    screen.result(Markdown(text), pair=name, card=text)


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
