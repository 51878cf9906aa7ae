import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faig.attribution.integration.quadrature import RULES, quadrature, riemann_left
from faig.common.errors import InputError

DEGREE = {
    "gauss-legendre": lambda n: 2 * n - 1,
    "riemann-left": lambda n: 0,
    "graded": lambda n: 0,
}


@given(st.sampled_from(sorted(RULES)), st.integers(2, 12), st.lists(st.floats(-3, 3), min_size=1, max_size=24))
def test_exact_up_to_its_degree(rule, count, coefficients):
    polynomial = np.polynomial.Polynomial(coefficients[: DEGREE[rule](count) + 1])
    exact = polynomial.integ()(1) - polynomial.integ()(0)
    assert quadrature(rule, count).integrate(polynomial) == pytest.approx(exact, abs=1e-10)


@pytest.mark.parametrize("rule", RULES)
def test_not_exact_above_its_degree(rule):
    degree = DEGREE[rule](3) + 1
    assert quadrature(rule, 3).integrate(lambda a: a**degree) != pytest.approx(1 / (degree + 1), rel=1e-6)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("count", [2, 3, 16, 100])
def test_nodes_and_weights(rule, count):
    found = quadrature(rule, count)
    assert len(found) == len(found.weights) == count
    assert math.fsum(found.weights) == pytest.approx(1, abs=1e-12)
    assert min(found.weights) > 0
    assert list(found.nodes) == sorted(found.nodes)
    assert found.nodes[0] >= 0
    assert found.nodes[-1] <= 1


def test_the_papers_nodes():
    assert riemann_left(100).nodes == pytest.approx([k / 100 for k in range(100)])
    assert riemann_left(1).nodes == (0.0,)


@pytest.mark.parametrize(
    ("rule", "count", "message"),
    [
        ("simpson", 3, "'simpson' is not one of gauss-legendre, riemann-left, graded"),
        ("gauss-legendre", 0, "at least 1 node, got 0"),
    ],
)
def test_what_there_is_not(rule, count, message):
    with pytest.raises(InputError, match=message):
        quadrature(rule, count)
