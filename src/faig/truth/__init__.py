"""Cases in which the right answer is known, to hold every method against (ours): are these the right filters?

- `alone`: brute force: what reverting each filter by itself does.
- `shapley`: the fair share of each filter when they act together.
- `greedy`: one filter after the other, each the one that does most then.
- `linear`: what reverting each filter alone would do, predicted for all of them at the price of one attribution.
- `planted`: targets in which only known filters could learn each function.
- `decoys`: weights that move and change nothing.
- `agreement`: how well a ranking agrees with a true one.
"""

from faig.truth.agreement import precision, rank_correlation, recall
from faig.truth.alone import Changes, alone, specific, toggled
from faig.truth.decoys import Decoyed, scaled, swapped
from faig.truth.greedy import greedy
from faig.truth.linear import predicted
from faig.truth.planted import disjoint, drift, plant
from faig.truth.shapley import Shares, shapley

__all__ = [
    "Changes",
    "Decoyed",
    "Shares",
    "alone",
    "disjoint",
    "drift",
    "greedy",
    "plant",
    "precision",
    "predicted",
    "rank_correlation",
    "recall",
    "scaled",
    "shapley",
    "specific",
    "swapped",
    "toggled",
]
