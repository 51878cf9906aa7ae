import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from conftest import tiny_network
from faig.common.errors import InputError
from faig.filters import FilterSpace
from faig.networks.adapters import adapted, cropped, framed, output, padded
from faig.networks.inference import restore, scale_of


class Windows(nn.Module):
    """Works by windows of 4×4: takes no other sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 6, 4, stride=4)
        self.up = nn.ConvTranspose2d(6, 3, 8, stride=8)

    def forward(self, x):
        if any(side % 4 for side in x.shape[-2:]):
            raise RuntimeError(f"no window of 4 fits into {tuple(x.shape)}")
        return self.up(self.down(x).relu())


class Several(Windows):
    """Returns what Windows does, and more."""

    def forward(self, x):
        image = super().forward(x)
        return {"image": image, "half": image / 2}


class Loose(nn.Module):
    """Pads for itself, and leaves that in its output."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 1)

    def forward(self, x):
        pads = (0, -x.shape[-1] % 8, 0, -x.shape[-2] % 8)
        return functional.pixel_shuffle(self.conv(functional.pad(x, pads, "replicate")), 2)


class Unpadded(nn.Module):
    """Its output lacks two pixels on each side."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 5)

    def forward(self, x):
        return self.conv(x)


def made(kind: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return kind().eval().requires_grad_(False)


ADAPTED = {
    "padded": lambda: padded(made(Windows), 4),
    "output": lambda: padded(output(made(Several), "image"), 4),
    "cropped": lambda: cropped(made(Loose), 2),
    "framed": lambda: framed(made(Unpadded), 2),
}


@pytest.mark.parametrize("kind", ADAPTED)
@pytest.mark.parametrize(("height", "width"), [(7, 13), (8, 12), (21, 5)])
def test_any_size_will_do(kind, height, width):
    network = ADAPTED[kind]()
    scale = scale_of(network)
    assert network(torch.rand(2, 3, height, width)).shape == (2, 3, scale * height, scale * width)


@pytest.mark.parametrize("kind", ADAPTED)
def test_names_stay_and_copies_are_free_of_the_original(kind):
    network = ADAPTED[kind]()
    plain = {"padded": Windows, "output": Several, "cropped": Loose, "framed": Unpadded}[kind]()
    assert network.state_dict().keys() == plain.state_dict().keys()
    assert FilterSpace.of(network) == FilterSpace.of(plain)
    image, other = torch.rand(1, 3, 9, 11), copy.deepcopy(network)
    before = network(image)
    for weight in other.parameters():
        weight.zero_()
    assert torch.equal(network(image), before)
    assert not torch.equal(other(image), before)


def test_padded_is_the_network_itself_where_sizes_fit():
    image = torch.rand(1, 3, 8, 12)
    assert torch.equal(padded(made(Windows), 4)(image), made(Windows)(image))


def test_padding_mirrors_and_repeats_only_what_is_too_little():
    seen = []
    network = adapted(nn.Identity(), lambda forward, x: seen.append(x) or forward(x))
    padded(network, 4)(torch.arange(3.0).view(1, 1, 1, 3))
    assert seen[0][0, 0].tolist() == [[0, 1, 2, 1]] * 4
    padded(network, 1, minimum=7, square=True)(torch.arange(3.0).view(1, 1, 1, 3))
    assert seen[1][0, 0].tolist() == [[0, 1, 2, 1, 0, 0, 0]] * 7


def test_the_given_network_stays_as_it_is():
    network = made(Several)
    output(network, "image")
    assert isinstance(network(torch.rand(1, 3, 4, 4)), dict)


def test_says_what_a_network_needs():
    with pytest.raises(InputError, match=r"does not take an RGB image of 5x7 \(no window of 4 .*adapters.padded"):
        restore(made(Windows), torch.rand(3, 7, 5))
    with pytest.raises(InputError, match=r"returns a dict, not images.*adapters.output"):
        scale_of(made(Several))
    with pytest.raises(InputError, match=r"changes its input in place.*adapters.adapted"):
        scale_of(adapted(nn.Conv2d(3, 3, 1), lambda forward, x: forward(x.mul_(255))))
    assert scale_of(tiny_network()) == 2
