"""``faig zoo list``, ``faig zoo show`` and ``faig zoo export``."""

from pathlib import Path
from typing import Annotated

import torch
import typer

from faig import zoo
from faig.checkpoint import network_metadata, read_weights, save_network
from faig.cli.app import app
from faig.cli.options import Force
from faig.errors import InputError
from faig.files import new_file, replacing

zoo_app = typer.Typer(help="The trained networks that ship with the package.", no_args_is_help=True)
app.add_typer(zoo_app, name="zoo")
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
    card = zoo.FOLDER / name / "card.md"
    if card.is_file():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(card.read_text(encoding="utf-8")))
        return
    import yaml

    print(yaml.safe_dump(network_metadata(zoo.find(name)), sort_keys=True, allow_unicode=True), end="")


@zoo_app.command("export", epilog="Example: faig zoo export srresnet-x2/target target.pth")
def export(
    name: Name,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A .safetensors file, or a .pth file as BasicSR's.")],
    half: Annotated[bool, typer.Option("--half", help="Keep the weights in float16.")] = False,
    force: Force = False,
) -> None:
    """Write a network to a file of your own, in float32 unless --half."""
    new_file(out, force)
    if out.suffix not in (".safetensors", ".pth"):
        raise InputError(f"{out}: OUT is a .safetensors or a .pth file")
    found = zoo.find(name)
    weights, metadata = read_weights(found)[0], network_metadata(found)
    dtype = torch.float16 if half else torch.float32
    weights = {key: value.to(dtype) if value.is_floating_point() else value for key, value in weights.items()}
    if out.suffix == ".pth":
        with replacing(out) as part:
            torch.save({"params": weights}, part)
    else:
        save_network(out, weights, metadata)
    print(out)
