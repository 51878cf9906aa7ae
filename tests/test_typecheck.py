"""The shapes and types in annotations are checked while the tests run: a wrong one must be caught."""

from collections.abc import Iterator

import jaxtyping
import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from faig.imaging.cases import Case
from faig.intervention.effect import effect
from typecheck import check


@jaxtyping.jaxtyped(typechecker=check)
def joined(first: Float[Tensor, " n"], second: Float[Tensor, " n"], times: int = 1) -> Float[Tensor, " n"]:
    return torch.cat([first, second][:times])


@jaxtyping.jaxtyped(typechecker=check)
def counted(number: float) -> Iterator[float]:
    yield from [number, joined(torch.ones(2), torch.ones(2)).sum().item()]


def test_a_wrong_shape_is_caught():
    with pytest.raises(jaxtyping.TypeCheckError, match=r"altered|original"):
        effect(torch.zeros(1, 4, 4), torch.zeros(3, 4, 4))
    with pytest.raises(jaxtyping.TypeCheckError, match="gt"):
        Case("a", torch.zeros(4, 4), {})


def test_one_name_is_one_size_in_a_call_and_its_result_and_in_no_other_call():
    for size in (2, 3):
        assert len(joined(torch.ones(size), torch.ones(size))) == size
    with pytest.raises(jaxtyping.TypeCheckError, match="second"):
        joined(torch.ones(2), torch.ones(3))
    with pytest.raises(jaxtyping.TypeCheckError, match="return"):
        joined(torch.ones(2), torch.ones(2), times=2)


def test_a_wrong_type_is_caught():
    assert list(counted(1)) == [1, 2]  # an int is also a float
    with pytest.raises(jaxtyping.TypeCheckError, match="number"):
        next(counted("1"))
    with pytest.raises(jaxtyping.TypeCheckError, match="times"):
        joined(torch.ones(2), torch.ones(2), 1.5)
