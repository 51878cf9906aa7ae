"""Aligning a target with its baseline: the same function, as near to the baseline as its hidden channels allow (ours).

Between two convolutions, channels may be swapped together with their readers, and a channel's weights may be multiplied
by c > 0 where those of its readers are divided by c: the network computes the same, for ReLU and LeakyReLU scale with
their input. But every weight has moved, and a straight path then leads through networks that compute something else.
Aligned, what is left of the difference is what training did. (Matching by assignment: after Ainsworth et al., "Git
Re-Basin", ICLR 2023; the scales are ours.)
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.networks.calls import copied, evaluating, run
from faig.networks.compatibility import check_pair
from faig.networks.graph import Link, links
from faig.networks.inference import channels_of
from faig.networks.trial import check_own_weights

SWEEPS = 200  # over all links; a handful is enough where channels were not both swapped and scaled
SETTLED = 1e-7  # the largest change of a scale, relative
AGREES = 1e-3  # how far outputs may differ by rounding, relative to their size

Units = Float[Tensor, "unit _"]


def align(target: nn.Module, baseline: nn.Module) -> nn.Module:
    """What the target computes, by hidden channels in the order and at the scale of the baseline's.

    Goes from link to link (see `graph.links`) and takes each time the permutation and the scales that bring the
    weights on both sides nearest to the baseline's, until nothing changes. The result is the target itself where there
    are no links. Channels of a residual stream are left as they are.

    Args:
        target: θ; it is left as it is.
        baseline: θ̄.

    Raises:
        InputError: the networks do not fit each other, cannot be traced, or the result does not agree with the target
            (its activations do not scale with their input).
    """
    check_pair(target, baseline)
    aligned, to_match = copied(target), links(target)
    for _ in range(SWEEPS):
        if not any([_match(link, aligned, baseline) for link in to_match]):  # a list, so that every link is matched
            break
    check_own_weights(aligned, target)
    _check(aligned, target)
    return aligned


def rearrange(network: nn.Module, link: Link, order: Int64[Tensor, " unit"], scales: Float[Tensor, " unit"]) -> None:
    """Put the channels of a link in another order and at other scales, in place; the function stays.

    Args:
        network: the one to change.
        link: whose channels.
        order: unit ``order[u]`` comes to place u. A unit is a channel of the reader: ``group`` channels of the writer.
        scales: positive, by the new places.
    """
    writer, reader = network.get_submodule(link.writer), network.get_submodule(link.reader)
    assert isinstance(writer, nn.Conv2d)
    assert isinstance(reader, nn.Conv2d)
    rows = (order[:, None] * link.group + torch.arange(link.group)).flatten().to(order)
    with torch.no_grad():
        scale = scales.to(writer.weight)
        by_row = scale.repeat_interleave(link.group)
        writer.weight.copy_(writer.weight[rows] * by_row.view(-1, 1, 1, 1))
        if writer.bias is not None:
            writer.bias.copy_(writer.bias[rows] * by_row)
        reader.weight.copy_(reader.weight[:, order] / scale.view(1, -1, 1, 1))


def _match(link: Link, network: nn.Module, baseline: nn.Module) -> bool:
    """Bring one link nearest to the baseline's; returns whether anything moved."""
    from scipy.optimize import linear_sum_assignment  # slow to import

    ours, theirs = (_sides(net, link) for net in (network, baseline))
    scale, distance = _best_scales(*ours, *theirs)
    their_units, our_units = map(torch.from_numpy, linear_sum_assignment(distance.T.numpy()))
    scales = scale[our_units, their_units]
    rearrange(network, link, our_units, scales)
    return bool((our_units != torch.arange(len(our_units))).any()) or bool(((scales - 1).abs() > SETTLED).any())


def _sides(network: nn.Module, link: Link) -> tuple[Units, Units]:
    """The weights (and biases) that make the channel of each unit, and those that read it."""
    writer, reader = network.get_submodule(link.writer), network.get_submodule(link.reader)
    assert isinstance(writer, nn.Conv2d)
    assert isinstance(reader, nn.Conv2d)
    units = reader.in_channels
    made = [writer.weight.detach().double().reshape(units, -1).cpu()]
    if writer.bias is not None:
        made.append(writer.bias.detach().double().view(units, -1).cpu())
    return torch.cat(made, 1), reader.weight.detach().double().transpose(0, 1).flatten(1).cpu()


def _best_scales(made: Units, read: Units, made_theirs: Units, read_theirs: Units) -> tuple[Tensor, Tensor]:
    """For every unit of ours and of theirs, the c > 0 with the least ``‖c made - made'‖² + ‖read / c - read'‖²``.

    Its derivative is zero where ``A c⁴ - B c³ + E c - D = 0``, with A and D the squared norms of our sides, B and E
    their products with the others. There is a positive root, for the left side is -D at 0 and grows without end.

    Returns:
        Scales and distances, ``[unit, unit of theirs]``.
    """
    a, d = (side.square().sum(1, keepdim=True).expand(-1, len(made)) for side in (made, read))
    b, e = made @ made_theirs.T, read @ read_theirs.T
    ends = made_theirs.square().sum(1) + read_theirs.square().sum(1)
    idle = (a == 0) | (d == 0)  # a dead unit: any scale is as good
    a, d = (torch.where(idle, 1, side) for side in (a, d))
    b, e = (torch.where(idle, 0, side) for side in (b, e))
    companion = torch.zeros(*a.shape, 4, 4, dtype=torch.float64)
    companion[..., 1:, :-1] = torch.eye(3, dtype=torch.float64)
    companion[..., :, -1] = torch.stack([d / a, -e / a, torch.zeros_like(a), b / a], -1)
    roots = torch.linalg.eigvals(companion)
    real = torch.where((roots.imag.abs() < 1e-9 * roots.abs().clamp(min=1)) & (roots.real > 0), roots.real, torch.nan)
    distance = (
        real**2 * a[..., None] - 2 * real * b[..., None] + d[..., None] / real**2 - 2 / real * e[..., None]
    ) + ends[:, None]
    best = torch.where(distance.isnan(), torch.inf, distance).argmin(-1, keepdim=True)
    return real.gather(-1, best)[..., 0], distance.gather(-1, best)[..., 0]


def _check(aligned: nn.Module, target: nn.Module) -> None:
    """Raise InputError unless both compute the same on noise."""
    probe = torch.rand(1, channels_of(target), 16, 16, generator=torch.Generator().manual_seed(0))
    probe = probe.to(next(target.parameters()))
    with evaluating(aligned), evaluating(target):
        ours, theirs = (run(network, probe) for network in (aligned, target))
    if bool((ours - theirs).abs().max() > AGREES * theirs.abs().max()):
        raise InputError("aligned, the target computes something else: its activations do not scale with their input")
