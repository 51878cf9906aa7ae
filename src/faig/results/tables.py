"""The tables of a run, each declared once: writers, readers, the report and ``docs/files.md`` follow from this."""

from dataclasses import replace

from faig.results.columns import (
    CONTROLS,
    DRAWS,
    FUNCTION,
    FUNCTIONS,
    INPUT,
    KNOB,
    LAYER,
    LEAK,
    OFF,
    ON,
    PIXELS,
    PROPORTION,
    PSNR_GAIN,
    RANKED_BY,
    TRAINABLE,
    WRECKED,
)
from faig.results.comparison_tables import COMPARISON_TABLES
from faig.results.table import Table, count, interval, measured, number, share, text
from faig.results.training_tables import TRAINING_TABLES
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
    "training": "Ways to train",
}

SHOWN = ("input", "target", "baseline", "reverted", "gt")  # of pictures of one image


DISTRIBUTION = Table(
    "distribution.csv",
    "Of each function and proportion: how deep the set is, and how evenly it is spread.",
    "distribution",
    (
        *(RANKED_BY, FUNCTION, PROPORTION),
        count("filters", "in the set"),
        interval("depth", "mean over the set; 0 is the first layer, 1 the last", least=0, most=1),
        share("depth_of_all", "mean over all filters"),
        interval(
            "unevenness", "share of the set that would have to move for an even spread over the layers", least=0, most=1
        ),
    ),
    keys=3,
    small=True,
)
OVERLAPS = Table(
    "overlaps.csv",
    "Of each two functions and proportion: what their sets share.",
    "distribution",
    (
        *(RANKED_BY, FUNCTION, text("other_function", "that it is compared with", "function"), PROPORTION),
        share("shared", "share of the set that is in the other's too"),
        interval("shared_raw", "the same of the sets by raw scores, whatever the method subtracts", least=0, most=1),
        interval("depth_difference", "mean depth minus the other's", least=-1, most=1),
    ),
    keys=4,
    main=True,
)
GROUPS = Table(
    "groups.csv",
    "Of each combination of functions: the filters that are in these top sets by raw scores and in no other; then the "
    "sums by kind, `functions` being `all`.",
    "distribution",
    (
        PROPORTION,
        text(
            "kind",
            "`neutral` (no function), `specific` (one) or `shared` (several)",
            values=("neutral", "specific", "shared"),
        ),
        text("functions", "joined by `+`; empty for neutral filters", gaps=True),
        *(count("filters", "how many"), interval("share", "of all filters", least=0, most=1)),
        share("by_chance", "the share to expect of sets drawn at random"),
    ),
    keys=3,
)
PROFILES = Table(
    "profiles.csv",
    "Of each filter that is not neutral at the first proportion: what it does.",
    "distribution",
    (
        *(count("index", "flat"), LAYER, count("out", "output channel"), count("in", "input channel")),
        text("functions", "that it does something for, joined by `+`", "functions"),
    ),
    keys=1,
    variable=measured("", "for each degradation its name: the raw score there, in multiples of the mean filter's"),
)
LAYERS = Table(
    "layers.csv",
    "Of each function, proportion and layer: how many filters of the set it has.",
    "distribution",
    (
        *(RANKED_BY, FUNCTION, PROPORTION, LAYER),
        *(count("filters", "of the layer"), count("found", "of them in the set")),
        *(share("share_of_found", "of the set"), share("share_of_layer", "of the layer's filters")),
    ),
    keys=4,
)
MODULATION = Table(
    "modulation.csv",
    "Of each sweep, way to turn, input and strength: means over images.",
    "modulation",
    (
        text(
            "functions",
            f"{FUNCTIONS.about}; empty for `DNI` and `blend`, which turn all that the target learned",
            "functions",
            gaps=True,
        ),
        text(
            "way",
            f"what was turned: output `images`, or `weights`; or the control {KNOB}",
            values=("images", "weights", *CONTROLS),
        ),
        INPUT,
        number("strength", "0 is the baseline's weights, 1 the target's"),
        interval("psnr", "in dB against the GT, all channels, border = scale"),
        *(interval("sharpness", "mean gradient", least=0), interval("noise", "σ that wavelets see", least=0)),
        interval("step", "mean absolute difference from the strength before, of 255", least=0),
        measured("step_share", "the step as a share of the mean difference between strength 0 and 1", least=0),
        WRECKED,
    ),
    keys=4,
)
ACCURACY = Table(
    "accuracy.csv",
    "Of each predictor and set of classes: how often it is right.",
    "prediction",
    (
        text("predictor", "the first one is the found filters'"),
        text("classes", "that are possible, separated by spaces"),
        interval(
            "accuracy",
            "share of right answers where only these classes are possible; Wilson's interval",
            least=0,
            most=1,
        ),
    ),
    keys=2,
    small=True,
)
CONFUSION = Table(
    "confusion.csv",
    "Of each true class: how many images the found filters take for each class, or for none.",
    "prediction",
    (text("true_class", "what was done to it", "input"),),
    keys=1,
    small=True,
    variable=count("", "for each class its name, and `unknown`: how many images are taken for it"),
)
RESPONSES = Table(
    "responses.csv",
    "Of each degradation: does the response of its filters grow with the level?",
    "prediction",
    (
        text("degradation", "whose filters respond", "function"),
        interval("rank_correlation", "within each image, mean over images", least=-1, most=1),
    ),
    keys=1,
    main=True,
)
LEVELS = Table(
    "levels.csv",
    "Of each image, degradation and level: the response.",
    "prediction",
    (
        *(text("image", "its name"), text("degradation", "its own, and whose filters respond", "function")),
        *(number("level", "as in `--degrade`"), measured("response", "1 is usual for images with that degradation")),
    ),
    keys=3,
)
PREDICTIONS = Table(
    "predictions.csv",
    "Of each LR image: what the found filters take it for.",
    "prediction",
    (
        *(text("image", "its name"), text("true_class", "what was done to it", "input")),
        text("prediction", "the likeliest class; `unknown` where the image is like nothing known"),
        share("typicality", "share of what the likeliest class is known by that is as far from its middle", gaps=True),
    ),
    keys=2,
    variable=share("", "for each class its name: the probability", gaps=True),
)
GRAFTED = Table(
    "grafted.csv",
    "Of each function: the found weight changes grafted where they belong, and elsewhere.",
    "locations",
    (
        FUNCTION,
        text("placement", "where the weight changes are", values=("in place", "permuted", "elsewhere")),
        DRAWS,
        *ON,
        PSNR_GAIN,
        WRECKED,
    ),
    keys=2,
    small=True,
)
CUT = Table(
    "cut.csv",
    "Of each function: the found filters reverted, and set to zero.",
    "locations",
    (
        FUNCTION,
        text("intervention", "what was done with the found filters", values=("reverted", "cut")),
        DRAWS,
        OFF,
        LEAK,
        *PIXELS,
        PSNR_GAIN,
        WRECKED,
    ),
    keys=2,
    small=True,
)
GAINED = Table(
    "gained.csv",
    "Of each function and choice of filters: what retraining them alone gains.",
    "locations",
    (
        *TRAINABLE,
        interval("gain", "dB over the baseline on the own degradation"),
        interval("share", "of the target's gain"),
        interval("found_ahead", "dB by which the found filters gain more"),
    ),
    keys=2,
    small=True,
)
RETRAINED = Table(
    "retrained.csv",
    "Of each function, choice of filters and validation: the curve.",
    "locations",
    (*TRAINABLE, count("iterations", "of the retraining"), measured("psnr", "in dB on the own degradation")),
    keys=3,
)
PICTURES = Table(
    "figures/teaser/pictures.csv",
    "Of each picture of one image: what it shows.",
    "pictures",
    (
        text("input", "the degradation of the image", "function"),
        text("shown", "`input`, `target`, `baseline`, `reverted` or `gt`", values=SHOWN),
        text("function", "whose filters are reverted; else empty", "function", gaps=True),
        text("file", "beside the table", "file"),
        measured("psnr", "in dB against the GT, border = scale; empty for the GT"),
    ),
    keys=3,
)
IMAGES = Table(
    "images/images.csv",
    "Of each folder of outputs that `faig compare --save-images` keeps: of which network and input.",
    "pictures",
    (
        text(
            "intervention",
            "`target` and `baseline` are unaltered; `reverted`, `grafted`",
            values=("target", "baseline", "reverted", "grafted"),
        ),
        text("method", "that ranked the filters; empty for unaltered networks", "method", gaps=True),
        text("function", "whose filters are altered; empty for unaltered networks", "function", gaps=True),
        replace(PROPORTION, about=f"{PROPORTION.about}; empty for unaltered networks", gaps=True),
        count("seed", "of several draws the number, from 0; empty for unaltered networks", gaps=True),
        INPUT,
        text("folder", "beside the table", "file"),
    ),
    keys=6,
)
STRENGTHS = Table(
    "figures/modulation/pictures.csv",
    "Of each picture of a sweep: what it shows.",
    "pictures",
    (FUNCTIONS, INPUT, number("strength", "of these functions"), text("file", "beside the table", "file")),
    keys=3,
)

_OTHERS = [table for table in globals().copy().values() if isinstance(table, Table)]
TABLES = {table.name: table for table in (*COMPARISON_TABLES, *_OTHERS, *TRAINING_TABLES, *TRUTH_TABLES)}


def documentation() -> str:
    """All tables as Markdown, by section: the part of ``docs/files.md`` that lists them."""
    parts = []
    for section, heading in SECTIONS.items():
        parts += [f"### {heading}", *(table.documentation() for table in TABLES.values() if table.section == section)]
    return "\n\n".join(parts) + "\n"
