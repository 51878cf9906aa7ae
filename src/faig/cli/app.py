"""The application that every command registers with."""

import typer

from faig.common.version import __version__

app = typer.Typer(
    name="faig",
    help="Find the filters of an image-restoration network that do one job; switch it off, or turn it up and down.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    """Print the version where asked."""
    if version:
        print(f"faig {__version__}")
        raise typer.Exit
