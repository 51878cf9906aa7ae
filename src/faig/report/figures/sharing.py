"""A picture of what filters do: what the functions share, and how many filters each combination has."""

from pathlib import Path

from faig.analysis.sharing import Grouping
from faig.report.figures.layers import REST, SHARED
from faig.report.figures.style import COLOURS, save_figure


def draw_profile(found: Grouping, path: Path) -> None:
    """The overlap matrix of the top sets by raw scores, and the sizes of the groups beside those by chance.

    Args:
        found: of one proportion.
        path: without suffix: a PNG and an SVG are written.
    """
    from matplotlib.figure import Figure

    functions = found.functions
    groups = [group for group in found.groups if group.functions]
    figure = Figure(figsize=(4.5 + 0.6 * len(functions) + 0.5 * len(groups), 3.6), layout="constrained")
    matrix, bars = figure.subplots(1, 2, width_ratios=[len(functions) + 1, max(3, len(groups))])
    values = [[found.overlaps[one, other].value for other in functions] for one in functions]
    matrix.imshow(values, cmap="Blues", vmin=0, vmax=1)
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            matrix.text(
                column, row, f"{value:.0%}", ha="center", va="center", color="white" if value > 0.6 else "black"
            )
    places = range(len(functions))
    matrix.set_xticks(places, functions, rotation=90)
    matrix.set_yticks(places, functions)
    matrix.set_title("of the set (row), also in (column)", fontsize=9)
    size = int(found.sets[0].sum())
    for place, group in enumerate(groups):
        own = COLOURS[functions.index(group.functions[0]) % len(COLOURS)] if len(group.functions) == 1 else SHARED
        bars.bar(place, group.filters, color=own)
        low, high = (part * found.sets.shape[1] for part in (group.share.low, group.share.high))
        bars.plot([place, place], [low, high], color="#888888", linewidth=2)
        expected = group.by_chance * found.sets.shape[1]
        bars.plot([place - 0.4, place + 0.4], [expected, expected], color="#888888", linestyle=":", linewidth=1.5)
    bars.set_xticks(range(len(groups)), ["+".join(group.functions) for group in groups], rotation=90)
    bars.set(ylabel="filters", ylim=(0, None))
    bars.set_title(f"in these sets of {size} and in no other (dotted: by chance)", fontsize=9)
    bars.grid(axis="y", color=REST)
    bars.set_axisbelow(True)
    save_figure(figure, path)
