"""Networks come in any mode: they are run as for evaluation, and left in the mode and with the statistics they had."""

import copy
import dataclasses
from unittest.mock import patch

import pytest
import torch
from torch import nn

from conftest import nudged, tiny_cases
from faig.attribution.integration.tiling import saved_bytes
from faig.attribution.methods import MASK
from faig.attribution.options import Options
from faig.filters import FilterSet, FilterSpace
from faig.imaging.images import write_image
from faig.networks.adapters import padded
from faig.networks.align import align
from faig.networks.checkpoint import read_weights
from faig.networks.export import export
from faig.networks.inference import restore, scale_of
from faig.networks.tiling import reach
from faig.pair import Pair
from faig.truth import alone, plant


class Moody(nn.Module):
    """Where it is trained, it drops out (in two ways) and keeps statistics of its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.norm, self.drop = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.Dropout(0.5)
        self.body, self.tail = nn.Conv2d(6, 9, 3, padding=1), nn.Conv2d(9, 12, 1)
        self.up = nn.PixelShuffle(2)

    def forward(self, x):
        y = self.body(self.drop(self.norm(self.head(x)).relu())).relu()
        return self.up(self.tail(nn.functional.dropout2d(y, 0.5, self.training)))


def moody(mode: str) -> tuple[nn.Module, nn.Module]:
    """Target and baseline, in evaluation mode, in training mode, or some of each."""
    torch.manual_seed(0)
    baseline = Moody()
    baseline.norm.running_mean.uniform_(-0.2, 0.2)
    baseline.norm.running_var.uniform_(0.5, 2)
    pair = nudged(baseline), baseline
    for network in pair:
        network.train(mode != "evaluation")
        if mode == "some":
            network.norm.eval()
            network.head.requires_grad_(False)
    return pair


def state(network: nn.Module) -> list[object]:
    """All that must stay."""
    modes = [module.training for module in network.modules()]
    asks = [weight.requires_grad for weight in network.parameters()]
    return [modes, asks, {key: value.tolist() for key, value in network.state_dict().items()}]


def some(network: nn.Module) -> FilterSet:
    return FilterSet.of(FilterSpace.of(network), range(0, 60, 7))


IMAGE = torch.rand(3, 9, 7, generator=torch.Generator().manual_seed(3))


def attributed(target, baseline, _):
    found = Pair(target=target, baseline=baseline).attribute(tiny_cases(count=1), nodes=3)
    return list(found.scores.values())


def measured(target, baseline, _):
    pair = Pair(target=target, baseline=baseline)
    table = pair.measure(pair.revert(some(target)), tiny_cases(count=2))
    return [torch.tensor(table.select_dtypes("number").to_numpy()).nan_to_num()]


def altered(target, baseline, _):
    pair = Pair(target=target, baseline=baseline)
    return [restore(pair.modulate(some(target), 0.5), IMAGE), restore(pair.graft(some(target)), IMAGE)]


def predicted(target, baseline, _):
    from faig.analysis.prediction import Predictor

    filters = {"blur": some(target), "noise": ~some(target)}
    cases = [case for seed in range(3) for case in tiny_cases(count=3, height=14 + seed)]
    return [torch.tensor(list(Predictor.fit(target, baseline, filters, cases).predict(IMAGE).probabilities.values()))]


def learned(target, baseline, _):
    method = dataclasses.replace(MASK, steps=2)
    pair = Pair(target=target, baseline=baseline)
    return list(method.attribute(pair, tiny_cases(count=1), Options(top=0.1)).scores.values())


def learned_strengths(target, baseline, _):
    with patch("faig.attribution.learning.strengths.STEPS", 2):
        found = Pair(target=target, baseline=baseline, unit="channel").attribute(tiny_cases(count=1), "strengths")
    return [each.values for each in found.strengths.values()]


def validated(target, _, tmp_path):
    from faig.training.config import ValidationConfig
    from faig.training.monitoring import Validation

    (tmp_path / "gt").mkdir(exist_ok=True)
    write_image(tmp_path / "gt" / "a.png", torch.rand(3, 36, 40, generator=torch.Generator().manual_seed(0)))
    return [torch.tensor(list(Validation(ValidationConfig(gt=tmp_path / "gt"), 2)(target).values()))]


def exported(target, _, tmp_path):
    export(target, tmp_path / "out.safetensors")
    return list(read_weights(tmp_path / "out.safetensors")[0].values())


def exported_as_onnx(target, _, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    export(target, tmp_path / "out.onnx")
    session = runtime.InferenceSession((tmp_path / "out.onnx").read_bytes(), providers=["CPUExecutionProvider"])
    return [torch.from_numpy(session.run(None, {"input": IMAGE[None].numpy()})[0])]


def each_alone(target, baseline, _):
    found = alone(target, baseline, tiny_cases(count=1))
    return [*found.loss.values(), *found.output.values()]


def planted(target, baseline, _):
    case = tiny_cases(count=1)[0]
    one = (case.gt[None], {kind: lr[None] for kind, lr in case.lr.items()})
    return list(plant(baseline, {"blur": some(target)}, [one, one], 2, 1e-3).state_dict().values())


USES = {
    "restored": lambda target, baseline, tmp_path: [restore(target, IMAGE)],
    "enlarged": lambda target, baseline, tmp_path: [torch.tensor(scale_of(target))],
    "adapted": lambda target, baseline, tmp_path: [restore(padded(target, 4), IMAGE)],
    "seen": lambda target, baseline, tmp_path: [torch.tensor(reach(target, 2).pixels)],
    "counted": lambda target, baseline, tmp_path: [torch.tensor(saved_bytes(target))],
    "aligned": lambda target, baseline, tmp_path: [restore(align(target, baseline), IMAGE)],
    **{
        use.__name__: use
        for use in (attributed, measured, altered, predicted, learned, learned_strengths, validated, exported, planted)
    },
    "each alone": each_alone,
    "exported as ONNX": exported_as_onnx,
}


SLOW = ("exported as ONNX", "measured", "predicted")


@pytest.mark.parametrize("use", [pytest.param(use, marks=[pytest.mark.slow] if use in SLOW else []) for use in USES])
@pytest.mark.parametrize("mode", ["training", "some"])
def test_every_use_of_a_network_is_in_evaluation_mode_and_leaves_it_as_it_was(use, mode, tmp_path):
    pair = moody(mode)
    before = copy.deepcopy([state(network) for network in pair])
    for _ in range(2):  # chance would differ
        found, expected = USES[use](*pair, tmp_path), USES[use](*moody("evaluation"), tmp_path)
        torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert [state(network) for network in pair] == before


def test_the_modes_differ():
    target, _ = moody("training")
    torch.manual_seed(0)
    assert not torch.equal(target(IMAGE[None]), target(IMAGE[None]))
    assert state(target)[2] != state(moody("training")[0])[2]
