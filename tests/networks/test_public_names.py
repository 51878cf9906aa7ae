"""Networks under the names of public files: recognised by weights alone, and what spandrel makes of them."""

import copy
import logging

import pytest
import torch
from torch import nn

from conftest import TINY, tiny_network
from faig.common.errors import InputError
from faig.networks.architectures import build, recognise
from faig.networks.architectures.layers import DIV2K_MEAN
from faig.networks.checkpoint import load_network
from faig.networks.inference import channels_of, scale_of
from public_weights import loaded, noisy, same, under

needs_spandrel = pytest.mark.usefixtures("spandrel")


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


def esrgan(**arguments) -> nn.Module:
    from spandrel.architectures.ESRGAN import ESRGAN

    return noisy(ESRGAN(num_filters=4, num_blocks=1, **arguments))


# Scale of spandrel's, unshuffling: what Real-ESRGAN has at ×4, ×2 and ×1, and ESRGAN's own ×1, ×2 and ×8.
ESRGANS = [(4, None), (4, 2), (4, 4), (1, None), (2, None), (8, None)]
SECOND = {
    r"conv_body": "trunk_conv",
    r"^body\.": "RRDB_trunk.",
    r"\.rdb": ".RDB",
    r"conv_up": "upconv",
    "conv_hr": "HRconv",
}


@needs_spandrel
@pytest.mark.parametrize(("enlarged", "unshuffle"), ESRGANS)
@pytest.mark.parametrize("channels", [3, 1])
def test_esrgan_under_all_its_names(tmp_path, enlarged, unshuffle, channels):
    theirs = esrgan(scale=enlarged, shuffle_factor=unshuffle, in_nc=channels * (unshuffle or 1) ** 2, out_nc=channels)
    first = theirs.state_dict()
    ours = loaded(first, tmp_path)
    assert (channels_of(ours), scale_of(ours)) == (channels, enlarged // (unshuffle or 1))
    same(ours, theirs, channels)
    basicsr = ours.state_dict()
    assert {"conv_first.weight", "body.0.rdb3.conv5.bias", "conv_body.weight", "conv_hr.weight"} <= basicsr.keys()
    kair = {name.replace("conv5.0.", "conv5."): weight for name, weight in first.items()}
    for names in (basicsr, under(SECOND, basicsr), kair):
        again = loaded(names, tmp_path)
        assert list(again.state_dict()) == list(basicsr)
        same(again, theirs, channels)


@needs_spandrel
@pytest.mark.parametrize(("scale", "channels"), [(1, 3), (2, 3), (3, 1), (4, 3)])
def test_compact(tmp_path, scale, channels):
    from spandrel.architectures.Compact import Compact

    theirs = noisy(Compact(num_in_ch=channels, num_out_ch=channels, num_feat=5, num_conv=3, upscale=scale))
    ours = loaded(theirs.state_dict(), tmp_path)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    same(ours, theirs, channels)


@needs_spandrel
@pytest.mark.parametrize("activation", ["relu", "leakyrelu"])
def test_compact_without_slopes(tmp_path, caplog, activation):
    """No weight tells the two apart: one is taken, the log says so, and metadata may say the other."""
    from safetensors.torch import save_file
    from spandrel.architectures.Compact import Compact

    from faig.networks.checkpoint import save_network

    theirs = noisy(Compact(num_feat=5, num_conv=3, upscale=2, act_type=activation))
    metadata = {"architecture": "compact", "arguments": {"scale": 2, "features": 5, "convolutions": 3}}
    metadata["arguments"]["activation"] = activation
    save_network(tmp_path / "told.safetensors", theirs.state_dict(), metadata)
    same(load_network(tmp_path / "told.safetensors"), theirs)
    assert not caplog.text
    save_file(theirs.state_dict(), tmp_path / "plain.safetensors")
    taken = load_network(tmp_path / "plain.safetensors")
    assert "is taken to have LeakyReLU of slope 0.1" in caplog.text
    if activation == "leakyrelu":
        same(taken, theirs)


@needs_spandrel
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("norm", [True, False])
def test_rcan_of_its_authors(tmp_path, scale, norm):
    from spandrel.architectures.RCAN import RCAN

    # Without the mean in the file spandrel takes values in [0, 1]; with it, up to 255.
    theirs = noisy(
        RCAN(n_resgroups=2, n_resblocks=2, n_feats=8, reduction=4, scale=scale, norm=norm, rgb_range=255 if norm else 1)
    )
    state = theirs.state_dict()
    for shift in (theirs.sub_mean, theirs.add_mean) if norm else ():  # which `noisy` moved
        sign = -1 if shift is theirs.sub_mean else 1
        shift.weight.copy_(torch.eye(3).view(3, 3, 1, 1))
        shift.bias.copy_(sign * 255 * torch.tensor(DIV2K_MEAN))
    ours = loaded(state, tmp_path)
    assert scale_of(ours) == scale
    same(ours, theirs)
    assert "body.1.residual_group.1.rcab.3.attention.3.bias" in ours.state_dict()


@needs_spandrel
@pytest.mark.parametrize(("channels", "mode"), [(1, "R"), (3, "R"), (1, "BR"), (3, "BR")])
def test_dncnn_of_kair(tmp_path, caplog, channels, mode):
    from spandrel.architectures.DnCNN import DnCNN

    caplog.set_level(logging.INFO)
    theirs = noisy(DnCNN(in_nc=channels, out_nc=channels, nc=4, nb=9, act_mode=mode))
    normed(theirs)
    ours = loaded(theirs.state_dict(), tmp_path)
    assert ("7 batch norms are folded into the convolutions before them (ε = 0.0001)" in caplog.text) == (mode == "BR")
    assert (channels_of(ours), scale_of(ours)) == (channels, 1)
    same(ours, theirs, channels)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in ours.modules())


def normed(network: nn.Module) -> None:
    """Batch norms as after training."""
    generator = torch.Generator().manual_seed(2)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values, low in ((layer.running_mean, -0.5), (layer.running_var, 0.01), (layer.weight.data, 0.5)):
                values.copy_(low + torch.rand(values.shape, generator=generator))


def test_dncnn_of_the_common_version(tmp_path):
    """SaoYan's names: no biases, batch norm of ε = 1e-5; the network gives the noise, which its users subtract."""
    layers = [nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.ReLU()]
    for _ in range(5):
        layers += [nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()]
    chain = noisy(nn.Sequential(*layers, nn.Conv2d(4, 1, 3, padding=1, bias=False)))
    normed(chain)
    weights = {f"module.dncnn.{name}": weight for name, weight in chain.state_dict().items()}
    torch.save(weights, tmp_path / "net.pth")
    ours = load_network(tmp_path / "net.pth")
    same(ours, lambda x: x - chain(x), 1)


def test_a_chain_of_seven_may_be_ircnn(tmp_path):
    seven = build("dncnn", features=4, convolutions=7)
    torch.save(seven.state_dict(), tmp_path / "net.pth")
    with pytest.raises(InputError, match=r"net\.pth: 7 convolutions may be a DnCNN or IRCNN"):
        load_network(tmp_path / "net.pth")


def test_nothing_of_one_architecture_is_taken_for_another():
    for name in TINY:
        network = tiny_network(name)
        found = recognise(network.state_dict())
        assert found.architecture == name
        again = build(name, **found.arguments)
        again.load_state_dict(copy.deepcopy(dict(found.weights)))
        same(again.requires_grad_(False).eval(), network)
        spoiled = {key: weight for key, weight in network.state_dict().items() if key != list(found.weights)[-1]}
        with pytest.raises(InputError, match="no known architecture"):
            recognise(spoiled)
