"""Networks that spandrel recognises, without torchvision: the real spandrel, on tiny networks of its own."""

import copy
import importlib.util
import sys
from pathlib import Path

import pytest
import torch

from conftest import path_scores, tiny_cases
from faig.attribution.integration.quadrature import gauss_legendre
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.intervention.edit import revert
from faig.networks.checkpoint import load_network
from faig.networks.inference import channels_of, restore, scale_of
from spandrels import TINY, tiny

pytestmark = pytest.mark.filterwarnings("ignore:torch.meshgrid", "ignore:.saved_variables")


needs_spandrel = pytest.mark.usefixtures("spandrel")


SIZES = ((9, 7), (21, 18))


SLOW = ("SCUNet",)


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in TINY])
def file(request, tmp_path) -> Path:
    request.getfixturevalue("spandrel")
    torch.save({"params_ema": tiny(request.param).state_dict()}, tmp_path / f"{request.param}.pth")
    return tmp_path / f"{request.param}.pth"


def test_weights_and_outputs_are_spandrels(file, spandrel):
    weights = torch.load(file, weights_only=True)["params_ema"]
    theirs = spandrel.ModelLoader().load_from_state_dict(dict(weights)).eval()
    ours = load_network(file)
    found = ours.state_dict()
    with torch.no_grad():
        theirs(torch.rand(1, 3, *SIZES[0]))  # SPAN's forward computes some of its weights from others
    assert all(torch.equal(found[name], weight) for name, weight in theirs.model.state_dict().items())
    assert (channels_of(ours), scale_of(ours)) == (3, theirs.scale)
    for height, width in SIZES:
        image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            torch.testing.assert_close(ours(image).clamp(0, 1), theirs(image.clone()), atol=1e-5, rtol=0)


@needs_spandrel
@pytest.mark.slow
@pytest.mark.parametrize("name", ["NAFNet", "SwinIR", "SAFMN"])
def test_spandrels_networks_are_attributed_altered_and_read_again(tmp_path, name):
    torch.save({"params_ema": tiny(name).state_dict()}, tmp_path / "net.pth")
    target = load_network(tmp_path / "net.pth")
    generator = torch.Generator().manual_seed(0)
    baseline = copy.deepcopy(target)
    for weight in baseline.parameters():
        weight.mul_(1 + 0.02 * torch.randn(weight.shape, generator=generator))
    scale = scale_of(target)
    cases = tiny_cases(scale, count=1, height=9, width=7)
    found = path_scores(target, baseline, cases, gauss_legendre(4))
    assert max(map(abs, found.delta().values())) < 0.05
    space = FilterSpace.of(target)
    reverted = revert(target, baseline, FilterSet.of(space, range(0, len(space), 3)))
    torch.save({"params": reverted.state_dict()}, tmp_path / "again.pth")
    again = load_network(tmp_path / "again.pth")
    image = cases[0].lr["blur"]
    assert torch.equal(restore(again, image), restore(reverted, image))
    assert not torch.equal(again(image[None]), target(image[None]))
    assert restore(again, image).shape == cases[0].gt.shape


@needs_spandrel
@pytest.mark.parametrize("channels", [1, 3])
def test_what_spandrel_puts_around_a_network_is_kept(tmp_path, channels):
    from spandrel.architectures.DnCNN import DnCNN

    torch.manual_seed(0)
    network = DnCNN(in_nc=channels + 1, out_nc=channels, nc=4, nb=4, mode="FDnCNN").eval()
    torch.save(network.state_dict(), tmp_path / "net.pth")
    image = torch.rand(1, channels, 9, 7)
    level = torch.full((1, 1, 9, 7), 15 / 255)
    found = load_network(tmp_path / "net.pth")
    assert channels_of(found) == channels
    torch.testing.assert_close(found(image), network(torch.cat([image, level], 1)))


@needs_spandrel
def test_spandrel_leaves_no_torchvision_behind():
    try:
        import torchvision
    except ImportError:
        assert not [name for name in sys.modules if name.split(".")[0] == "torchvision"]
    else:
        assert torchvision.__file__


@needs_spandrel
def test_what_nobody_knows(tmp_path):
    torch.save({"odd.weight": torch.zeros(3, 3, 3, 3)}, tmp_path / "net.pth")
    with pytest.raises(
        InputError, match=r"net.pth: no known architecture.*a function that builds.*spandrel does not know it either"
    ):
        load_network(tmp_path / "net.pth")


@needs_spandrel
def test_networks_of_other_channels_are_refused(tmp_path):
    from spandrel.architectures.SPAN import SPAN

    weights = SPAN(num_in_ch=4, num_out_ch=4, feature_channels=8, upscale=2, norm=False).state_dict()
    torch.save(weights, tmp_path / "net.pth")
    with pytest.raises(InputError, match="SPAN, from 4 channels to 4, and neither RGB to RGB nor gray to gray"):
        load_network(tmp_path / "net.pth")


@pytest.mark.parametrize("missing", ["spandrel", "einops"])
def test_says_what_is_missing(monkeypatch, tmp_path, missing):
    if missing == "einops" and importlib.util.find_spec("spandrel") is None:
        pytest.skip("spandrel is not installed")
    for name in list(sys.modules):
        if name.partition(".")[0] == "spandrel":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    torch.save({"odd.weight": torch.zeros(3, 3, 3, 3)}, tmp_path / "net.pth")
    with pytest.raises(InputError, match=rf"no known architecture.*{missing}.*pip install --no-deps spandrel einops"):
        load_network(tmp_path / "net.pth")
