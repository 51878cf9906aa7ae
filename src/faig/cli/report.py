"""``faig report``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.cli.app import app


@app.command(epilog="Example: faig report runs/demo, then open runs/demo/report.html")
def report(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Of faig attribute, compare, sweep, demo, or of a whole study.")
    ],
    markdown: Annotated[
        Path | None,
        typer.Option(
            "--markdown", metavar="FILE.md", help="Claims, main tables and small pictures too, as a Markdown file."
        ),
    ] = None,
) -> None:
    """One HTML file of everything that a run found; opens from disk, needs no network."""
    from faig.report.markdown import write_markdown

    if markdown is not None:
        write_markdown(run, markdown)
    say_report(run)
    if markdown is not None:
        print(f"Markdown: {markdown}")


def say_report(run: Path) -> None:
    """Write it, and say where it is."""
    from faig.report.figures.export import FIGURES
    from faig.report.html.page import write_report

    print(f"report: {write_report(run)}")
    if (run / FIGURES).is_dir():
        print(f"its charts as PNG and SVG: {run / FIGURES}")
