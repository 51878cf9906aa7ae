"""``faig explore``."""

import logging
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from faig.attribution.options import IntegralOptions
from faig.cli import options as cli
from faig.cli import reading
from faig.cli.output import screen
from faig.common.errors import InputError
from faig.common.process import keep_memory
from faig.explore.explorer import Explorer
from faig.explore.guard import is_loopback
from faig.explore.serving import bound, serve
from faig.explore.subject import Subject

HOST, PORT = "127.0.0.1", 8325

logger = logging.getLogger("faig")
app = typer.Typer(add_completion=False)


@app.command(epilog="Example: faig explore --pair srcnn-style-x2 — or a run of your own: faig explore runs/set14")
def explore(
    run: Annotated[
        Path | None,
        typer.Argument(metavar="[RUN]", help="Of faig attribute, compare, sweep or a study; else --pair."),
    ] = None,
    pair: Annotated[
        str | None, typer.Option("--pair", metavar="NAME", help="Of the zoo.", show_default=cli.DEFAULT_PAIR)
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any that is free.")] = PORT,
    host: Annotated[
        str,
        typer.Option("--host", metavar="HOST", help="Others than this machine's own can be reached by everybody near."),
    ] = HOST,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Write the page as a folder for any host of files; nothing is served."
        ),
    ] = None,
    runtime: Annotated[
        Path | None,
        typer.Option(
            "--runtime",
            metavar="DIR",
            help="With --out: a node_modules folder that holds onnxruntime-web and gifenc.",
            show_default="fetched once",
        ),
    ] = None,
    force: cli.Force = False,
    memory: Annotated[
        str | None, cli.setting(IntegralOptions, "memory", "To stay under: larger photos are run by tiles.", "SIZE")
    ] = None,
    device: cli.Device = None,
    threads: cli.Threads = None,
) -> None:
    """A page to play with: drop a photo, pull a slider for each function, brush the map of all filters."""
    keep_memory()
    where, _ = reading.compute_on(device, threads)
    if run is not None and pair is not None:
        raise InputError(f"{run} and --pair {pair}: explore one of them")
    if out is None and (runtime is not None or force):
        raise InputError("--runtime and --force are of a page that is written: name its folder with --out")
    room = _bytes(memory)
    if out is not None:
        from faig.explore.static_page import write_page  # needs the packages of ONNX, which serving does not

        explorer = Explorer(_subject(run, pair, where), room)
        difference = write_page(explorer, out, runtime, force=force)
        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        screen.result(
            f"{out}: {size / 1e6:.0f} MB, for any host of files; within {difference:.1g} of PyTorch",
            folder=out,
            bytes=size,
            difference=difference,
        )
        screen.note(f"to look at it here: python -m http.server --directory {out}, then http://localhost:8000")
        return
    with bound(host, port) as listening:
        subject = _subject(run, pair, where)
        if not is_loopback(host):
            logger.warning("everybody who reaches %s can use this server: it has no password", host)

        def ready(address: str) -> None:
            screen.result(f"{address} — Ctrl-C ends it", address=address)
            if open_page:
                threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()

        serve(Explorer(subject, room), listening, host, ready)


def _subject(run: Path | None, pair: str | None, device: str) -> Subject:
    return Subject.of_pair(pair or cli.DEFAULT_PAIR, device) if run is None else Subject.of_run(run, device)


def _bytes(memory: str | None) -> int | None:
    try:
        return None if memory is None else IntegralOptions.model_validate({"memory": memory}).memory
    except ValidationError:
        raise InputError(f"{memory!r} is no size; write 4GB", setting="memory") from None
