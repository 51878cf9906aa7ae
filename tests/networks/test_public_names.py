"""Networks under the names of public files: recognised by weights alone, and what spandrel makes of them."""

import copy
import logging
import re

import pytest
import torch
from torch import nn
from torch.nn import functional

from conftest import SHARED, tiny_network
from faig.common.errors import InputError
from faig.networks.architectures import build, recognise
from faig.networks.architectures.layers import DIV2K_MEAN
from faig.networks.by_spandrel import by_spandrel
from faig.networks.checkpoint import load_network
from faig.networks.inference import channels_of, scale_of

EXACT = {"atol": 1e-5, "rtol": 0.0}
SIZES = ((9, 7), (6, 11))


def noisy(network: nn.Module) -> nn.Module:
    """With weights of ordinary size in every layer."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator) * 0.05)
    return network.eval().requires_grad_(False)


def image(height: int, width: int, channels: int = 3) -> torch.Tensor:
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(1))


def same(ours: nn.Module, theirs: nn.Module, channels: int = 3) -> None:
    for height, width in SIZES:
        x = image(height, width, channels)
        torch.testing.assert_close(ours(x), theirs(x.clone()), **EXACT)


def loaded(weights: dict[str, torch.Tensor], tmp_path) -> nn.Module:
    torch.save({"params": weights}, tmp_path / "net.pth")
    return load_network(tmp_path / "net.pth")


def under(names: dict[str, str], weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Ours under other names; each rule is applied to each name."""
    found = {}
    for name, weight in weights.items():
        for old, new in names.items():
            name = re.sub(old, new, name)
        found[name] = weight
    return found


@pytest.fixture
def spandrel():
    from faig.networks.torchvision_stand_in import torchvision_or_stand_in

    with torchvision_or_stand_in():
        return pytest.importorskip("spandrel")


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


def convolved(weights: dict[str, torch.Tensor], name: str, x: torch.Tensor) -> torch.Tensor:
    weight = weights[f"{name}.weight"]
    return functional.conv2d(x, weight, weights[f"{name}.bias"], padding=weight.shape[-1] // 2)


def edsr_by_hand(weights, x, scale, res_scale, size=255.0, mean=DIV2K_MEAN):
    """The forward pass written out, under the authors' names, on the state dict alone."""
    mean = torch.tensor(mean).view(1, 3, 1, 1)
    first = convolved(weights, "head.0", (x - mean) * size)
    out = first
    for block in (0, 1):
        inner = functional.relu(convolved(weights, f"body.{block}.body.0", out))
        out = out + res_scale * convolved(weights, f"body.{block}.body.2", inner)
    out = first + convolved(weights, "body.2", out)
    for step in range({1: 0, 2: 1, 3: 1, 4: 2}[scale]):
        out = functional.pixel_shuffle(convolved(weights, f"tail.0.{2 * step}", out), 3 if scale == 3 else 2)
    return convolved(weights, "tail.1", out) / size + mean


AUTHORS = {
    r"^body\.(\d)\.conv1": r"body.\1.body.0",
    r"^body\.(\d)\.conv2": r"body.\1.body.2",
    "^conv_first": "head.0",
    "^conv_after_body": "body.2",
    "^upsample": "tail.0",
    "^conv_last": "tail.1",
}


def shifts(size: float, mean) -> dict[str, torch.Tensor]:
    """``sub_mean`` and ``add_mean`` as the authors' files have them."""
    eye, bias = torch.eye(3).view(3, 3, 1, 1), size * torch.tensor(mean)
    return {"sub_mean.weight": eye, "sub_mean.bias": -bias, "add_mean.weight": eye, "add_mean.bias": bias}


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_edsr_under_both_names(tmp_path, scale):
    network = tiny_network("edsr", scale)
    weights = network.state_dict()
    authors = under(AUTHORS, weights)
    for names in (weights, authors | shifts(255, DIV2K_MEAN)):
        ours = loaded(names, tmp_path)
        assert list(ours.state_dict()) == list(weights)
        same(ours, lambda x: edsr_by_hand(authors, x, scale, 1.0))


@pytest.mark.parametrize(
    ("size", "mean"), [(255.0, (0.4690, 0.4490, 0.4036)), (1.0, DIV2K_MEAN), (1.0, (0.0, 0.0, 0.0))]
)
@pytest.mark.parametrize("half", [False, True])
def test_the_range_stands_in_the_file(tmp_path, size, mean, half):
    authors = under(AUTHORS, tiny_network("edsr").state_dict())
    stored = authors | (shifts(size, mean) if any(mean) else {})
    ours = loaded({name: weight.half() for name, weight in stored.items()} if half else stored, tmp_path)
    told = {name: weight.half().float() if half else weight for name, weight in authors.items()}
    for height, width in SIZES:
        x = image(height, width)
        found, by_hand = ours(x), edsr_by_hand(told, x, 2, 1.0, size, mean)
        torch.testing.assert_close(found, by_hand, atol=5e-4 if half else 1e-5, rtol=1e-3 if half else 0)


def test_a_mean_that_is_no_plain_shift_is_not_ours():
    weights = under(AUTHORS, tiny_network("edsr").state_dict()) | shifts(255, DIV2K_MEAN)
    weights["sub_mean.weight"] = 2 * weights["sub_mean.weight"]
    with pytest.raises(InputError, match="no known architecture"):
        recognise(weights)


def test_the_wide_edsr_adds_a_tenth_of_each_block():
    with torch.device("meta"):
        wide, narrow = (build("edsr", features=features, blocks=1).state_dict() for features in (256, 64))
    assert recognise(wide).arguments["res_scale"] == 0.1
    assert recognise(narrow).arguments["res_scale"] == 1.0


@pytest.mark.skipif(not (SHARED / "public").is_dir(), reason="the public networks are not here")
@needs_spandrel
@pytest.mark.parametrize("role", ["target", "baseline"])
def test_the_public_pair(role):
    file = SHARED / "public" / "realesr-general-x4v3" / f"{role}.pth"
    ours = load_network(file)
    theirs = by_spandrel(torch.load(file, weights_only=True)["params"], "")
    assert len(ours.body) == 67  # 34 convolutions, and PReLU between them
    same(ours, theirs)


def test_nothing_of_one_architecture_is_taken_for_another():
    for name in ("srresnet", "srcnn-style", "compact", "rrdb", "edsr", "rcan", "dncnn"):
        network = tiny_network(name)
        found = recognise(network.state_dict())
        assert found.architecture == name
        again = build(name, **found.arguments)
        again.load_state_dict(copy.deepcopy(dict(found.weights)))
        same(again.requires_grad_(False).eval(), network)
        spoiled = {key: weight for key, weight in network.state_dict().items() if key != list(found.weights)[-1]}
        with pytest.raises(InputError, match="no known architecture"):
            recognise(spoiled)
