"""The tables of the ground truth study: what is known of small pairs, and what every method says of them."""

from faig.results.table import Column, Table, number, text, wreck

SECTION = "comparison"

_PAIR = (text("pair", "name of the small pair"), number("seed", "of its training"))
_METHOD = text("method", "that ranked the filters")
_FUNCTION = text("function", "the degradation whose filters these are")
_INPUT = text("input", "the kind of input: a degradation, or `clean`")
_INDEX = number("index", "of the filter, flat")
_BARRIER = number(
    "barrier", "the largest loss on the path / the larger end's; empty where no method integrates along it"
)


def _table(name: str, about: str, *columns: Column) -> Table:
    return Table(name, f"Ground truth, of each {about}", SECTION, (*_PAIR, *columns))


ALONE = _table(
    "alone.csv",
    "pair, input and filter: what reverting it alone changes, means over images.",
    *(_INPUT, _INDEX),
    number("loss", "L(F') - L(F), the squared error summed over pixels and channels"),
    number("output", "‖F' - F‖², summed over pixels and channels"),
)
SHAPLEY = _table(
    "shapley.csv",
    "pair, input and filter: its fair share of the loss when filters are reverted together, means over images.",
    *(_INPUT, _INDEX),
    number("value", "the estimate of its Shapley value"),
    number("error", "standard error of it; empty with one pair of coalitions"),
    number("half", "the estimate by every second pair of coalitions, from the first"),
    number("other_half", "the estimate by the others; empty where there are none"),
)
GREEDY = _table(
    "greedy.csv",
    "pair and function: filters in the order in which each does most once those before it are reverted.",
    *(_FUNCTION, number("rank", "1 is the first"), _INDEX),
)
PLANTED = _table(
    "planted.csv",
    "pair, planted function, drift and method: how many of the filters that carry the function it finds again.",
    *(_FUNCTION, number("drift", "how far all else moved, as a multiple of the planted change"), _METHOD),
    number("planted", "filters that could learn the function"),
    number("carriers", "of them those that make up 90% of the loss when reverted one by one"),
    number("recall", "share of the carriers among as many first filters of the ranking"),
    number("own", "share of these first filters that were planted for the function"),
    number("other", "share of these first filters that were planted for the other function"),
    _BARRIER,
    number("psnr", "of the planted network in dB on the own degradation, on the photos that effects are measured on"),
    number("psnr_target", "of the trained target"),
    number("psnr_baseline", "of the baseline"),
    number("psnr_clean", "of the planted network on clean images"),
    number("psnr_clean_baseline", "of the baseline on clean images"),
)
DECOYS = _table(
    "decoys.csv",
    "pair, set of decoys, version of the target, function and method: how many decoys it ranks in its top 1%.",
    text("decoy", "`scaled` or `swapped`"),
    number("size", "the factor, or how many pairs of channels of each link"),
    text("version", "`without` the decoys, `with` them, `aligned` with the baseline, or `aligned without` them"),
    *(_FUNCTION, _METHOD),
    number("decoys", "filters that moved"),
    number("top", "filters in the top 1%"),
    number("in_top", "of them those that moved"),
    _BARRIER,
)
AGREEMENT = _table(
    "agreement.csv",
    "pair, function and method: how well it agrees with what is known; `alone`, `Shapley` and `greedy` are the truths.",
    *(_FUNCTION, _METHOD),
    number("alone", "rank correlation with what reverting each filter alone does"),
    number("alone_top", "share of the top 1% that is in the top 1% of that"),
    number("shapley", "rank correlation with the Shapley values"),
    number("shapley_top", "share of the top 1% that is in the top 1% of these"),
    number("halves", "rank correlation of the Shapley values by half of the coalitions with those by the other half"),
    _BARRIER,
)
TOPS = _table(
    "tops.csv",
    "pair, function, method and proportion: what reverting the top of its ranking does, on other photos.",
    *(_FUNCTION, _METHOD, number("proportion", "size of the set / number of filters")),
    number("switched_off", "1 - E(F', baseline) / E(target, baseline) on the own degradation"),
    number("leak", "the largest E(F', target) on another input / E(target, baseline)"),
    wreck(),
)

TRUTH_TABLES = (ALONE, SHAPLEY, GREEDY, PLANTED, DECOYS, AGREEMENT, TOPS)
