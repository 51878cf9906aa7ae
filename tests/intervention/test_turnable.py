"""Networks with strengths as an input: in PyTorch, and as ONNX in an app."""

import numpy as np
import pytest
import torch
from torch import nn

from conftest import nudged, tiny_network
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace, Strengths
from faig.filters.strengths import turned
from faig.intervention.edit import cut, mix, modulate
from faig.intervention.turnable import Turnable, export_turnable

NAMES = ["srresnet", "srcnn-style"]


def tiny_pair(name: str = "srresnet") -> tuple[nn.Module, nn.Module]:
    baseline = tiny_network(name).eval().requires_grad_(False)
    return nudged(baseline), baseline


def functions_of(
    network: nn.Module, unit: str = "filter", everything: bool = False
) -> dict[str, FilterSet | Strengths]:
    space = FilterSpace.of(network, unit, everything)
    strengths = torch.rand(len(space), generator=torch.Generator().manual_seed(5))
    return {"blur": FilterSet.of(space, range(0, len(space), 3)), "noise": Strengths(space, strengths)}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("unit", "everything"), [("filter", False), ("filter", True), ("channel", False), ("layer", False)]
)
def test_a_call_is_the_mixed_network(name, unit, everything):
    target, baseline = tiny_pair(name)
    functions = functions_of(target, unit, everything)
    network, image = Turnable(target, baseline, functions), torch.rand(1, 3, 9, 11)
    for blur, noise in ((0.0, 1.0), (0.5, 0.2), (1.0, 1.0), (1.5, 0.0)):
        mixed = mix(target, baseline, turned(functions, {"blur": blur, "noise": noise}))
        torch.testing.assert_close(network(image, torch.tensor([blur, noise])), mixed(image), rtol=0, atol=1e-6)


def test_one_strength_per_unit():
    target, baseline = tiny_pair()
    space = FilterSpace.of(target, "channel")
    network, image = Turnable(target, baseline, None, space), torch.rand(1, 3, 9, 11)
    values = torch.rand(len(space))
    torch.testing.assert_close(network(image, values), mix(target, baseline, Strengths(space, values))(image))
    assert torch.equal(network(image, torch.zeros(len(space))), baseline(image))


@pytest.mark.parametrize("unit", ["filter", "channel"])
def test_units_that_are_not_kept_are_cut(unit):
    target, baseline = tiny_pair()
    space = FilterSpace.of(target, unit)
    network, image = Turnable(target, baseline, None, space, cuttable=True), torch.rand(1, 3, 9, 11)
    kept = torch.randint(0, 2, (len(space),)).float()
    expected = cut(target, FilterSet(space, kept == 0))(image)
    torch.testing.assert_close(network(image, torch.ones(len(space)), kept), expected, rtol=0, atol=1e-6)
    strengths = torch.rand(len(space))
    assert torch.equal(network(image, strengths, torch.ones(len(space))), network(image, strengths))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_onnx_turns_as_pytorch_does(name, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    target, baseline = tiny_pair(name)
    functions = functions_of(target, "channel")
    assert export_turnable(Turnable(target, baseline, functions), tmp_path / "knob.onnx", 3) < 1e-5
    session = onnxruntime.InferenceSession(str(tmp_path / "knob.onnx"), providers=["CPUExecutionProvider"])
    assert [each.name for each in session.get_inputs()] == ["image", "strength"]
    assert session.get_modelmeta().custom_metadata_map == {"functions": '["blur", "noise"]', "scale": "2"}
    for height, width in ((8, 13), (21, 16), (40, 33)):
        image = torch.rand(1, 3, height, width)
        for strength in (0.0, 0.5, 1.0, 1.5):
            given = {"image": image.numpy(), "strength": np.array([1, strength], np.float32)}
            expected = modulate(target, baseline, functions["noise"], strength)(image)
            assert np.abs(session.run(None, given)[0] - expected.numpy()).max() < 1e-5


def test_what_cannot_be_turned_is_refused(tmp_path):
    target, baseline = tiny_pair()
    with pytest.raises(InputError, match="no functions to turn"):
        Turnable(target, baseline, {})
    with pytest.raises(InputError, match="rank the same units for all functions"):
        functions = {unit: FilterSet.of(FilterSpace.of(target, unit), [0]) for unit in ("filter", "channel")}
        Turnable(target, baseline, functions)
    with pytest.raises(InputError, match=r"is written as \.onnx"):
        export_turnable(Turnable(target, baseline, functions_of(target)), tmp_path / "knob.pth", 3)
