"""Rules of integration against each other, and ways to spend a budget: the first two tables of docs/engine.md.

    python benchmarks/rules.py

Runs on photos that ship with scikit-image. About five minutes on two cores.
"""

import random
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
import typer

from faig import zoo
from faig.attribution.integration.accumulate import WHOLE, AlongPath, samples_of
from faig.attribution.integration.integral import along_path
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import Quadrature, gauss_legendre, graded, riemann_left
from faig.filters import FilterSpace, Scores
from faig.imaging.cases import Case, degrade_case
from faig.imaging.degradation import paper_preset
from study import KINDS, converged, overlap, take

COUNTS = (6, 8, 10, 12, 16)
SPENT = (24, 48, 96, 192)
NODES = (2, 3, 4, 6, 12)
DRAWS = 20

Found = TypeVar("Found")


def riemann_mid(count: int) -> Quadrature:
    """Nodes in the middle of equal intervals."""
    nodes = (np.arange(count) + 0.5) / count
    return Quadrature("middle Riemann", tuple(nodes), tuple(np.full(count, 1 / count)))


def clenshaw_curtis(count: int) -> Quadrature:
    """On Chebyshev's points, ends included; weights by matching the integrals of Chebyshev's polynomials."""
    n = count - 1
    x = np.cos(np.pi * np.arange(n, -1, -1) / n)
    degrees = np.arange(count)
    integrals = np.where(degrees % 2 == 0, 2 / (1 - degrees.astype(float) ** 2 + (degrees == 1)), 0)
    weights = np.linalg.solve(np.polynomial.chebyshev.chebvander(x, n).T, integrals)
    return Quadrature("Clenshaw-Curtis", tuple((x + 1) / 2), tuple(weights / 2))


def simpson(count: int) -> Quadrature:
    """For an odd number of nodes."""
    weights = np.array([1, *[4, 2] * ((count - 3) // 2), 4, 1]) / (3 * (count - 1))
    return Quadrature("Simpson", tuple(np.linspace(0, 1, count)), tuple(weights))


def sidi(count: int) -> Quadrature:
    """Trapezoids in a variable that has no slope at the ends, where the nodes then crowd."""
    t = np.arange(1, count + 1) / (count + 1)
    weights = (1 - np.cos(2 * np.pi * t)) / (count + 1)
    return Quadrature("Sidi", tuple(t - np.sin(2 * np.pi * t) / (2 * np.pi)), tuple(weights))


def gauss_graded(count: int) -> Quadrature:
    """Gauss-Legendre in the variable of `graded`."""
    inner = gauss_legendre(count)
    t, weights = np.array(inner.nodes), np.array(inner.weights)
    return Quadrature("Gauss-Legendre, graded", tuple(t * (1 + t) / 2), tuple(weights * (1 + 2 * t) / 2))


ROWS: dict[str, tuple[Callable[[int], Quadrature], Sequence[int]]] = {
    "Gauss-Legendre": (gauss_legendre, COUNTS),
    "middle Riemann": (riemann_mid, COUNTS),
    "**graded**": (graded, COUNTS),
    "Gauss-Legendre in graded's variable": (gauss_graded, (8, 12, 16)),
    "Clenshaw-Curtis": (clenshaw_curtis, (9, 13, 17)),
    "Simpson": (simpson, (9, 13, 17)),
    "trapezoids in Sidi's variable": (sidi, (8, 12, 16)),
    "left Riemann (the paper)": (riemann_left, (100,)),
}


class Bench:
    """A pair, and as many threads as it is run by: each takes a case by itself."""

    def __init__(self, pair: str, threads: int) -> None:
        target, baseline = (zoo.load(f"{pair}/{name}") for name in ("target", "baseline"))
        self.space = FilterSpace.of(target)
        self.paths = [WeightPath(target, baseline) for _ in range(threads)]

    def each(self, cases: Sequence[Case], function: Callable[[WeightPath, Case], Found]) -> list[Found]:
        """A function of every case."""

        def one(case: Case) -> Found:
            path = self.paths.pop()
            try:
                return function(path, case)
            finally:
                self.paths.append(path)

        with ThreadPoolExecutor(len(self.paths), initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(one, cases))

    def contrast(self, path: WeightPath, case: Case, rule: Quadrature) -> Scores:
        """The discriminative score of one case."""
        own, other = along_path(path, self.space, rule, samples_of(case))
        return own.score - other.score


def main(pair: str = "srresnet-x2", threads: int = 2, crops: int = 62, few: int = 8, side: int = 24) -> None:
    """Print both tables in Markdown."""
    preset = {kind: made for kind, made in paper_preset().items() if kind in KINDS}

    def cases(count: int) -> list[Case]:
        return [degrade_case(name, gt, preset, 2) for name, gt in take(None, count, 2 * side).items()]

    bench = Bench(pair, threads)
    print_rules(bench, cases(few))
    print_budgets(bench, cases(crops))


def print_rules(bench: Bench, cases: Sequence[Case]) -> None:
    """Relative error of the contributions ``c`` of all weights: root mean square over cases and degradations."""
    rules = {(name, count): make(count) for name, (make, counts) in ROWS.items() for count in counts}

    def errors(path: WeightPath, case: Case) -> list[list[float]]:
        truth = contributions(path, case, converged())
        length = truth.norm(dim=1)
        return [((contributions(path, case, rule) - truth).norm(dim=1) / length).tolist() for rule in rules.values()]

    found = np.array(bench.each(cases, errors))  # case, rule, degradation
    rms = dict(zip(rules, np.sqrt((found**2).mean((0, 2))), strict=True))
    print("| rule | nodes: error |\n|---|---|")
    for name, (_, counts) in ROWS.items():
        print(f"| {name} | " + ", ".join(f"{count}: {rms[name, count]:.3f}" for count in counts) + " |", flush=True)


def contributions(path: WeightPath, case: Case, rule: Quadrature) -> torch.Tensor:
    """``[degradation, weight]``."""
    integral = AlongPath(path, samples_of(case), WHOLE)
    integral.add(rule.nodes, rule.weights)
    return torch.cat([(sums * path.difference[key]).flatten(1) for key, sums in integral.sums.items()], 1)


def print_budgets(bench: Bench, cases: Sequence[Case]) -> None:
    """How much of the top 1% is also found on other images, by how passes are spent."""

    def scores(path: WeightPath, case: Case) -> torch.Tensor:
        return torch.stack([bench.contrast(path, case, graded(count)) for count in NODES])

    found = torch.stack(bench.each(cases, scores))  # case, number of nodes, filter
    half, chance = len(cases) // 2, random.Random(0)
    shares: dict[tuple[int, int], list[float]] = {}
    for _ in range(DRAWS):
        drawn = chance.sample(range(len(cases)), len(cases))
        truth = found[drawn[half:], NODES.index(max(NODES))].mean(0)
        for passes in SPENT:
            for place, nodes in enumerate(NODES):
                images = passes // (nodes * len(KINDS))
                if 1 < images <= half:
                    share = overlap(found[drawn[:images], place].mean(0), truth)
                    shares.setdefault((passes, nodes), []).append(share)
    print("\n| passes | " + " | ".join(f"{nodes} nodes" for nodes in NODES) + " |\n|---|" + "---|" * len(NODES))
    for passes in SPENT:
        cells = [
            f"{statistics.mean(shares[passes, nodes]):.3f} ({passes // (nodes * len(KINDS))})"
            if (passes, nodes) in shares
            else ""
            for nodes in NODES
        ]
        print(f"| {passes} | " + " | ".join(cells) + " |")
    most = found[:, NODES.index(max(NODES))].mean(0)
    print(f"\nThe same top 1% as by {max(NODES)} nodes, over all {len(cases)} images:")
    for place, nodes in enumerate(NODES[:-1]):
        print(f"{nodes} nodes: {overlap(found[:, place].mean(0), most):.3f}")


if __name__ == "__main__":
    typer.run(main)
