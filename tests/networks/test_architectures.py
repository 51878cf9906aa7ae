import math

import pytest
import torch
from torch.nn import functional

from conftest import tiny_network
from faig.common.errors import InputError
from faig.networks.architectures import SRCNNStyle, SRResNet, build, recognise
from faig.networks.graph import trace
from faig.networks.inference import scale_of
from faig.networks.tiling import Reach, reach

SCALES = pytest.mark.parametrize("scale", [2, 3, 4])


BUILT = [
    *(
        (name, scale)
        for name in ("srresnet", "srresnet-two-branch", "srresnet-banks", "srcnn-style", "edsr", "rcan")
        for scale in (1, 2, 3, 4, 8)
    ),
    *(("compact", scale) for scale in (1, 2, 3, 4, 5)),
    *(("rrdb", scale) for scale in (1, 2, 4, 8)),
    ("dncnn", 1),
]


@pytest.mark.parametrize(("architecture", "scale"), BUILT)
@pytest.mark.parametrize(("height", "width"), [(3, 3), (5, 8), (13, 7)])
def test_enlarges_odd_sizes(architecture, scale, height, width):
    output = tiny_network(architecture, scale)(torch.rand(2, 3, height, width))
    assert output.shape == (2, 3, height * scale, width * scale)


@pytest.mark.parametrize(("architecture", "scale"), BUILT)
def test_steps_are_traced_and_run_the_same(architecture, scale):
    network, image = tiny_network(architecture, scale), torch.rand(1, 3, 5, 7)
    torch.testing.assert_close(trace(network)(image), network(image))
    assert scale_of(network) == scale


@pytest.mark.parametrize(
    ("architecture", "scale", "expected"),
    [
        ("compact", 3, Reach(4, 1)),  # first, 2, last
        ("dncnn", 1, Reach(4, 1)),
        ("edsr", 3, Reach(8, 1)),  # first, 2 in each of 2 blocks, after the body, enlarging, last (at HR)
        ("rcan", 2, None),  # the means of its attention are over the whole image
        ("srresnet", 1, Reach(5, 1)),
    ],
)
def test_how_far_they_see(architecture, scale, expected):
    assert reach(tiny_network(architecture, scale), scale) == expected


@pytest.mark.slow
def test_tiles_of_unshuffled_images_begin_at_whole_pixels():
    assert reach(tiny_network("rrdb", 2), 2).align == 2
    assert reach(tiny_network("rrdb", 1), 1).align == 4


def lrelu(x: torch.Tensor) -> torch.Tensor:
    return functional.leaky_relu(x, 0.1)


@SCALES
def test_srresnet_is_the_papers(scale):
    """The forward pass written out from the description, on the state dict alone."""
    network, image = tiny_network("srresnet", scale), torch.rand(1, 3, 7, 6)
    weights = network.state_dict()

    def conv(name: str, x: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1)

    x = lrelu(conv("conv_first", image))
    x = x + conv("body.0.conv2", functional.relu(conv("body.0.conv1", x)))
    for name in ("upconv1", "upconv2")[: 2 if scale == 4 else 1]:
        x = lrelu(functional.pixel_shuffle(conv(name, x), 3 if scale == 3 else 2))
    x = conv("conv_last", lrelu(conv("conv_hr", x)))
    x = x + functional.interpolate(image, scale_factor=scale, mode="bilinear", align_corners=False)
    torch.testing.assert_close(network(image), x)


@SCALES
def test_srcnn_style_is_the_papers(scale):
    network, x = tiny_network("srcnn-style", scale), torch.rand(1, 3, 7, 6)
    image, weights = x, network.state_dict()
    names = sorted({key.rsplit(".", 1)[0] for key in weights}, key=lambda name: int(name.split(".")[1]))
    shuffled = names[2 : 4 if scale == 4 else 3]  # two layers at LR size come first
    for name in names:
        x = functional.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1)
        if name in shuffled:
            x = functional.pixel_shuffle(x, 3 if scale == 3 else 2)
        if name != names[-1]:
            x = lrelu(x)
    torch.testing.assert_close(network(image), x)


@SCALES
def test_srcnn_style_begins_by_repeating_pixels(scale):
    torch.manual_seed(0)
    network, image = build("srcnn-style", scale=scale), torch.rand(1, 3, 9, 7)
    repeated = functional.interpolate(image, scale_factor=scale, mode="nearest")
    with torch.no_grad():
        assert (network(image) - repeated).abs().mean() < 0.5 * (repeated - repeated.mean()).abs().mean()


def test_keys_are_basicsrs():
    blocks = [f"body.{i}.conv{j}" for i in range(16) for j in (1, 2)]
    for scale, upconvs in ((2, ["upconv1"]), (3, ["upconv1"]), (4, ["upconv1", "upconv2"])):
        names = ["conv_first", *blocks, *upconvs, "conv_hr", "conv_last"]
        keys = {f"{name}.{part}" for name in names for part in ("weight", "bias")}
        assert set(SRResNet(scale).state_dict()) == keys
    assert SRResNet(3).upconv1.weight.shape == (576, 64, 3, 3)
    convs = [k for k, v in SRCNNStyle().state_dict().items() if v.ndim == 4]
    assert convs == [f"features.{i}.weight" for i in (0, 2, 4, 6, 8, 10, 12, 15, 17)]
    assert SRCNNStyle(3).features[12].weight.shape == (1152, 128, 3, 3)


@SCALES
@pytest.mark.parametrize(
    ("architecture", "sizes"),
    [
        ("srresnet", {}),
        ("srresnet", {"features": 6, "blocks": 3, "channels": 1}),
        ("srresnet", {"features": 4, "blocks": 0}),
        ("srcnn-style", {}),
        ("srcnn-style", {"widths": (5,)}),
        ("srcnn-style", {"widths": (4, 9, 2), "channels": 1}),
    ],
)
def test_recognised_from_weights_alone(architecture, sizes, scale):
    with torch.device("meta"):
        weights = build(architecture, scale=scale, **sizes).state_dict()
        found, arguments, known, done, assumption = recognise(weights)
        again = build(found, **arguments).state_dict()
    assert found == architecture
    assert arguments["scale"] == scale
    assert {key: value.shape for key, value in again.items()} == {key: value.shape for key, value in weights.items()}
    assert list(known) == list(weights)
    assert not done
    assert not assumption


@pytest.mark.parametrize("spoil", ["drop", "add", "reshape"])
def test_nothing_else_is_recognised(spoil):
    weights = tiny_network().state_dict()
    if spoil == "drop":
        del weights["conv_hr.bias"]
    elif spoil == "add":
        weights["extra.weight"] = torch.zeros(1)
    else:
        weights["conv_hr.weight"] = torch.zeros(4, 4, 5, 5)
    with pytest.raises(InputError, match="no known architecture has these"):
        recognise(weights)


@pytest.mark.parametrize(
    ("architecture", "arguments", "told"),
    [
        ("rrdb", {"scale": 3}, "scale 3 after unshuffling by 1 is no power of 2"),
        ("compact", {"activation": "gelu"}, "activation 'gelu' is not one of prelu, relu, leakyrelu"),
        ("edsr", {"mean": [0.5]}, "a mean of 1 channels for images of 3"),
        ("dncnn", {"convolutions": 1}, "1 convolutions are no chain; 2 at least"),
        ("rcan", {"scale": 6}, "scale 6 is not one of 1, 2, 3, 4, 8"),
    ],
)
def test_arguments_that_make_no_sense(architecture, arguments, told):
    with pytest.raises(InputError, match=told):
        build(architecture, **arguments)


def test_what_cannot_be_built():
    with pytest.raises(
        InputError, match="'vgg' is unknown; known: srresnet, srresnet-two-branch, srresnet-banks, srcnn-style"
    ):
        build("vgg")
    with pytest.raises(InputError, match=r"'srresnet' with .*'depth'"):
        build("srresnet", depth=3)
    with pytest.raises(InputError, match="scale 5 is not one of 1, 2, 3, 4, 8"):
        build("srresnet", scale=5)


def test_starts_near_its_skip():
    image = torch.rand(1, 3, 8, 8)
    skip = functional.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)
    assert math.sqrt((SRResNet()(image) - skip).square().mean().item()) < 0.02
