"""Rules of numerical integration over [0, 1]. Nothing here knows of networks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faig.common.errors import InputError

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Quadrature:
    """A rule: ``∫₀¹ f(α) dα ≈ Σ weights[k] · f(nodes[k])``.

    Attributes:
        rule: its name.
        nodes: ascending, in [0, 1].
        weights: positive; they sum to 1.
    """

    rule: str
    nodes: tuple[float, ...]
    weights: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        return f"Quadrature({self.rule}, {len(self)} nodes)"

    @property
    def coarse(self) -> tuple[bool, ...]:
        """Which nodes make a rule of a third as many, each with its share of their weight (ours).

        Comparing the two says how good the integral is. None where there are fewer than three nodes.
        """
        count = len(self) // 3
        groups = np.array_split(np.arange(len(self)), count) if count else []
        middles = {int(group[len(group) // 2]) for group in groups}
        return tuple(k in middles for k in range(len(self)))

    def integrate(self, function: Callable[[float], float]) -> float:
        """The rule applied to a function of one number."""
        return sum(weight * function(node) for node, weight in zip(self.nodes, self.weights, strict=True))


def gauss_legendre(count: int) -> Quadrature:
    """Exact for polynomials up to degree ``2 count - 1``."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return _rule("gauss-legendre", (nodes + 1) / 2, weights / 2)


def riemann_left(count: int) -> Quadrature:
    """Nodes 0, 1/n, ..., (n-1)/n. The paper's rule, with 100 nodes; one node is the value at 0."""
    return _rule("riemann-left", np.arange(count) / count, np.full(count, 1 / count))


def graded(count: int) -> Quadrature:
    """Middles of n intervals that grow evenly from the target to the baseline, the last three times the first (ours).

    Gradients change most near the target of a fine-tuned pair, and jump all along where a unit switches; where that
    is so, even a rough rule of many places does better than a smooth one. Exact for a constant.
    """
    t = (np.arange(count) + 0.5) / count
    return _rule("graded", _grade(t), _slope(t) / count)


@dataclass(frozen=True)
class Level:
    """The nodes that a level adds to those of the level before, which has a third as many.

    Attributes:
        nodes: the new ones.
        shares: the weight of each gradient, before ``scale``.
        scale: makes the sum over this and all earlier levels the rule `graded`.
    """

    nodes: tuple[float, ...]
    shares: tuple[float, ...]
    scale: float


def graded_levels() -> Iterator[Level]:
    """`graded` with 4, 12, 36 and 108 nodes, each from the nodes before and new ones."""
    for level in range(4):
        count = 4 * 3**level
        new = np.array([k for k in range(count) if level == 0 or k % 3 != 1])
        t = (new + 0.5) / count
        yield Level(tuple(_grade(t).tolist()), tuple(_slope(t).tolist()), 1 / count)


def _grade(t: Numbers) -> Numbers:
    return t * (1 + t) / 2


def _slope(t: Numbers) -> Numbers:
    return (1 + 2 * t) / 2


RULES: dict[str, Callable[[int], Quadrature]] = {
    "gauss-legendre": gauss_legendre,
    "riemann-left": riemann_left,
    "graded": graded,
}


def quadrature(rule: str, count: int) -> Quadrature:
    """The rule of that name with ``count`` nodes.

    Raises:
        InputError: the rule is unknown, or there are no nodes.
    """
    if rule not in RULES:
        raise InputError(f"quadrature {rule!r} is not one of {', '.join(RULES)}", setting="quadrature")
    if count < 1:
        raise InputError(f"{rule} needs at least 1 node, got {count}", setting="nodes")
    return RULES[rule](count)


def _rule(name: str, nodes: np.ndarray, weights: np.ndarray) -> Quadrature:
    return Quadrature(name, tuple(nodes.tolist()), tuple(weights.tolist()))
