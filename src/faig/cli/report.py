"""``faig report``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.cli.output import screen
from faig.common.errors import InputError
from faig.report.figures.export import FIGURES
from faig.report.headline import headline
from faig.report.html.page import write_report
from faig.report.markdown import write_markdown
from faig.results.reader import Results

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: faig report runs/demo")
def report(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Of faig attribute, compare, sweep, demo, or of a whole study.")
    ],
    markdown: Annotated[
        Path | None,
        typer.Option(
            "--markdown",
            metavar="FILE.md",
            help="A short page of it as Markdown too, with its tables and small pictures in a folder beside it.",
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", help="Of that page.", show_default="the networks' names")
    ] = None,
) -> None:
    """One HTML file of everything that a run found; opens from disk, needs no network."""
    if title is not None and markdown is None:
        raise InputError(f"--title {title}: is of the page that --markdown names; name its file")
    if markdown is not None:
        write_markdown(run, markdown, title)
    print_report(run)
    if markdown is not None:
        screen.result(f"Markdown: {markdown}", markdown=markdown)


def print_report(run: Path) -> None:
    """Write it, and say where it is."""
    path = write_report(run)
    screen.result(f"report: {path}", run=run, report=path)
    print_found(run)
    if (run / FIGURES).is_dir():
        screen.note(f"its charts as PNG and SVG: {run / FIGURES}", charts=run / FIGURES)


def print_found(run: Path) -> None:
    """What it found, in a sentence, where its tables say so."""
    if found := headline(Results.of(run)):
        screen.result(found.sentence, found=found.sentence)
