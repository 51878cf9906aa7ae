"""``faig zoo list``, ``show``, ``export``, ``push`` and ``pull``."""

from pathlib import Path
from typing import Annotated

import typer

from faig import zoo
from faig.cli.app import app
from faig.cli.options import Arch, Force
from faig.common.errors import InputError
from faig.common.files import new_file
from faig.networks.checkpoint import load_builder, network_metadata
from faig.networks.export import check_suffix
from faig.networks.export import export as export_network

zoo_app = typer.Typer(help="Trained pairs: those that ship with the package, and your own.", no_args_is_help=True)
app.add_typer(zoo_app, name="zoo")
Place = Annotated[str, typer.Argument(metavar="OWNER/REPOSITORY", help="Or a path that begins with / or ., or a URL.")]
Name = Annotated[str, typer.Argument(metavar="NET", help="Zoo name, .safetensors or .pth file.")]


@zoo_app.command("list", epilog="Example: faig zoo list")
def list_networks() -> None:
    """Print the names of all networks."""
    for name in zoo.names():
        print(name)


@zoo_app.command("show", epilog="Example: faig zoo show srresnet-x2")
def show(
    name: Annotated[str, typer.Argument(help="A pair (srresnet-x2), one of its networks, or a file.")],
) -> None:
    """Print the card of a pair, or the record of one network."""
    card = zoo.folder(name) / "card.md" if name in zoo.pairs() else None
    if card is not None and card.is_file():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(card.read_text(encoding="utf-8")))
        return
    import yaml

    if card is not None:
        raise InputError(f"{name}: has no card; name one of its networks: {name}/baseline, {name}/target")
    print(yaml.safe_dump(network_metadata(zoo.find(name)), sort_keys=True, allow_unicode=True), end="")


@zoo_app.command("export", epilog="Example: faig zoo export srresnet-x2/target target.pth")
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
    print(out)


@zoo_app.command("push", epilog="Example: faig zoo push my-pair jane/my-pair")
def push(
    pair: Annotated[str, typer.Argument(help="A pair, or a folder with baseline.safetensors and target.safetensors.")],
    place: Place,
    private: Annotated[bool, typer.Option("--private", help="Where the repository has to be made.")] = False,
) -> None:
    """Copy a pair, with its card and scores, to a Hugging Face hub repository (log in first: hf auth login)."""
    from faig.zoo import hub

    for file in hub.push(pair, place, private=private):
        print(file)


@zoo_app.command("pull", epilog="Example: faig zoo pull jane/my-pair")
def pull(
    place: Place,
    name: Annotated[str | None, typer.Option("--name", help="What to call it.", show_default="as there")] = None,
    force: Force = False,
) -> None:
    """Copy a pair from a Hugging Face hub repository into your zoo ($FAIG_ZOO, or your data folder)."""
    from faig.zoo import hub

    name = hub.pull(place, name, force=force)
    print("\n".join(network for network in zoo.names() if network.startswith(f"{name}/")))
