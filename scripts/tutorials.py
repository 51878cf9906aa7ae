"""The tutorials: notebooks that are executed here and keep their outputs, and pages that are made of these.

python scripts/tutorials.py run [NAME ...] [--into DIR]   executes all, or those named; stores what they show
python scripts/tutorials.py pages                         writes docs/tutorials/*.md and their pictures

A code cell whose figure is shown says what it shows, for those who cannot see it, in lines that begin with ``#|``, as
Quarto has them: ``#| fig-alt: Three crops side by side``. They are not on the page.
"""

import argparse
import base64
import contextlib
import hashlib
import io
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat import NotebookNode
from PIL import Image, ImageOps

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "tutorials"
TUTORIALS = ("tour", "own-network", "public-network", "three-degradations", "paper", "strength-knob", "fooled")
PICTURES = "pictures"  # beside the pages
THUMBNAIL = (480, 288)  # pixels
LONGEST = 900  # seconds that a cell may take where other programs run beside

# What a notebook reads that is not in the repository: the variable that names its folder, and where each file may lie.
WEIGHTS = "REALESR_WEIGHTS"
BROUGHT = ROOT.parent / "shared" / "public" / "realesr-general-x4v3"
NEEDS = {
    "public-network": {
        "realesr-general-x4v3.pth": BROUGHT / "target.pth",
        "realesr-general-wdn-x4v3.pth": BROUGHT / "baseline.pth",
    }
}

TEMPLATE = """{% extends 'markdown/index.md.j2' %}
{% block input %}
```python
{{ cell.source }}
```
{% endblock input %}
{% block stream %}
``` {.text .printed}
{{ output.text.rstrip() }}
```
{% endblock stream %}
{% block data_text %}
``` {.text .printed}
{{ output.data['text/plain'] }}
```
{% endblock data_text %}
{% block data_png %}
![{{ output.metadata['image/png'].alt }}]({{ output.metadata.filenames['image/png'] | path2url }})
{% endblock data_png %}
"""


def read(name: str) -> NotebookNode:
    """A tutorial by its name."""
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def fingerprint(notebook: NotebookNode) -> str:
    """Of the code that outputs are of."""
    return hashlib.sha256("\0".join(cell.source for cell in code_cells(notebook)).encode()).hexdigest()


def alt_text(source: str) -> str:
    """What a cell says of its picture."""
    said = "\n".join(line.removeprefix("#|") for line in source.splitlines() if line.startswith("#|"))
    return str((yaml.safe_load(said) or {}).get("fig-alt", ""))


def executed(name: str) -> NotebookNode:
    """A tutorial, run in a new kernel in its own folder, with its outputs and nothing that changes from run to run.

    Raises:
        CellExecutionError: a cell raised something.
        ValueError: a cell wrote to standard error, or shows a picture without saying what it is.
    """
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    notebook, where = read(name), {"metadata": {"path": str(FOLDER)}}
    alts = [alt_text(cell.source) for cell in code_cells(notebook)]
    with tempfile.TemporaryDirectory() as folder, given({"IPYTHONDIR": folder}):
        manager = AsyncKernelManager(connection_file=f"{folder}/kernel.json", transport="ipc")
        patience = {"timeout": LONGEST, "startup_timeout": LONGEST}
        NotebookClient(notebook, manager, record_timing=False, resources=where, **patience).execute(cleanup_kc=True)
    notebook.metadata = NotebookNode(
        kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"},
        language_info={"name": "python"},
        faig={"sources": fingerprint(notebook)},
    )
    for cell, alt in zip(code_cells(notebook), alts, strict=True):
        cell.metadata = NotebookNode()
        for output in cell.outputs:
            if output.get("name") == "stderr":
                raise ValueError(f"{name}: a cell writes to standard error: {output.text}")
            if "image/png" in output.get("data", {}):
                if not alt:
                    raise ValueError(f"{name}: a cell shows a picture without #| fig-alt: {cell.source}")
                output.data["image/png"] = smaller(output.data["image/png"])
                output.metadata = NotebookNode({"image/png": {"alt": alt}})
    return notebook


def smaller(picture: str) -> str:
    """A PNG in base64 in 256 colours: a third of the bytes, and nobody sees it."""
    packed = io.BytesIO()
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
    return base64.b64encode(packed.getvalue()).decode("ascii")


@contextlib.contextmanager
def given(variables: dict[str, str]) -> Iterator[None]:
    """Environment variables, for what is started within."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def run(names: list[str], into: Path) -> None:
    """Execute tutorials one after the other; one whose files are not here is left as it is, and a line says so."""
    for name in names:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as weights, contextlib.ExitStack() as stack:
            needed = NEEDS.get(name, {})
            if needed and WEIGHTS not in os.environ:
                if missing := [file for file, place in needed.items() if not place.is_file()]:
                    print(f"{name}: not run, its outputs stay: {missing[0]} is not here; {WEIGHTS} names its folder")
                    continue
                for file, place in needed.items():
                    (Path(weights) / file).symlink_to(place)
                stack.enter_context(given({WEIGHTS: weights}))
            notebook = executed(name)
        nbformat.write(notebook, into / f"{name}.ipynb")
        print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)


def title_and_summary(notebook: NotebookNode) -> tuple[str, str]:
    """What a tutorial's first cell says: its heading, and the paragraph below it."""
    heading, summary, *_ = notebook.cells[0].source.split("\n\n")
    return heading.removeprefix("# "), " ".join(summary.split())


def page(name: str) -> tuple[str, dict[str, bytes]]:
    """The page of a tutorial in Markdown, and its pictures by path."""
    from nbconvert import MarkdownExporter

    notebook = read(name)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":  # a notebook links to notebooks, a page to pages
            cell.source = re.sub(rf"\(({'|'.join(TUTORIALS)})\.ipynb", r"(\1.md", cell.source)
    for cell in code_cells(notebook):
        cell.source = "\n".join(line for line in cell.source.splitlines() if not line.startswith("#|"))
        for output in cell.outputs:
            if html := output.get("data", {}).get("text/html"):
                output.data["text/html"] = plain_table(html)
    notebook.cells.insert(
        1, nbformat.v4.new_markdown_cell(f"This page is a notebook with its outputs: [download it]({name}.ipynb).")
    )
    exporter = MarkdownExporter(raw_template=TEMPLATE)
    text, resources = exporter.from_notebook_node(notebook, {"unique_key": name, "output_files_dir": PICTURES})
    return text.strip() + "\n", resources["outputs"]


def plain_table(html: str) -> str:
    """A table as the site's style expects it: without styles and classes of its own."""
    from bs4 import BeautifulSoup

    table = BeautifulSoup(html, "html.parser").table
    for element in [table, *table.find_all(True)]:
        element.attrs = {name: value for name, value in element.attrs.items() if name in ("colspan", "rowspan")}
    return str(table)


def thumbnail(picture: bytes) -> bytes:
    packed = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    shown = ImageOps.fit(image, THUMBNAIL, centering=(1, 0))  # what was altered is on the right
    shown.save(packed, "WEBP", quality=85)
    return packed.getvalue()


def pages() -> dict[str, bytes]:
    """Every file of the site's tutorials by its path in their folder: pages, pictures, and the gallery as index."""
    files: dict[str, bytes] = {}
    cards = []
    for name in TUTORIALS:
        text, pictures = page(name)
        files |= {f"{name}.md": text.encode(), **pictures}
        notebook, small = read(name), f"{PICTURES}/{name}.webp"
        title, summary = title_and_summary(notebook)
        outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
        first = next(output for output in outputs if "image/png" in output.get("data", {}))
        files[small] = thumbnail(base64.b64decode(first.data["image/png"]))
        alt = first.metadata["image/png"].alt
        cards.append(f"-   [![{alt}]({small})]({name}.md)\n\n    **[{title}]({name}.md)**\n\n    {summary}\n")
    head = (
        "# Tutorials\n\nNotebooks, shown with what they print: to read here, or to download and run. Each takes less "
        "than two minutes on two cores.\n"
    )
    grid = "\n".join(cards)
    files["index.md"] = f'{head}\n<div class="grid cards" markdown>\n\n{grid}\n</div>\n'.encode()
    return files


def write_pages() -> None:
    for old in FOLDER.glob("*.md"):
        old.unlink()
    shutil.rmtree(FOLDER / PICTURES, ignore_errors=True)
    (FOLDER / PICTURES).mkdir()
    for path, content in pages().items():
        (FOLDER / path).write_bytes(content)


def main(arguments: list[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.add_argument("names", nargs="*", metavar="NAME")
    running.add_argument("--into", type=Path, default=FOLDER)
    commands.add_parser("pages")
    given_options = parser.parse_args(arguments)
    if given_options.command == "pages":
        return write_pages()
    if unknown := [name for name in given_options.names if name not in TUTORIALS]:
        parser.error(f"{unknown[0]!r} is not one of {', '.join(TUTORIALS)}")
    return run(given_options.names or list(TUTORIALS), given_options.into)


if __name__ == "__main__":
    sys.exit(main())
