"""``faig compare``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from faig.cli import options as cli
from faig.cli import reading
from faig.cli.output import screen
from faig.cli.report import print_found
from faig.cli.tables import summary_sheet
from faig.common.errors import InputError
from faig.experiment.compare import compare as run_methods
from faig.experiment.config import PROTOCOLS, CompareConfig
from faig.imaging.metrics import CHANNELS
from faig.results.comparison_tables import EFFECTS, GRAFTS, SUMMARY
from faig.results.reader import Results

app = typer.Typer(add_completion=False)


@app.command(
    epilog="Example: faig compare --pair srresnet-x2 --gt BSD100 --find-gt Set14 --degrade blur=2 --degrade noise=0.1"
)
@cli.taking(cli.PAIR, cli.IMAGES, cli.INTEGRAL, cli.UNITS_RANKED, cli.NEW)
def compare(
    gt: cli.Gt,
    out: Annotated[Path | None, cli.out_option("compare")] = None,
    find_gt: Annotated[
        Path | None,
        typer.Option("--find-gt", metavar="DIR", help="Find the filters on these GT images instead."),
    ] = None,
    find_lr: Annotated[
        list[str] | None, typer.Option("--find-lr", metavar="NAME=DIR", help="Their LR images. Repeat.")
    ] = None,
    methods: Annotated[str | None, cli.setting(CompareConfig, "methods", "Separated by commas.")] = None,
    proportions: cli.Proportions = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filters", metavar="METHOD:NAME=FILE", help="A ranking from a file as one more method. Repeat."),
    ] = None,
    protocol: Annotated[
        str | None,
        cli.setting(
            CompareConfig, "protocol", f"{', '.join(PROTOCOLS)}: its nodes, rule and channel where you give none."
        ),
    ] = None,
    channel: Annotated[
        str | None, cli.setting(CompareConfig, "channel", f"{', '.join(CHANNELS)}; blue is the published script's.")
    ] = None,
    save_images: Annotated[bool, typer.Option("--save-images", help="Keep every output.")] = False,
    **options: Any,
) -> None:
    """Revert and graft what each method finds, and measure the effects."""
    settings = locals() | options | {"filters": by_method(filters)}
    if find_gt:
        degrade = None if find_lr else options["degrade"]
        image_settings = (options[name] for name in reading.IMAGE_SETTINGS)
        settings["find"] = reading.images(find_gt, find_lr, degrade, *image_settings)
    elif find_lr:
        raise InputError("--find-lr needs --find-gt DIR")
    config = reading.configuration(CompareConfig, settings, "compare")
    run_compare(config, out or cli.default_out("compare"), options["force"])


def run_compare(config: CompareConfig, out: Path, force: bool) -> None:
    """Run it, and print its summary."""
    run_methods(config, out, force=force, track=screen.track)
    print_summary(out)
    print_found(out)
    screen.note("tables: " + ", ".join(str(out / table.name) for table in (EFFECTS, GRAFTS, SUMMARY)), run=out)


def print_summary(run: Path) -> None:
    """The table of a comparison."""
    screen.result(summary_sheet(run), summary=Results.of(run).needed(SUMMARY).to_dict("records"))


def by_method(texts: list[str] | None) -> dict[str, dict[str, str]]:
    """``METHOD:NAME=FILE`` texts as files by method and name.

    Raises:
        InputError: as `options.named`, or a text has no method.
    """
    files: dict[str, dict[str, str]] = {}
    for name, file in reading.named("--filters", texts, "FILE").items():
        method, colon, kind = name.partition(":")
        if not (method and colon and kind):
            raise InputError(f"--filters {name}={file}: expected METHOD:NAME=FILE")
        files.setdefault(method, {})[kind] = file
    return files
