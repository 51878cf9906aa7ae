"""The application: which commands there are. What a command needs is imported when it is run or asked for its help."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from faig.cli.output import output_options
from faig.common.version import __version__

START, FIND, USE, STUDY, TRAIN = "Start", "Find filters", "Use them", "Study", "Train"
COMMANDS = {  # panel, module, and what it does
    "demo": (START, "demo", "The whole story on the shipped pair and photos, in minutes."),
    "zoo": (START, "zoo", "Trained pairs: list, show, export, push, pull."),
    "attribute": (FIND, "attribute", "Find the filters of each function: scores and rankings."),
    "compare": (FIND, "compare", "Find them by several methods, revert and graft them, measure the effects."),
    "distribution": (FIND, "distribution", "Where in the network the filters are, and what each does."),
    "revert": (USE, "alter", "Switch a function off: a new network."),
    "modulate": (USE, "alter", "Turn a function down, or up: a new network."),
    "graft": (USE, "alter", "Give the baseline the filters of a function: a new network."),
    "restore": (USE, "restore", "Run a network over images, with functions turned up or down."),
    "explore": (USE, "explore", "A page to play with: your photo, a slider for each function, the map of all filters."),
    "sweep": (USE, "sweep", "Turn functions from off to beyond their usual strength: curves and pictures."),
    "export": (USE, "export", "Write a pair as one ONNX graph with strengths as an input: a knob for apps."),
    "predict": (USE, "predict", "Say which degradations images have."),
    "run": (STUDY, "run", "Run a whole study, or repeat any run from its configuration."),
    "report": (STUDY, "report", "One HTML file of everything that a run found."),
    "train": (TRAIN, "train", "Train a baseline, a target, or only a filter set."),
    "data": (TRAIN, "data", "Make training images ready: crop, lmdb."),
    "degrade": (TRAIN, "degrade", "Make LR images from GT images."),
}


class LazyGroup(TyperGroup):
    """Lists commands by `COMMANDS`, and imports the module of the one that is run."""

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        _folding(self)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself in place of the name that was listed."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name and listed else listed, rest


def _folding(command: Any) -> None:
    """Let a command's help fold words that are too long for a column; the tables of typer's cut them."""
    shown = command.format_help

    def format_help(ctx: Any, formatter: Any) -> None:
        from rich.table import Table  # takes 0.1 s
        from rich.text import Text
        from typer import rich_utils

        class Folding(Table):
            def add_row(self, *cells: Any, **options: Any) -> None:
                super().add_row(*cells, **options)
                for column in self.columns:
                    column.overflow = "fold"

        typers: Any = rich_utils
        typers.Table, typers.Columns = Folding, Text(" ", overflow="fold").join
        shown(ctx, formatter)

    command.format_help = format_help


def load_command(name: str) -> Any:
    """A command with all its options, from the module that has it as part of its ``app``."""
    command: Any = typer.main.get_command(import_module(f"faig.cli.{COMMANDS[name][1]}").app)
    if command.name != name:  # a module of several commands
        command = command.commands[name]
    _folding(command)
    for each in getattr(command, "commands", {"": command}).values():
        each.params += _parameters(output_options)
        _folding(each)
    return command


def _parameters(function: Any) -> list[Any]:
    """The options that a function declares."""
    holder = typer.Typer(add_completion=False)
    holder.command()(function)
    return typer.main.get_command(holder).params


app = typer.Typer(
    name="faig",
    cls=LazyGroup,
    help="Find the filters of an image-restoration network that do one job; switch it off, or turn it up and down.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    """Print the version where asked."""
    if version:
        print(f"faig {__version__}")
        raise typer.Exit


def _listed() -> None:
    """Stands for a command in the list of all; see `LazyGroup`."""


for _name, (_panel, _, _about) in COMMANDS.items():
    app.command(_name, help=_about, rich_help_panel=_panel)(_listed)
