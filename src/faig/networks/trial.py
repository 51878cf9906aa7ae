"""Networks tried on a small image: whether they compute by their own weights alone, and gradients reach them."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from faig.common.distributed import tf32
from faig.common.errors import InputError
from faig.networks.calls import copied, evaluating, gradients, run
from faig.networks.inference import CHANNELS

SIDES = (8, 16)  # LR pixels of the image: the first that a network takes
GOLDEN = (5**0.5 - 1) / 2
CLOSE = 0.01  # of the largest of a weight's gradients: more is no rounding
FLOOR = 0.001  # of the largest of all gradients: a weight with less is held against that


@dataclass(frozen=True)
class Trial:
    """A forward and a backward pass of a copy of a network, whose weights are others.

    Attributes:
        network: the copy, in evaluation mode, in torch's usual memory order.
        image: random, ``[1, channel, side, side]``.
        direction: random, of the shape of the output.
        gradients: of ``output · direction`` by each weight of the copy; None where it does not depend on that.
    """

    network: nn.Module
    image: Tensor
    direction: Tensor
    gradients: dict[str, Tensor | None]

    @classmethod
    def of(cls, network: nn.Module) -> "Trial":
        """Try a network; it is left as it was.

        Raises:
            InputError: it cannot be copied, run or differentiated; or see `check_own_weights`; or its output depends on
                a weight that no gradient reaches, or on none at all.
        """
        trial = in_order(copied(network).eval().requires_grad_(True), torch.contiguous_format)
        weights = dict(trial.named_parameters())
        with torch.no_grad():
            for index, weight in enumerate(weights.values()):
                change = (1 + index * GOLDEN % 1) / 64  # no two alike, so that no sum of weights changes as they do
                _ = weight.mul_(1 + change) if weight.any() else weight.fill_(change)
        check_own_weights(trial, network)
        with torch.enable_grad():
            image, output = _small_pass(trial)
        direction = torch.rand(output.shape, generator=torch.Generator().manual_seed(1)).to(output) - 0.5
        found: list[Tensor | None] = [None] * len(weights)
        if output.requires_grad:
            found = gradients(output, list(weights.values()), direction)
        by_weight = dict(zip(weights, found, strict=True))
        _check_reached(trial, image, output.detach(), [key for key, part in by_weight.items() if part is None])
        return cls(trial, image, direction, by_weight)

    def agrees(self, network: nn.Module) -> bool:
        """Whether a network with the copy's weights, in another memory order, has its gradients too, but for rounding.

        Rounding takes some units over their kinks, and each changes a gradient a little; a wrong gradient is off by
        about its own size.
        """
        weights = dict(network.named_parameters())
        try:
            with torch.enable_grad(), tf32(False):
                found = gradients(_run_alike(network, self.image), list(weights.values()), self.direction)
        except InputError:  # it looks at activations in a way that needs the usual order
            return False
        usual = [self.gradients[key] for key in weights]
        least = FLOOR * max((float(part.abs().max()) for part in usual if part is not None), default=0.0)
        return all(
            ours is theirs
            if ours is None or theirs is None
            else float((ours - theirs).abs().max()) <= CLOSE * max(float(theirs.abs().max()), least)
            for ours, theirs in zip(found, usual, strict=True)
        )


def in_order(network: nn.Module, order: torch.memory_format) -> nn.Module:
    """The network itself, with the weights of its 2-D convolutions laid out in memory so, all others as usual."""
    for weight in network.parameters():
        weight.data = weight.data.contiguous(memory_format=order if weight.dim() == 4 else torch.contiguous_format)
    return network


def check_own_weights(copy: nn.Module, original: nn.Module, *, overwritten: bool = True) -> None:
    """Refuse a network whose copies compute by the original's weights, or that overwrites its weights.

    Where something that is bound to the original stands in the place of ``forward``, whatever is done to a copy does
    nothing. A block that computes a weight from others, and writes it back, undoes what was done to that.

    Args:
        copy: a deep copy of the original, whose weights may be others.
        original: left as it was. Where the copy does not take a small RGB image it cannot be tried, and nothing is
            said.
        overwritten: refuse networks that overwrite their weights, too; to run them as they are does no harm.

    Raises:
        InputError: a copy computes by the original's weights, or has changed its own; the message names the first.
    """
    before = {key: weight.detach().clone() for key, weight in copy.named_parameters()}
    own = dict(original.named_parameters())
    if not own:
        return
    asking = _differentiable(copy, False), _differentiable(original, True)
    with evaluating(original), evaluating(copy), asking[0], asking[1], torch.enable_grad():
        try:
            _, output = _small_pass(copy)
        except InputError:
            return
        used = gradients(output.sum(), list(own.values())) if output.requires_grad else []
    for key, gradient in zip(own, used, strict=False):
        if gradient is not None:
            raise InputError(
                f"a copy of the network computes by the original's {key}: something bound to that stands in the "
                "place of a forward (torch.compile, a wrapper); give the network without it, and compile what comes "
                "out, or wrap it by faig.networks.adapters.adapted(network, around)"
            )
    after = dict(copy.named_parameters())
    for key, weight in before.items() if overwritten else ():
        if key not in after or not torch.equal(after[key], weight):
            raise InputError(
                f"the network's forward overwrites its own weight {key}, so whatever is done to that does nothing; "
                "give networks that leave their weights as they are (re-parameterised blocks folded beforehand)"
            )


def check_end(moved: nn.Module, baseline: nn.Module, image: Tensor) -> None:
    """Refuse a pair whose target, given all of the baseline's weights, does not do what the baseline does.

    Args:
        moved: a copy of the target with the baseline's weights.
        baseline: left as it was.
        image: ``[1, channel, height, width]``.

    Raises:
        InputError: the two differ in something that is no weight, or the baseline cannot be run.
    """
    with evaluating(moved), evaluating(baseline), tf32(False):
        ours, theirs = (_run_alike(network, image.to(_like(network))) for network in (moved, baseline))
    if not equal_but_for_rounding(ours.to(theirs), theirs):
        raise InputError(
            "given the baseline's weights, the target still does something else than the baseline: they differ in "
            "what is no weight (an activation, a constant, a buffer that is not saved); build both alike"
        )


def _check_reached(trial: nn.Module, image: Tensor, output: Tensor, unreached: list[str]) -> None:
    """Refuse a network with weights that its output depends on but no gradient reaches, or with no others."""
    if not unreached:
        return
    with torch.no_grad():
        for key in unreached:
            trial.get_parameter(key).mul_(2)
        other = _run_alike(trial, image)
    if not equal_but_for_rounding(other, output):
        raise InputError(
            f"no gradient reaches {unreached[0]}, though the network's output depends on it; take out of its forward "
            "what cuts gradients off: no_grad, detach, .data, checkpoint(..., use_reentrant=True)"
        )
    if len(unreached) == len(dict(trial.named_parameters())):
        raise InputError("no weight of the network has an effect on its output: its forward runs other ones")


def equal_but_for_rounding(first: Tensor, second: Tensor) -> bool:
    """To half of the digits of their type, relative to the largest; values that are not finite are so in both."""
    allowed = float(torch.finfo(second.dtype).eps ** 0.5 * second.nan_to_num(0, 0, 0).abs().max())
    return first.shape == second.shape and torch.allclose(first, second, rtol=0, atol=allowed, equal_nan=True)


def _small_pass(network: nn.Module) -> tuple[Tensor, Tensor]:
    """The smallest random image that a network takes, and what it makes of it."""
    for side, channels in itertools.product(SIDES, CHANNELS):
        image = torch.rand(1, channels, side, side, generator=torch.Generator().manual_seed(0)).to(_like(network))
        try:
            return image, _run_alike(network, image)
        except InputError:
            if (side, channels) == (SIDES[-1], CHANNELS[-1]):
                raise
    raise AssertionError("there is a side")


def _like(network: nn.Module) -> Tensor:
    """A tensor of the kind and on the device that a network computes with."""
    return next((weight.detach() for weight in network.parameters() if weight.is_floating_point()), torch.zeros(()))


def _run_alike(network: nn.Module, image: Tensor) -> Tensor:
    """What a network makes of an image, with the same chance numbers each time, where it draws some."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(0)
        return run(network, image)


@contextmanager
def _differentiable(network: nn.Module, whether: bool) -> Iterator[None]:
    """Have all weights of a network ask for gradients, or none; afterwards each asks as it did."""
    changed = [weight for weight in network.parameters() if weight.requires_grad is not whether]
    changed = [weight for weight in changed if weight.is_floating_point() and not weight.is_inference()]
    try:
        for weight in changed:
            weight.requires_grad_(whether)
        yield
    finally:
        for weight in changed:
            weight.requires_grad_(not whether)
