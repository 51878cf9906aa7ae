"""One meaning a colour, in all pictures: a function, and the inputs that it is for; clean inputs are grey.

Methods have no colour: they are told apart by markers, kinds of lines, hatches and labels.
"""

from collections.abc import Iterable

from faig.imaging.cases import CLEAN

# The first six are told apart by all eyes (Okabe and Ito); the seventh is grey.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7d8793", "#8f5ac4", "#a8443a", "#6b8e23")
GREY = COLOURS[6]
INK = "#1c2024"  # of what is no function: methods, controls, text
REST = "#e8e8e8"  # what is in no set
FIXED = dict(zip(("blur", "noise", "jpeg"), COLOURS, strict=False))
OTHERS = tuple(colour for colour in COLOURS if colour not in {GREY, *FIXED.values()})


def colours_of(kinds: Iterable[str]) -> dict[str, str]:
    """The colour of each degradation's function, in every picture of which these are all degradations.

    Args:
        kinds: names of degradations, in any order; clean inputs may be among them, and always have a colour.

    Returns:
        By name ``#rrggbb``. Names that are not in `FIXED` take the others in the order of the alphabet; after the last
        one comes the first again.
    """
    own = sorted(set(kinds) - {CLEAN, *FIXED})
    return FIXED | {CLEAN: GREY} | {kind: OTHERS[place % len(OTHERS)] for place, kind in enumerate(own)}
