"""The shapes in annotations are checked while the tests run: a wrong one must be caught."""

import jaxtyping
import pytest
import torch

from faig.intervention.effect import effect


def test_a_wrong_shape_is_caught():
    with pytest.raises(jaxtyping.TypeCheckError, match="altered"):
        effect(torch.zeros(1, 4, 4), torch.zeros(3, 4, 4))
