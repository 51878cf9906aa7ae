"""Units of any network (the paper's filters, channels, layers): their numbering, sets, rankings, strengths."""

from faig.filters.sets import FilterSet, Order, rank
from faig.filters.space import UNITS, FilterSpace, Layer, Scores
from faig.filters.strengths import Strengths

__all__ = ["UNITS", "FilterSet", "FilterSpace", "Layer", "Order", "Scores", "Strengths", "rank"]
