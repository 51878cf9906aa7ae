"""Networks of other people's files: other names for ours, and what spandrel knows."""

import copy
import sys
import types

import pytest
import torch

from conftest import path_scores, tiny_cases, tiny_network
from faig import load_network
from faig.attribution.integration.quadrature import riemann_left
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.intervention.edit import revert
from faig.networks.inference import restore, scale_of


@pytest.mark.parametrize("wrapped", [False, True])
def test_srresnet_under_kairs_names(tmp_path, wrapped):
    network = tiny_network(scale=4)
    old = {
        key.replace("body.", "recon_trunk.").replace("conv_hr.", "HRconv."): weight
        for key, weight in network.state_dict().items()
    }
    assert {"recon_trunk.0.conv1.weight", "HRconv.bias"} <= old.keys()
    torch.save({"params": old} if wrapped else old, tmp_path / "kair.pth")
    loaded = load_network(tmp_path / "kair.pth")
    assert all(torch.equal(weight, loaded.state_dict()[key]) for key, weight in network.state_dict().items())


@pytest.fixture
def torchvision(monkeypatch):
    """The three names that spandrel imports of torchvision."""
    functional = types.ModuleType("torchvision.transforms.functional")
    functional.InterpolationMode = functional.rotate = functional.normalize = None
    for name in ("torchvision", "torchvision.transforms"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, functional.__name__, functional)


@pytest.fixture
def spandrel(request):
    request.getfixturevalue("torchvision")
    return pytest.importorskip("spandrel")


needs_spandrel = pytest.mark.usefixtures("spandrel")


def rrdb():
    from spandrel.architectures.ESRGAN import ESRGAN

    return ESRGAN(num_filters=8, num_blocks=1, scale=2, shuffle_factor=2, in_nc=12)


def compact():
    from spandrel.architectures.Compact import Compact

    return Compact(num_feat=4, num_conv=2, upscale=2)


def rcan():
    from spandrel.architectures.RCAN import RCAN

    return RCAN(n_resgroups=1, n_resblocks=1, n_feats=16, reduction=4, scale=2)


def swinir():
    from spandrel.architectures.SwinIR import SwinIR

    return SwinIR(
        img_size=16,
        patch_size=1,
        embed_dim=8,
        depths=[2],
        num_heads=[2],
        window_size=8,
        upscale=2,
        mlp_ratio=2,
        upsampler="pixelshuffledirect",
    )


def nafnet():
    from spandrel.architectures.NAFNet import NAFNet

    return NAFNet(img_channel=3, width=4, middle_blk_num=1, enc_blk_nums=[1], dec_blk_nums=[1])


KNOWN = [rrdb, compact, rcan, swinir, nafnet]


@pytest.fixture(params=KNOWN)
def file(request, tmp_path):
    request.getfixturevalue("spandrel")
    torch.manual_seed(0)
    torch.save({"params_ema": request.param().state_dict()}, tmp_path / "net.pth")
    return tmp_path / "net.pth"


@pytest.mark.filterwarnings("ignore:torch.meshgrid", "ignore:.saved_variables")
def test_spandrels_networks_are_attributed_altered_and_read_again(file, tmp_path):
    target = load_network(file)
    generator = torch.Generator().manual_seed(0)
    for weight in target.parameters():
        if not weight.any():  # NAFNet starts with no influence of its blocks
            weight.fill_(0.1)
    baseline = copy.deepcopy(target)
    for weight in baseline.parameters():
        weight.mul_(1 + 0.02 * torch.randn(weight.shape, generator=generator))
    scale = scale_of(target)
    cases = tiny_cases(scale, count=1, height=9, width=7)
    found = path_scores(target, baseline, cases, riemann_left(24))
    assert max(map(abs, found.delta().values())) < 0.2
    space = FilterSpace.of(target)
    reverted = revert(target, baseline, FilterSet.of(space, range(0, len(space), 3)))
    torch.save({"params": reverted.state_dict()}, tmp_path / "again.pth")
    again = load_network(tmp_path / "again.pth")
    image = cases[0].lr["blur"]
    assert torch.equal(restore(again, image), restore(reverted, image))
    assert not torch.equal(again(image[None]), target(image[None]))
    assert restore(again, image).shape == cases[0].gt.shape


@needs_spandrel
def test_what_spandrel_puts_around_a_network_is_kept(tmp_path):
    from spandrel.architectures.DnCNN import DnCNN

    torch.manual_seed(0)
    network = DnCNN(in_nc=4, out_nc=3, nc=4, nb=4, mode="FDnCNN").eval()
    torch.save(network.state_dict(), tmp_path / "net.pth")
    image = torch.rand(1, 3, 9, 7)
    level = torch.full((1, 1, 9, 7), 15 / 255)
    found = load_network(tmp_path / "net.pth")(image)
    torch.testing.assert_close(found, network(torch.cat([image, level], 1)))


@needs_spandrel
def test_what_nobody_knows(tmp_path):
    torch.save({"odd.weight": torch.zeros(3, 3, 3, 3)}, tmp_path / "net.pth")
    with pytest.raises(
        InputError, match=r"net.pth: no known architecture.*a function that builds.*spandrel does not know it either"
    ):
        load_network(tmp_path / "net.pth")


@needs_spandrel
def test_networks_of_other_channels_are_refused(tmp_path):
    from spandrel.architectures.Compact import Compact

    torch.save(Compact(num_in_ch=1, num_out_ch=1, num_feat=4, num_conv=2, upscale=2).state_dict(), tmp_path / "net.pth")
    with pytest.raises(InputError, match="Compact, from 1 channels to 1, and not RGB to RGB"):
        load_network(tmp_path / "net.pth")


@pytest.mark.parametrize("missing", ["spandrel", "torchvision"])
def test_says_what_is_missing(monkeypatch, tmp_path, missing):
    for name in list(sys.modules):
        if name.partition(".")[0] in ("spandrel", "torchvision"):
            monkeypatch.delitem(sys.modules, name)
    if missing == "torchvision":
        pytest.importorskip("einops")
        monkeypatch.setitem(sys.modules, "torchvision", None)
    else:
        monkeypatch.setitem(sys.modules, "spandrel", None)
    torch.save({"odd.weight": torch.zeros(3, 3, 3, 3)}, tmp_path / "net.pth")
    with pytest.raises(InputError, match=rf"no known architecture.*{missing}.*see docs/networks.md"):
        load_network(tmp_path / "net.pth")
