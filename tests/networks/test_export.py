"""Networks out again, as others read them."""

import shutil

import pytest
import torch
from torch import nn
from torch.nn import functional

from conftest import tiny_network
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.imaging.images import round8
from faig.intervention.edit import revert
from faig.networks.architectures import build
from faig.networks.checkpoint import load_network
from faig.networks.export import export
from faig.zoo import find


class ResidualBlockNoBN(nn.Module):
    """As BasicSR names things."""

    def __init__(self, num_feat: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(num_feat, num_feat, 3, 1, 1, bias=True)
        self.conv2 = nn.Conv2d(num_feat, num_feat, 3, 1, 1, bias=True)

    def forward(self, x):
        return x + self.conv2(self.conv1(x).relu())


class MSRResNet(nn.Module):
    """As BasicSR names things, ×2."""

    def __init__(self, num_feat: int, num_block: int) -> None:
        super().__init__()
        self.conv_first = nn.Conv2d(3, num_feat, 3, 1, 1)
        self.body = nn.Sequential(*[ResidualBlockNoBN(num_feat) for _ in range(num_block)])
        self.upconv1 = nn.Conv2d(num_feat, num_feat * 4, 3, 1, 1)
        self.pixel_shuffle = nn.PixelShuffle(2)
        self.conv_hr = nn.Conv2d(num_feat, num_feat, 3, 1, 1)
        self.conv_last = nn.Conv2d(num_feat, 3, 3, 1, 1)
        self.lrelu = nn.LeakyReLU(0.1)

    def forward(self, x):
        out = self.body(self.lrelu(self.conv_first(x)))
        out = self.lrelu(self.pixel_shuffle(self.upconv1(out)))
        out = self.conv_last(self.lrelu(self.conv_hr(out)))
        return out + functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


@pytest.mark.slow
def test_a_reverted_network_loads_strictly_in_basicsrs_class(faig, files, study, tmp_path):
    out = tmp_path / "no-deblur.pth"
    assert faig("attribute", *study, "--nodes", 1, "--out", tmp_path / "run")[0] == 0
    ranking = tmp_path / "run" / "filters-blur.csv"
    code, _, err = faig("revert", *study[:4], "--filters", ranking, "--top", "5%", "--out", out)
    assert code == 0, err
    theirs = MSRResNet(num_feat=4, num_block=1)
    theirs.load_state_dict(torch.load(out, weights_only=True)["params"], strict=True)
    image = torch.rand(1, 3, 9, 7)
    target, ours = load_network(files / "target.safetensors"), load_network(out)
    with torch.no_grad():
        torch.testing.assert_close(theirs(image), ours(image))
    assert not torch.equal(ours(image), target(image))


@pytest.fixture(scope="module")
def onnx(tmp_path_factory):
    """The tiny network in ONNX, which takes seconds to write."""
    pytest.importorskip("onnxruntime")
    file = tmp_path_factory.mktemp("onnx") / "net.onnx"
    export(tiny_network(), file)
    return file


@pytest.mark.slow
def test_onnx_gives_what_pytorch_gives(onnx):
    import onnxruntime

    session = onnxruntime.InferenceSession(onnx)
    for height, width in ((20, 31), (64, 5)):
        image = torch.rand(1, 3, height, width)
        found = torch.from_numpy(session.run(None, {"input": image.numpy()})[0])
        torch.testing.assert_close(found, tiny_network()(image), rtol=0, atol=1e-4)
        assert torch.equal(round8(found[0]), round8(tiny_network()(image)[0]))


@pytest.mark.slow
def test_onnx_that_differs_is_not_written(onnx, faig, monkeypatch, tmp_path):
    """The exporter is made to write another network, then the right one."""
    import faig.networks.export as exporting

    def another(network, images, path, **options):
        del network, images, options
        shutil.copy(onnx, path)

    monkeypatch.setattr(exporting.torch.onnx, "export", another)
    with pytest.raises(InputError, match="on an image of 46x33 ONNX differs from PyTorch by"):
        export(tiny_network(seed=1), tmp_path / "net.onnx")
    with pytest.raises(InputError, match="ONNX differs from PyTorch in size"):
        export(nn.Conv2d(3, 3, 1), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())
    torch.save(tiny_network().state_dict(), tmp_path / "net.pth")
    code, _, err = faig("zoo", "export", tmp_path / "net.pth", tmp_path / "net.onnx")
    assert (code, err) == (0, "")
    assert (tmp_path / "net.onnx").read_bytes() == onnx.read_bytes()


def test_a_shared_weight_is_written_and_read(tmp_path):
    network = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1))
    network[2].weight = network[0].weight
    space = FilterSpace.of(network)
    altered = revert(network, nn.Sequential(*network), FilterSet.of(space, [0]))
    for name in ("net.safetensors", "net.pth"):
        export(altered, tmp_path / name)
        again = load_network(tmp_path / name, lambda: nn.Sequential(*network))
        assert torch.equal(again.state_dict()["0.weight"], again.state_dict()["2.weight"])


@pytest.mark.parametrize(
    ("name", "half", "told"),
    [("net.tflite", False, "written as .safetensors, .pth, .onnx"), ("net.onnx", True, "ONNX is written in float32")],
)
def test_what_cannot_be_written(tmp_path, name, half, told):
    with pytest.raises(InputError, match=told):
        export(tiny_network(), tmp_path / name, half=half)
    assert not list(tmp_path.iterdir())


def test_the_shipped_network_goes_out_in_float32(faig, tmp_path):
    assert faig("zoo", "export", "srresnet-x2/target", tmp_path / "net.pth")[0] == 0
    theirs = MSRResNet(num_feat=64, num_block=16)
    theirs.load_state_dict(torch.load(tmp_path / "net.pth", weights_only=True)["params"], strict=True)
    ours = load_network(find("srresnet-x2/target"))
    image = torch.rand(1, 3, 9, 7)
    with torch.no_grad():
        torch.testing.assert_close(theirs(image), ours(image))


@pytest.mark.parametrize(
    ("architecture", "arguments", "kept"),
    [
        ("srresnet", {"scale": 2, "features": 4, "blocks": 1}, True),
        ("edsr", {"scale": 2, "features": 4, "blocks": 1}, True),
        ("edsr", {"scale": 2, "features": 4, "blocks": 1, "res_scale": 0.1}, False),
        ("edsr", {"scale": 2, "features": 4, "blocks": 1, "mean": [0.4690, 0.4490, 0.4036]}, False),
        ("compact", {"scale": 2, "features": 4, "convolutions": 1, "activation": "leakyrelu"}, True),
        ("compact", {"scale": 2, "features": 4, "convolutions": 1, "activation": "relu"}, False),
    ],
)
def test_pth_says_what_weights_alone_do_not(tmp_path, caplog, architecture, arguments, kept):
    network = build(architecture, **arguments)
    for name in ("net.safetensors", "net.pth"):
        export(network, tmp_path / name, {"architecture": architecture, "arguments": arguments})
    assert ("net.pth holds weights alone, which do not say" in caplog.text) != kept
    image = torch.rand(1, 3, 5, 7)
    again, weights_alone = (load_network(tmp_path / name)(image) for name in ("net.safetensors", "net.pth"))
    assert torch.equal(again, network.eval()(image))
    assert torch.equal(weights_alone, again) == kept
