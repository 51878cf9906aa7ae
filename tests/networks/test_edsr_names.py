"""EDSR under its authors' names and BasicSR's: range and mean stand in the file."""

import pytest
import torch
from torch.nn import functional

from conftest import SHARED, tiny_network
from faig.common.errors import InputError
from faig.networks.architectures import build, recognise
from faig.networks.architectures.layers import DIV2K_MEAN
from faig.networks.by_spandrel import by_spandrel
from faig.networks.checkpoint import load_network
from public_weights import SIZES, image, loaded, same, under

needs_spandrel = pytest.mark.usefixtures("spandrel")


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
