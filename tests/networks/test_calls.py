"""A network that fails says so in a line, with the way out, whatever it raises; a fault of ours stays a traceback."""

import copy

import pytest
import torch
from torch import nn

from conftest import nudged, tiny_cases
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.tiling import GradientTiler, saved_bytes
from faig.attribution.methods import METHODS
from faig.attribution.options import Options
from faig.common.errors import InputError
from faig.networks.adapters import adapted, padded
from faig.networks.calls import gradients, run
from faig.networks.inference import restore, scale_of
from faig.networks.tiling import reach
from faig.pair import Pair

ERRORS = [
    RuntimeError,
    ValueError,
    TypeError,
    IndexError,
    AssertionError,
    KeyError,
    NotImplementedError,
    ZeroDivisionError,
]


class Picky(nn.Module):
    """Takes sizes divisible by 4 alone, and says so in its own way."""

    def __init__(self, error: type[Exception]) -> None:
        super().__init__()
        self.error = error
        self.down, self.up = nn.Conv2d(3, 6, 4, stride=4), nn.ConvTranspose2d(6, 3, 4, stride=4)

    def forward(self, x):
        if any(side % 4 for side in x.shape[-2:]):
            raise self.error("sides must be divisible\nby 4")
        return self.up(self.down(x).relu())


def picky(error: type[Exception]) -> nn.Module:
    torch.manual_seed(0)
    return Picky(error).eval().requires_grad_(False)


errors = pytest.mark.parametrize("error", ERRORS)


@errors
def test_a_size_that_is_not_taken_is_said_in_a_line(error):
    network = picky(error)
    with pytest.raises(InputError, match=r"RGB image of 7x6 \(.*divisible.*adapters\.padded") as raised:
        restore(network, torch.rand(3, 6, 7))
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value.__cause__, error)
    with pytest.raises(InputError, match="RGB image of 18x18"):
        scale_of(network, probe=18)
    with pytest.raises(InputError, match="RGB image of 30x30"):
        saved_bytes(network, side=30)


@errors
def test_attribution_names_the_image_too(error):
    pair = Pair(target=nudged(picky(error)), baseline=picky(error))
    with pytest.raises(InputError, match=r"image0: the network does not take an RGB image of 10x14 .*divisible"):
        pair.attribute(tiny_cases(scale=1, count=1), nodes=1)


@errors
def test_the_reach_is_found_where_most_sizes_are_not_taken(error):
    assert reach(picky(error), 1) == reach(picky(RuntimeError), 1)
    assert reach(picky(error), 1).align % 4 == 0

    class Narrow(Picky):
        def forward(self, x):
            if x.shape[-1] > 100:
                raise self.error
            return super().forward(x)

    torch.manual_seed(0)
    network = Narrow(error).eval()
    assert reach(network, 1) is None
    with pytest.raises(InputError, match="depends on the whole image, so tiles will not do"):
        GradientTiler(network, 1, 5.2e8).grid(4000, 4000)


def test_an_error_without_words_is_named():
    network = adapted(nn.Conv2d(3, 3, 1), lambda forward, x: [][len(x)])
    with pytest.raises(InputError, match=r"\(IndexError: list index out of range\)"):
        restore(network, torch.rand(3, 4, 4))

    def refuse(*_):
        raise AssertionError

    with pytest.raises(InputError, match=r"\(AssertionError\)"):
        restore(adapted(nn.Conv2d(3, 3, 1), refuse), torch.rand(3, 4, 4))


class InPlace(nn.Module):
    """Changes its input, and may fail afterwards."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__()
        self.conv, self.fails = nn.Conv2d(3, 3, 1), fails

    def forward(self, x):
        x -= 0.5
        if self.fails:
            raise ValueError("a size of a kind")
        return self.conv(x)


@pytest.mark.parametrize("fails", [False, True])
def test_a_network_that_changes_its_input_gets_the_right_advice(fails):
    baseline = InPlace(fails).eval().requires_grad_(False)
    target, image = nudged(baseline), torch.rand(3, 4, 5)
    kept = image.clone()
    for use in (
        lambda: restore(target, image),
        lambda: scale_of(target),
        lambda: WeightPath(target, baseline),
        lambda: Pair(target=target, baseline=baseline),
        lambda: saved_bytes(target),
    ):
        with pytest.raises(InputError, match=r"changes its input in place.*forward\(x\.clone\(\)\)"):
            use()
    assert torch.equal(image, kept)
    if not fails:
        pair = [adapted(network, lambda forward, x: forward(x.clone())) for network in (target, baseline)]
        assert Pair(target=pair[0], baseline=pair[1]).scale == 1


def test_what_its_backward_pass_raises_is_said_in_a_line():
    class Spoiled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            y = self.conv(x).sigmoid()
            y *= 2  # sigmoid's gradient needs its output
            return y

    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(_, x):
            return x.clone()

        @staticmethod
        def backward(*_):
            raise LookupError("no table")

    broken = adapted(nn.Conv2d(3, 3, 1), lambda forward, x: Broken.apply(forward(x)))
    for network, reason in ((Spoiled(), "inplace operation"), (broken, "LookupError: no table")):
        with pytest.raises(InputError, match=rf"no gradient comes through the network \(.*{reason}.*inplace=True"):
            WeightPath(copy.deepcopy(network), network)
    with pytest.raises(InputError, match="no gradient comes through"):
        gradients(torch.zeros(()), [torch.zeros(1, requires_grad=True)])


def test_faults_of_ours_are_not_the_networks(monkeypatch):
    pair = Pair(target=nudged(picky(ValueError)), baseline=picky(ValueError))
    cases = tiny_cases(scale=1, count=1, height=12, width=12)
    for error in (AssertionError, TypeError, RuntimeError):

        def fail(*_, error=error):
            raise error("ours")

        monkeypatch.setattr("faig.networks.tiling.Tile.output", fail)
        with pytest.raises(error, match="ours"):
            METHODS["faig"].attribute(pair, cases, Options(nodes=1))


def test_memory_that_runs_out_is_no_size():
    def run_out(_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        run(run_out, torch.rand(1, 3, 4, 4))


def test_inference_tensors_are_taken():
    with torch.inference_mode():
        image = torch.rand(3, 4, 4)
    assert restore(padded(picky(ValueError), 4), image).shape == (3, 4, 4)
