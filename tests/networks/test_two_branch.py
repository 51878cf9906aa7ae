"""The network with a second branch, which estimates the degradation: what it computes, and where it begins."""

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional

from conftest import nudged, tiny_network, training_config
from faig.common.errors import FaigWarning
from faig.networks.architectures import build, recognise
from faig.networks.export import export
from faig.networks.tiling import reach
from faig.training.loop import train

NAME = "srresnet-two-branch"
SIZES = {"features": 6, "blocks": 2}


def one_and_two(scale: int = 2, **sizes):
    networks = []
    for name, more in (("srresnet", {}), (NAME, {"estimator_width": 5})):
        torch.manual_seed(7)
        networks.append(build(name, scale=scale, **(SIZES | sizes), **more).eval().requires_grad_(False))
    return networks


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_is_its_formula(scale):
    """The forward pass written out, on the state dict alone."""
    network, image = tiny_network(NAME, scale), torch.rand(2, 3, 9, 6)
    weights = network.state_dict()

    def conv(name: str, x: torch.Tensor, stride: int = 1) -> torch.Tensor:
        weight = weights[f"{name}.weight"]
        return functional.conv2d(x, weight, weights[f"{name}.bias"], stride, padding=weight.shape[-1] // 2)

    def lrelu(x: torch.Tensor) -> torch.Tensor:
        return functional.leaky_relu(x, 0.1)

    estimate = image
    for layer, stride in ((0, 1), (2, 2), (4, 2)):
        estimate = lrelu(conv(f"estimator.{layer}", estimate, stride))
    estimate = estimate.mean((2, 3), keepdim=True)
    x = lrelu(conv("conv_first", image))
    for i in range(2):
        x = x + conv(f"body.{i}.conv2", functional.relu(conv(f"body.{i}.conv1", x)))
        x = x + x * conv(f"modulation.{i}.gain", estimate) + conv(f"modulation.{i}.shift", estimate)
    for name in [name for name in ("upconv1", "upconv2") if f"{name}.weight" in weights]:
        x = lrelu(functional.pixel_shuffle(conv(name, x), 3 if scale == 3 else 2))
    x = conv("conv_last", lrelu(conv("conv_hr", x)))
    x = x + functional.interpolate(image, scale_factor=scale, mode="bilinear", align_corners=False)
    torch.testing.assert_close(network(image), x)


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_begins_as_the_one_branch_network_of_the_same_seed(scale):
    one, two = one_and_two(scale)
    image = torch.rand(2, 3, 7, 5)
    assert torch.equal(one(image), two(image))
    assert two.estimator(image).abs().max() > 0  # it sees something, and gradients reach the modulation


def test_one_image_has_nothing_to_do_with_the_others_of_its_batch():
    network, images = tiny_network(NAME), torch.rand(3, 3, 9, 8)
    torch.testing.assert_close(network(images), torch.cat([network(image[None]) for image in images]))


@pytest.mark.parametrize("untrained", [True, False])
def test_depends_on_the_whole_image_trained_or_not(untrained):
    """Untrained its modulation has no effect yet: tiles would do, and do no longer a step later."""
    assert reach(one_and_two()[1] if untrained else tiny_network(NAME), 2) is None


@pytest.mark.parametrize(
    "sizes",
    [{}, {"features": 4, "blocks": 3, "estimator_width": 7}, {"blocks": 1, "estimator_width": 1, "channels": 1}],
)
def test_recognised_from_weights_alone(sizes):
    with torch.device("meta"):
        weights = build(NAME, scale=3, **sizes).state_dict()
        found = recognise(weights)
        assert found.architecture == NAME
        again = build(NAME, **found.arguments).state_dict()
    assert {key: value.shape for key, value in again.items()} == {key: value.shape for key, value in weights.items()}
    assert found.arguments.items() >= ({"scale": 3} | sizes).items()


def test_goes_on_from_a_one_branch_network(settings, tmp_path):
    """A trained network is given a second branch, and trained on: at first nothing changes but by training."""
    one, _ = one_and_two()
    trained, file = nudged(one), tmp_path / "one.safetensors"
    export(trained, file, {"architecture": "srresnet", "arguments": {"scale": 2} | SIZES})
    network = {
        "architecture": NAME,
        "arguments": {"scale": 2, "estimator_width": 5} | SIZES,
        "start": str(file),
        "strict": False,
    }
    runs = {}
    for iterations, rate in ((1, 1e-9), (12, 1e-2)):
        optimizer = {"iterations": iterations, "learning_rate": rate, "ema": 0}
        config = training_config(settings, network=network, optimizer=optimizer, out=str(tmp_path / str(iterations)))
        with pytest.warns(
            FaigWarning, match="14 of 30 weights do not fit and stay as they were, first estimator.0.weight"
        ):
            runs[iterations] = load_file(train(config))
    known = trained.state_dict()
    assert max(float((runs[1][key] - weight).abs().max()) for key, weight in known.items()) < 1e-6
    image = torch.rand(1, 3, 8, 8)
    network = build(NAME, scale=2, estimator_width=5, **SIZES).requires_grad_(False)
    network.load_state_dict(runs[1])
    torch.testing.assert_close(network(image), trained(image), rtol=0, atol=1e-5)
    for layer in ("estimator.0.weight", "modulation.0.gain.weight", "modulation.1.shift.weight"):
        assert (runs[12][layer] - runs[1][layer]).abs().max() > 1e-3, layer


@pytest.mark.slow
def test_onnx_estimates_of_any_size(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    network = tiny_network(NAME)
    export(network, tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    for height, width in ((20, 31), (64, 5), (3, 3)):
        image = torch.rand(1, 3, height, width)
        found = torch.from_numpy(session.run(None, {"input": image.numpy()})[0])
        torch.testing.assert_close(found, network(image), rtol=0, atol=1e-4)
