"""The tables of the ground truth study: what is known of small pairs, and what every method says of them."""

from faig.results.columns import PROPORTION
from faig.results.table import Column, Table, count, measured, number, share, text, wreck

SECTION = "comparison"

_PAIR = (text("pair", "name of the small pair"), count("seed", "of its training"))
_METHOD = text("method", "that ranked the filters")
_FUNCTION = text("function", "the degradation whose filters these are", values=("blur", "noise"))
_INPUT = text("input", "the kind of input: a degradation, or `clean`", values=("clean", "blur", "noise"))
_INDEX = count("index", "of the filter, flat")
_BARRIER = measured(
    "barrier", "the largest loss on the path / the larger end's; empty where no method integrates along it", least=0
)


def _table(name: str, keys: int, about: str, *columns: Column) -> Table:
    return Table(name, f"Ground truth, of each {about}", SECTION, (*_PAIR, *columns), len(_PAIR) + keys)


ALONE = _table(
    "alone.csv",
    2,
    "pair, input and filter: what reverting it alone changes, means over images.",
    *(_INPUT, _INDEX),
    measured("loss", "L(F') - L(F), the squared error summed over pixels and channels"),
    measured("output", "‖F' - F‖², summed over pixels and channels", least=0),
)
SHAPLEY = _table(
    "shapley.csv",
    2,
    "pair, input and filter: its fair share of the loss when filters are reverted together, means over images.",
    *(_INPUT, _INDEX),
    measured("value", "the estimate of its Shapley value"),
    measured("error", "standard error of it; empty with one pair of coalitions", least=0),
    measured("half", "the estimate by every second pair of coalitions, from the first"),
    measured("other_half", "the estimate by the others; empty where there are none"),
)
GREEDY = _table(
    "greedy.csv",
    2,
    "pair and function: filters in the order in which each does most once those before it are reverted.",
    *(_FUNCTION, count("rank", "1 is the first"), _INDEX),
)
PLANTED = _table(
    "planted.csv",
    3,
    "pair, planted function, drift and method: how many of the filters that carry the function it finds again.",
    *(_FUNCTION, number("drift", "how far all else moved, as a multiple of the planted change", least=0), _METHOD),
    count("planted", "filters that could learn the function"),
    count("carriers", "of them those that make up 90% of the loss when reverted one by one"),
    share("recall", "share of the carriers among as many first filters of the ranking", gaps=True),
    share("own", "share of these first filters that were planted for the function", gaps=True),
    share("other", "share of these first filters that were planted for the other function", gaps=True),
    _BARRIER,
    measured("psnr", "of the planted network in dB on the own degradation, on the photos that effects are measured on"),
    measured("psnr_reverted", "the same with the function's planted filters reverted"),
    measured("psnr_other_reverted", "the same with the other function's planted filters reverted"),
    measured("psnr_target", "of the trained target"),
    measured("psnr_baseline", "of the baseline"),
    measured("psnr_clean", "of the planted network on clean images"),
    measured("psnr_clean_baseline", "of the baseline on clean images"),
)
DECOYS = _table(
    "decoys.csv",
    5,
    "pair, set of decoys, version of the target, function and method: how many decoys it ranks in its top 1%.",
    text("decoy", "`scaled` or `swapped`", values=("scaled", "swapped")),
    number("size", "the factor, or how many pairs of channels of each link", least=1e-9),
    text(
        "version",
        "`without` the decoys, `with` them, `aligned` with the baseline, or `aligned without` them",
        values=("without", "with", "aligned", "aligned without"),
    ),
    *(_FUNCTION, _METHOD),
    count("decoys", "filters that moved"),
    count("top", "filters in the top 1%"),
    count("in_top", "of them those that moved"),
    _BARRIER,
)
AGREEMENT = _table(
    "agreement.csv",
    2,
    "pair, function and method: how well it agrees with what is known; `alone`, `Shapley` and `greedy` are the truths.",
    *(_FUNCTION, _METHOD),
    number("alone", "rank correlation with what reverting each filter alone does", least=-1, most=1, gaps=True),
    share("alone_top", "share of the top 1% that is in the top 1% of that", gaps=True),
    number("shapley", "rank correlation with the Shapley values", least=-1, most=1, gaps=True),
    share("shapley_top", "share of the top 1% that is in the top 1% of these", gaps=True),
    number(
        "halves",
        "rank correlation of the Shapley values by half of the coalitions with those by the other half",
        least=-1,
        most=1,
        gaps=True,
    ),
    _BARRIER,
)
TOPS = _table(
    "tops.csv",
    3,
    "pair, function, method and proportion: what reverting the top of its ranking does, on other photos.",
    *(_FUNCTION, _METHOD, PROPORTION),
    measured("switched_off", "1 - E(F', baseline) / E(target, baseline) on the own degradation"),
    measured("leak", "the largest E(F', target) on another input / E(target, baseline)", least=0),
    wreck(),
)

TRUTH_TABLES = (ALONE, SHAPLEY, GREEDY, PLANTED, DECOYS, AGREEMENT, TOPS)
