"""``faig predict``."""

import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from torch import nn

from faig import zoo
from faig.analysis.discriminant import RARE, UNKNOWN
from faig.analysis.evaluation import ANSWER, TYPICALITY
from faig.analysis.prediction import Predictor
from faig.attribution.methods import DEFAULT
from faig.cli import options as cli
from faig.cli import reading
from faig.cli.methods import describe_methods, methods_of
from faig.cli.output import screen
from faig.cli.tables import Sheet
from faig.common.errors import FaigWarning, InputError
from faig.common.files import new_file
from faig.common.settings import validated
from faig.experiment.config import ImagesConfig
from faig.experiment.prediction_tables import classes_of
from faig.imaging.cases import Case, degrade_case, make_cases
from faig.imaging.decoding import is_jpeg
from faig.imaging.images import list_images, mod_crop, read_image
from faig.imaging.metrics import in_channels
from faig.imaging.photos import photograph
from faig.networks.checkpoint import load_builder
from faig.networks.inference import channels_of, scale_of
from faig.results.table import write_csv
from faig.zoo.predictor import load_predictor
from faig.zoo.scores import chosen_by

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
OF_SHIPPED = {"images", "pair", "csv", "force", "device", "threads"}  # all others say how one's own pair learns
LEVELS = ["blur=2", "noise=0.1"]
RESPONSE = "response_"
BLIND = "of which this pair has learned nothing: it hides noise and blur, so none of them is called clean"
CAPTION = (
    "filters: the effect of switching them off; 1 is usual for images with that degradation. prediction: with its "
    "probability. clean: looks as photos do to which nothing was done, sharp or a little soft. unknown: like nothing "
    "known, the signs are at odds, or JPEG hides them. typicality: the share of what the likeliest answer is known by "
    f"that is as far off; below {RARE:g} it is not given"
)

app = typer.Typer(add_completion=False)


@app.command(
    epilog="Example: faig predict photo.png scans/ — or, by your own pair: faig predict photo.png --baseline NET "
    "--target NET --filters blur=runs/set14/filters-blur.csv --filters noise=runs/set14/filters-noise.csv --gt Set14"
)
@cli.taking(cli.UNITS_RANKED, cli.NEW)
def predict(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Images, or folders of them.")],
    pair: Annotated[
        str | None,
        typer.Option("--pair", metavar="NAME", help="Of the zoo, with its filters.", show_default=cli.DEFAULT_PAIR),
    ] = None,
    baseline: cli.Baseline = None,
    target: cli.Target = None,
    filters: cli.NamedFilters = None,
    top: cli.Top = None,
    gt: Annotated[
        Path | None,
        typer.Option("--gt", metavar="DIR", help="GT images to learn from what is typical of your own pair."),
    ] = None,
    degrade: cli.Degrade = None,
    downsampling: cli.Downsampling = None,
    strict_size: cli.StrictSize = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write all numbers there.")] = None,
    **options: Any,
) -> None:
    """Say which degradations images have, without being told."""
    told = locals() | options
    if strict_size and filters and not gt:
        raise InputError("--strict-size: is of the images of --gt; give that too, or leave this out")
    where, _ = reading.compute_on(options["device"], options["threads"])
    if csv:
        new_file(csv, options["force"])
    files = [path for named in images for path in (list_images(named).values() if named.is_dir() else [named])]
    if absent := [path for path in files if not path.is_file()]:
        raise InputError(f"{absent[0]}: no such file")
    if filters and (pair or (baseline and target)):
        predictor, methods = _learned(where, locals() | options)
    else:
        own = "your own pair takes --baseline, --target and --filters NAME=FILE together"
        reading.refuse_others(told, OF_SHIPPED, f"the zoo's pairs predict by what they ship; {own}")
        predictor = load_predictor(pair or cli.DEFAULT_PAIR, where)
        methods = dict.fromkeys(predictor.reverted, DEFAULT)
    rows, channels = [], channels_of(predictor.target)
    saved_as_jpeg: list[Path] = []
    for path in screen.track(files, "predict", len(files)):
        jpeg = is_jpeg(path)
        saved_as_jpeg += [path] * jpeg
        prediction = predictor.predict(in_channels(read_image(path), channels), jpeg=jpeg)
        responses = {f"{RESPONSE}{kind}": value for kind, value in prediction.responses.items()}
        judged = {ANSWER: prediction.label, TYPICALITY: prediction.typicality, **prediction.probabilities}
        rows.append({"image": str(path), **responses, **judged})
    screen.note(describe_methods(methods), methods=methods)
    if saved_as_jpeg and "jpeg" not in predictor.reverted:
        count = len(saved_as_jpeg)
        which = f"{saved_as_jpeg[0]} is JPEG" if count == 1 else f"{count} of these images are JPEG"
        warnings.warn(f"{which}, {BLIND}", FaigWarning, stacklevel=2)
    screen.result(_sheet(rows), images=rows)
    if csv:
        write_csv(csv, rows)


def _learned(device: str, options: dict[str, Any]) -> tuple[Predictor, dict[str, str | None]]:
    """A predictor by rankings of the user's, and their methods."""
    names = reading.networks(options["pair"], options["baseline"], options["target"])
    builder = load_builder(options["arch"]) if options["arch"] else None
    networks = zoo.load_networks(**names, builder=builder, device=device)
    rankings = reading.named("--filters", options["filters"], "FILE")
    share, numbering = reading.share_of(options["top"]), {name: options[name] for name in ("unit", "everything")}
    chosen = chosen_by(rankings, networks[0], share, baseline=networks[1], **numbering)
    degrade, gt = options["degrade"] or LEVELS, options["gt"]
    images = reading.images(gt or Path(), None, degrade, options["downsampling"], options["strict_size"], None)
    config = validated(ImagesConfig, images, "images")
    cases = _cases(config, gt, networks[0], reading.not_none(seed=options["seed"]))
    return Predictor.fit(*networks, chosen, cases, screen.track), methods_of(rankings)


def _cases(config: ImagesConfig, gt: Path | None, network: nn.Module, seed: dict[str, Any]) -> list[Case]:
    """What a predictor learns from: every class of a folder's images, or of packaged photos."""
    classes, scale, channels = classes_of(config), scale_of(network), channels_of(network)
    if gt:
        return make_cases(gt, classes, scale, channels=channels, strict_size=config.strict_size, **seed)
    photos = {name: mod_crop(in_channels(photograph(name), channels), scale) for name in PHOTOS}
    return [degrade_case(name, photo, classes, scale, **seed) for name, photo in photos.items()]


def _sheet(rows: list[dict[str, Any]]) -> Sheet:
    """Responses first, for they are measured; then what is made of them."""
    responses = [name for name in rows[0] if name.startswith(RESPONSE)]
    heads = [f"{name.removeprefix(RESPONSE)}\nfilters" for name in responses]
    cells = []
    for row in rows:
        label = row[ANSWER]
        answer = label if label == UNKNOWN else f"{label} {row[label]:.2f}"
        cells.append([row["image"], *(f"{row[name]:.2f}" for name in responses), answer, f"{row[TYPICALITY]:.2f}"])
    return Sheet(["image", *heads, ANSWER, TYPICALITY], cells, caption=CAPTION)
