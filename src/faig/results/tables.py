"""The tables of a run, each declared once: writers, readers, the report and ``docs/files.md`` follow from this."""

from faig.results.columns import (
    FREE_FILTERS,
    FUNCTION,
    FUNCTIONS,
    INPUT,
    KNOB,
    LAYER,
    LEAK,
    METHOD,
    OFF,
    ON,
    PIXELS,
    PLACES,
    PROPORTION,
    PSNR_GAIN,
    WRECKED,
)
from faig.results.comparison_tables import COMPARISON_TABLES
from faig.results.table import Table, interval, number, text
from faig.results.truth_tables import TRUTH_TABLES

LEARNED = "learned"  # what the names of learned masks begin with
RANKING_FILES = ("filters-*.csv", "channels-*.csv", "layers-*.csv")  # rankings, and their sums: see `faig.attribution`

SECTIONS = {
    "pictures": "Before and after",
    "comparison": "Comparison",
    "distribution": "Where they are",
    "modulation": "Strength",
    "prediction": "Prediction",
    "locations": "Places and weights",
}

DISTRIBUTION = Table(
    "distribution.csv",
    "Of each function and proportion: how deep the set is, and how evenly it is spread.",
    "distribution",
    (
        *(METHOD, FUNCTION, PROPORTION),
        number("filters", "in the set"),
        interval("depth", "mean over the set; 0 is the first layer, 1 the last"),
        number("depth_of_all", "mean over all filters"),
        interval("unevenness", "share of the set that would have to move for an even spread over the layers"),
    ),
    small=True,
)
OVERLAPS = Table(
    "overlaps.csv",
    "Of each two functions and proportion: what their sets share.",
    "distribution",
    (
        *(METHOD, FUNCTION, text("other", "the other function"), PROPORTION),
        number("shared", "share of the set that is in the other's too"),
        interval("shared_raw", "the same of the sets by raw scores, whatever the method subtracts"),
        interval("deeper", "mean depth minus the other's"),
    ),
    main=True,
)
GROUPS = Table(
    "groups.csv",
    "Of each combination of functions: the filters that are in these top sets by raw scores and in no other; then the "
    "sums by kind, `functions` being `all`.",
    "distribution",
    (
        PROPORTION,
        text("kind", "`neutral` (no function), `specific` (one) or `shared` (several)"),
        text("functions", "joined by `+`; empty for neutral filters"),
        *(number("filters", "how many"), interval("share", "of all filters")),
        number("by_chance", "the share to expect of sets drawn at random"),
    ),
)
PROFILES = Table(
    "profiles.csv",
    "Of each filter that is not neutral at the first proportion: what it does.",
    "distribution",
    (
        *(number("index", "flat"), LAYER, number("out", "output channel"), number("in", "input channel")),
        text("functions", "that it does something for, joined by `+`"),
    ),
    variable="for each degradation its name: the raw score there, in multiples of the mean filter's",
)
LAYERS = Table(
    "layers.csv",
    "Of each function, proportion and layer: how many filters of the set it has.",
    "distribution",
    (
        *(METHOD, FUNCTION, PROPORTION, LAYER),
        *(number("filters", "of the layer"), number("found", "of them in the set")),
        *(number("share_of_found", "of the set"), number("share_of_layer", "of the layer's filters")),
    ),
)
MODULATION = Table(
    "modulation.csv",
    "Of each sweep, way to turn, input and strength: means over images.",
    "modulation",
    (
        text("functions", f"{FUNCTIONS.about}; empty for `DNI` and `blend`, which turn all that the target learned"),
        text("way", f"what was turned: output `images`, or `weights`; or the control {KNOB}"),
        INPUT,
        number("strength", "0 is the baseline's weights, 1 the target's"),
        interval("psnr", "in dB against the GT, all channels, border = scale"),
        *(interval("sharpness", "mean gradient"), interval("noise", "σ that wavelets see")),
        interval("step", "mean absolute difference from the strength before, of 255"),
        number("step_share", "the step as a share of the mean difference between strength 0 and 1"),
        WRECKED,
    ),
)
ACCURACY = Table(
    "accuracy.csv",
    "Of each predictor and set of classes: how often it is right.",
    "prediction",
    (
        text("predictor", "the first one is the found filters'"),
        text("classes", "that are possible, separated by spaces"),
        interval("accuracy", "share of right answers where only these classes are possible; Wilson's interval"),
    ),
    small=True,
)
CONFUSION = Table(
    "confusion.csv",
    "Of each true class: how many images the found filters take for each class, or for none.",
    "prediction",
    (text("is", "the true class"),),
    small=True,
    variable="for each class its name, and `unknown`: how many images are taken for it",
)
RESPONSES = Table(
    "responses.csv",
    "Of each degradation: does the response of its filters grow with the level?",
    "prediction",
    (text("degradation", "whose filters respond"), interval("rank_correlation", "within each image, mean over images")),
    main=True,
)
LEVELS = Table(
    "levels.csv",
    "Of each image, degradation and level: the response.",
    "prediction",
    (
        *(text("image", "its name"), text("degradation", "its own, and whose filters respond")),
        *(number("level", "as in `--degrade`"), number("response", "1 is usual for images with that degradation")),
    ),
)
PREDICTIONS = Table(
    "predictions.csv",
    "Of each LR image: what the found filters take it for.",
    "prediction",
    (
        *(text("image", "its name"), text("is", "the true class")),
        text("prediction", "the likeliest class; `unknown` where the image is like nothing known"),
        number("typicality", "share of what the likeliest class is known by that is as far from its middle"),
    ),
    variable="for each class its name: the probability",
)
GRAFTED = Table(
    "grafted.csv",
    "Of each function: the found weight changes grafted where they belong, and elsewhere.",
    "locations",
    (*PLACES, *ON, PSNR_GAIN, WRECKED),
    small=True,
)
CUT = Table(
    "cut.csv",
    "Of each function: the found filters reverted, and set to zero.",
    "locations",
    (*PLACES, OFF, LEAK, *PIXELS, PSNR_GAIN, WRECKED),
    small=True,
)
GAINED = Table(
    "gained.csv",
    "Of each function and choice of filters: what retraining them alone gains.",
    "locations",
    (
        *FREE_FILTERS,
        interval("gain", "dB over the baseline on the own degradation"),
        interval("share", "of the target's gain"),
        interval("found_ahead", "dB by which the found filters gain more"),
    ),
    small=True,
)
RETRAINED = Table(
    "retrained.csv",
    "Of each function, choice of filters and validation: the curve.",
    "locations",
    (*FREE_FILTERS, number("iterations", "of the retraining"), number("psnr", "in dB on the own degradation")),
)
PICTURES = Table(
    "figures/teaser/pictures.csv",
    "Of each picture of one image: what it shows.",
    "pictures",
    (
        text("input", "the degradation of the image"),
        text("shown", "`input`, `target`, `baseline`, `reverted` or `gt`"),
        text("function", "whose filters are reverted; else empty"),
        text("file", "beside the table"),
        number("psnr", "in dB against the GT, border = scale; empty for the GT"),
    ),
)
IMAGES = Table(
    "images/images.csv",
    "Of each folder of outputs that `faig compare --save-images` keeps: of which network and input.",
    "pictures",
    (
        text("intervention", "`target` and `baseline` are unaltered; `reverted`, `grafted`"),
        text("method", "that ranked the filters; empty for unaltered networks"),
        text("function", "whose filters are altered; empty for unaltered networks"),
        number("proportion", "size of the set / number of filters; empty for unaltered networks"),
        number("seed", "of several draws the number, from 0; empty for unaltered networks"),
        INPUT,
        text("folder", "beside the table"),
    ),
)
STRENGTHS = Table(
    "figures/modulation/pictures.csv",
    "Of each picture of a sweep: what it shows.",
    "pictures",
    (FUNCTIONS, INPUT, number("strength", "of these functions"), text("file", "beside the table")),
)

_OTHERS = [table for table in globals().copy().values() if isinstance(table, Table)]
TABLES = {table.name: table for table in (*COMPARISON_TABLES, *_OTHERS, *TRUTH_TABLES)}


def documentation() -> str:
    """All tables as Markdown, by section: the part of ``docs/files.md`` that lists them."""
    parts = []
    for section, heading in SECTIONS.items():
        parts += [f"### {heading}", *(table.documentation() for table in TABLES.values() if table.section == section)]
    return "\n\n".join(parts) + "\n"
