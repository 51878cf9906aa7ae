"""Cases in which the right answer is known, to hold every method against (ours): are these the right filters?

- `alone`: brute force: what reverting each filter by itself does.
- `shapley`: the fair share of each filter when they act together.
- `greedy`: one filter after the other, each the one that does most then.
- `planted`: targets in which only known filters could learn each function.
- `decoys`: weights that move and change nothing.
- `agreement`: how well a ranking agrees with a true one.
"""

from faig.truth.agreement import precision, rank_correlation, recall
from faig.truth.alone import Changes, alone, specific, toggled
from faig.truth.decoys import Decoyed, scaled, swapped
from faig.truth.greedy import ahead, greedy
from faig.truth.planted import carriers, disjoint, distance, drift, plant
from faig.truth.shapley import Shares, shapley

__all__ = [
    "Changes",
    "Decoyed",
    "Shares",
    "ahead",
    "alone",
    "carriers",
    "disjoint",
    "distance",
    "drift",
    "greedy",
    "plant",
    "precision",
    "rank_correlation",
    "recall",
    "scaled",
    "shapley",
    "specific",
    "swapped",
    "toggled",
]
