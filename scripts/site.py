"""What the documentation has beside its pages, made before the site is built: docs/play and docs/reports.

python scripts/site.py docs [--runtime DIR]

The page to play with is `faig explore --out` of the pair in examples/three-degradations. Where what runs it in a
browser cannot be had, a line says so, and the folder has a picture in its place. Reports are what `faig report` makes
of the tables that are kept in docs/results.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from faig.common.errors import InputError
from faig.common.files import new_folder
from faig.explore.explorer import Explorer
from faig.explore.static_page import write_page
from faig.explore.subject import Subject
from faig.report.html.page import page_of
from faig.results.reader import Results
from faig.results.run_directory import CONFIG
from faig.zoo import hub

ROOT = Path(__file__).parents[1]
PAIR = "three-degradations"
STILL = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>faig explore</title>
<style>body { margin: 0 } img { width: 100% }</style>
<picture>
<source srcset="../images/explore-desk-dark.png" media="(prefers-color-scheme: dark)">
<img src="../images/explore-desk-light.png" alt="The page to play with: a photo, a slider for each function">
</picture>
</html>
"""


def main(
    docs: Annotated[Path, typer.Argument(help="The folder of the pages.")],
    runtime: Annotated[
        Path | None, typer.Option(help="A node_modules folder with what runs it; else fetched once.")
    ] = None,
) -> None:
    """Write both."""
    write_reports(docs)
    write_play(docs / "play", runtime)


def write_reports(docs: Path) -> None:
    """A report of each study whose tables are kept, under the title of its page."""
    runs = sorted(config.parent for config in (docs / "results").glob(f"*/{CONFIG}"))
    with new_folder(docs / "reports", force=True, ours=["*.html"]) as part:
        for run in runs:
            title = run.with_suffix(".md").read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
            (part / f"{run.name}.html").write_text(page_of(Results.of(run), title)[0], encoding="utf-8")
    print(f"{docs / 'reports'}: {', '.join(run.name for run in runs) or 'none'}")


def write_play(play: Path, runtime: Path | None) -> None:
    """The page to play with, or the picture; nothing of an earlier one stays."""
    shutil.rmtree(play, ignore_errors=True)
    with tempfile.TemporaryDirectory() as own_zoo:
        os.environ["FAIG_ZOO"] = own_zoo  # there the pair has a name, as any that was pulled
        hub.pull(str(ROOT / "examples" / PAIR / "pair"), PAIR)
        try:
            write_page(Explorer(Subject.of_pair(PAIR)), play, runtime, force=True)
        except InputError as error:
            if error.setting != "runtime":
                raise
            with new_folder(play, force=True, ours=["*"]) as part:
                (part / "index.html").write_text(STILL, encoding="utf-8")
            print(f"{play}: a picture in place of the page to play with: {error}")
            return
    size = sum(file.stat().st_size for file in play.rglob("*") if file.is_file())
    print(f"{play}: the page to play with, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    typer.run(main)
