"""The tables of a run, each declared once: writers, readers, the report and ``docs/files.md`` follow from this."""

from faig.results.table import Table, interval, number, text, wreck
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

_METHOD = text("method", "that ranked the filters")
_REVERTED = text("reverted", "the function whose top filters have the baseline's weights")
_INPUT = text("input", "the kind of input that was measured: a degradation, or `clean`")
_FUNCTION = text("function", "the degradation whose filters these are")
_FUNCTIONS = text("functions", "one, or several joined by `+`")
_PROPORTION = number("proportion", "size of the set / number of filters")
_WRECKED = wreck()
_EFFECT = (
    number("effect_target_baseline", "E(target, baseline): what reverting everything would do, but for the biases"),
    number("psnr", "of the altered network in dB against the GT, all channels, border = scale"),
    number("psnr_target", "of the target"),
    number("psnr_baseline", "of the baseline"),
    number("ssim", "of the altered network against the GT, all channels, border = scale"),
    number("effect_spread", "for `random`, whose row is a mean over seeds: the standard deviation between them"),
    _WRECKED,
)
_OFF = interval("switched_off", "1 - E(F', baseline) / E(target, baseline) on the own degradation", spread=True)
_LEAK = interval("leak", "the largest E(F', target) on another input / E(target, baseline)", spread=True, optional=True)
_PIXELS = (
    interval(
        "switched_off_pixels", "as `switched_off`, of the squared error of all channels", spread=True, optional=True
    ),
    interval("leak_pixels", "as `leak`, of the squared error of all channels", spread=True, optional=True),
    number("psnr_elsewhere", "dB over the target on the other input that loses most, mean over images", optional=True),
    number("psnr_elsewhere_worst", "the same of the one image that loses most", optional=True),
)
_ON = interval("switched_on", "1 - E(F', target) / E(target, baseline) of the same filters as a graft", spread=True)
_PLACES = (
    _FUNCTION,
    text("weights", "what was done with the found filters"),
    number("seeds", "how many draws the row is a mean of, where chance decides"),
)
_PSNR_GAIN = interval("psnr_gain", "dB over the baseline on the own degradation", spread=True)
_RETRAINED = (_FUNCTION, text("free", "which filters may change: the found ones, or as many others"))
_LAYER = text("layer", "name of the layer")

SUMMARY = Table(
    "summary.csv",
    "Of each method, function and proportion: does reverting it switch the function off, and what else does it change?",
    "comparison",
    (_METHOD, _REVERTED, _PROPORTION, _OFF, _LEAK, *_PIXELS, _ON, _WRECKED),
    small=True,
)
CONTESTS = Table(
    "contests.csv",
    "Of each function, proportion and other method: by how much a champion is ahead, images resampled jointly.",
    "comparison",
    (
        text("champion", "the method that is held against the others: FAIG, and the run's own"),
        *(_REVERTED, _PROPORTION, text("method", "the other one")),
        interval("effect", "the champion's minus the other's, on the own degradation"),
        interval("switched_off", "the champion's minus the other's"),
        interval("leak", "the champion's minus the other's: less is better"),
    ),
    main=True,
)
EQUALS = Table(
    "equals.csv",
    "Of each function and method: at equal terms with FAIG's 1%.",
    "comparison",
    (
        *(_REVERTED, text("method", "that is held against FAIG")),
        interval("switched_off", "the most with no more leak and at most 1% of the filters"),
        interval("switched_off_ahead", "by how much that is more than FAIG's"),
        interval("leak", "the least where it switches off as much"),
        interval("leak_ahead", "by how much that is less than FAIG's"),
    ),
    small=True,
)
AREAS = Table(
    "areas.csv",
    "Of each method and function: how selective it is.",
    "comparison",
    (
        _METHOD,
        _REVERTED,
        interval("area", "under own effect minus the largest other one, over log proportion"),
        interval("selectivity", "own effect / the largest other one, at the smallest proportion"),
    ),
    main=True,
)
EFFECTS = Table(
    "effects.csv",
    "Of each method, reverted function, input and proportion: what changed.",
    "comparison",
    (
        *(_METHOD, _REVERTED, _INPUT, _PROPORTION),
        interval("effect", "E(F', target), mean over images"),
        number("effect_to_baseline", "E(F', baseline)"),
        *_EFFECT,
    ),
)
CHECK = Table(
    "check.csv",
    "Of each function and input: what reverting the top of the run's own ranking does, on the images it was found on.",
    "comparison",
    (
        *(_FUNCTION, _INPUT, _PROPORTION),
        interval("effect", "E(F', target), mean over images"),
        interval("switched_off", "on the own degradation, see `summary.csv`; empty elsewhere"),
        interval("leak", "on the own degradation: the largest elsewhere, see `summary.csv`; empty elsewhere"),
        interval("switched_off_pixels", "as `switched_off`, of the squared error of all channels"),
        interval("leak_pixels", "as `leak`, of the squared error of all channels"),
        interval("psnr", "of the altered network in dB against the GT, RGB, border = scale"),
        interval("psnr_gain", "dB over the target"),
        number("psnr_gain_worst", "the same of the image that loses most"),
        number("psnr_target", "of the target"),
        number("psnr_baseline", "of the baseline"),
        number("ssim", "of the altered network"),
        _WRECKED,
    ),
)
GRAFTS = Table(
    "grafts.csv",
    "The same of the same filters' target weights on the baseline.",
    "comparison",
    (
        _METHOD,
        text("grafted", "the function whose top filters have the target's weights"),
        *(_INPUT, _PROPORTION),
        interval("effect", "E(F', baseline), mean over images"),
        number("effect_to_target", "E(F', target)"),
        *_EFFECT,
    ),
)
DISTRIBUTION = Table(
    "distribution.csv",
    "Of each function and proportion: how deep the set is, and how evenly it is spread.",
    "distribution",
    (
        *(_METHOD, _FUNCTION, _PROPORTION),
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
        *(_METHOD, _FUNCTION, text("other", "the other function"), _PROPORTION),
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
        _PROPORTION,
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
        *(number("index", "flat"), _LAYER, number("out", "output channel"), number("in", "input channel")),
        text("functions", "that it does something for, joined by `+`"),
    ),
    variable="for each degradation its name: the raw score there, in multiples of the mean filter's",
)
LAYERS = Table(
    "layers.csv",
    "Of each function, proportion and layer: how many filters of the set it has.",
    "distribution",
    (
        *(_METHOD, _FUNCTION, _PROPORTION, _LAYER),
        *(number("filters", "of the layer"), number("found", "of them in the set")),
        *(number("share_of_found", "of the set"), number("share_of_layer", "of the layer's filters")),
    ),
)
MODULATION = Table(
    "modulation.csv",
    "Of each sweep, input and strength: means over images.",
    "modulation",
    (
        *(_FUNCTIONS, _INPUT),
        number("strength", "0 is the baseline's weights, 1 the target's"),
        interval("psnr", "in dB against the GT, all channels, border = scale"),
        *(interval("sharpness", "mean gradient"), interval("noise", "σ that wavelets see")),
        interval("step", "mean absolute difference from the strength before, of 255"),
        number("step_share", "the step as a share of the mean difference between strength 0 and 1"),
    ),
)
ACCURACY = Table(
    "accuracy.csv",
    "Of each predictor and set of classes: how often it is right.",
    "prediction",
    (
        text("predictor", "the first one is the found filters'"),
        text("classes", "that are possible, separated by spaces"),
        interval("accuracy", "share of right answers"),
    ),
    small=True,
)
CONFUSION = Table(
    "confusion.csv",
    "Of each true class: how many images the found filters take for each class.",
    "prediction",
    (text("is", "the true class"),),
    small=True,
    variable="for each class its name: how many images are taken for it",
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
    (text("image", "its name"), text("is", "the true class")),
    variable="for each class its name: the probability",
)
GRAFTED = Table(
    "grafted.csv",
    "Of each function: the found weight changes grafted where they belong, and elsewhere.",
    "locations",
    (*_PLACES, _ON, _PSNR_GAIN, _WRECKED),
    small=True,
)
CUT = Table(
    "cut.csv",
    "Of each function: the found filters reverted, and set to zero.",
    "locations",
    (*_PLACES, _OFF, _LEAK, *_PIXELS, _PSNR_GAIN, _WRECKED),
    small=True,
)
GAINED = Table(
    "gained.csv",
    "Of each function and choice of filters: what retraining them alone gains.",
    "locations",
    (
        *_RETRAINED,
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
    (*_RETRAINED, number("iterations", "of the retraining"), number("psnr", "in dB on the own degradation")),
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
        _INPUT,
        text("folder", "beside the table"),
    ),
)
STRENGTHS = Table(
    "figures/modulation/pictures.csv",
    "Of each picture of a sweep: what it shows.",
    "pictures",
    (_FUNCTIONS, _INPUT, number("strength", "of these functions"), text("file", "beside the table")),
)

TABLES = {table.name: table for table in (*globals().copy().values(), *TRUTH_TABLES) if isinstance(table, Table)}


def documentation() -> str:
    """All tables as Markdown, by section: the part of ``docs/files.md`` that lists them."""
    parts = []
    for section, heading in SECTIONS.items():
        parts += [f"### {heading}", *(table.documentation() for table in TABLES.values() if table.section == section)]
    return "\n\n".join(parts) + "\n"
