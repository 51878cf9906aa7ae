"""Rules of numerical integration over [0, 1]. Nothing here knows of networks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from faig.errors import InputError


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


def riemann_mid(count: int) -> Quadrature:
    """Nodes in the middle of n equal intervals."""
    return _rule("riemann-mid", (np.arange(count) + 0.5) / count, np.full(count, 1 / count))


def trapezoid(count: int) -> Quadrature:
    """N equispaced nodes from 0 to 1, both ends with half the weight; n is at least 2."""
    if count < 2:
        raise InputError(f"trapezoid needs at least 2 nodes, got {count}")
    weights = np.full(count, 1 / (count - 1))
    weights[[0, -1]] /= 2
    return _rule("trapezoid", np.linspace(0, 1, count), weights)


RULES: dict[str, Callable[[int], Quadrature]] = {
    "gauss-legendre": gauss_legendre,
    "riemann-left": riemann_left,
    "riemann-mid": riemann_mid,
    "trapezoid": trapezoid,
}


def quadrature(rule: str, count: int) -> Quadrature:
    """The rule of that name with ``count`` nodes.

    Raises:
        InputError: the rule is unknown or has no such number of nodes.
    """
    if rule not in RULES:
        raise InputError(f"quadrature {rule!r} is not one of {', '.join(RULES)}")
    if count < 1:
        raise InputError(f"{rule} needs at least 1 node, got {count}")
    return RULES[rule](count)


def _rule(name: str, nodes: np.ndarray, weights: np.ndarray) -> Quadrature:
    return Quadrature(name, tuple(nodes.tolist()), tuple(weights.tolist()))
