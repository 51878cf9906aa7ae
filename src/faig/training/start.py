"""What a training run begins with: the network, its average, and what of it is trained."""

import copy
import fnmatch
import math
import warnings
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from faig import zoo
from faig.attribution.integration.tiling import BYTES_PROBE, saved_bytes
from faig.common.distributed import memory_of
from faig.common.errors import FaigWarning, InputError
from faig.filters import FilterSet, Strengths
from faig.networks.architectures import build
from faig.networks.compatibility import check_same_keys
from faig.networks.fingerprint import fingerprint
from faig.networks.weight_files import fitted, read_weights
from faig.training.config import NetworkConfig, TrainingConfig
from faig.zoo.scores import chosen_by

COPIES = 5  # of the weights: network, gradient, two moments, average


def first_network(config: TrainingConfig, device: torch.device) -> nn.Module:
    """The network to begin with, on its device: random, or the one to fine-tune.

    Raises:
        InputError: the one to fine-tune is not of the architecture that the configuration names, it has no layers as
            ``layers`` names them, or the device has not enough memory.
    """
    _check_size(config, device)
    torch.manual_seed(config.seed)
    network = build(config.network.architecture, **config.network.arguments)
    network = _loaded(network, config.network, config.network.start_key).to(device).requires_grad_(True)
    if config.layers:
        _free_alone(network, config.layers)
    return network


def _free_alone(network: nn.Module, patterns: list[str]) -> None:
    """Freeze the weights of all layers but those so named; InputError for a pattern that names none."""
    layers = {name.rpartition(".")[0] for name, _ in network.named_parameters()}
    for pattern in patterns:
        if not fnmatch.filter(layers, pattern):
            raise InputError(f"layers: the network has no layer {pattern!r}; it has {', '.join(sorted(layers))}")
    for name, weight in network.named_parameters():
        weight.requires_grad_(any(fnmatch.fnmatch(name.rpartition(".")[0], pattern) for pattern in patterns))


def first_average(config: TrainingConfig, network: nn.Module) -> AveragedModel:
    """The average of the weights so far, on the network's device.

    It begins at the network; where ``start_key`` names other weights than the averaged ones of the file, at those, as
    BasicSR's does. Every step counts: it never becomes a copy of the network that trains.
    """
    begin = network
    if config.network.start_key is not None:
        begin = _loaded(copy.deepcopy(network).cpu(), config.network, None).to(next(network.parameters()).device)
    averaged = AveragedModel(begin, multi_avg_fn=get_ema_multi_avg_fn(config.optimizer.ema)).requires_grad_(False)
    assert isinstance(averaged.n_averaged, Tensor)
    averaged.n_averaged.fill_(1)  # at 0 the first update would put the network in place of what it begins with
    return averaged


def _loaded(network: nn.Module, config: NetworkConfig, key: str | None) -> nn.Module:
    """The network to fine-tune, or the given one where there is none."""
    if config.start is None:
        return network
    if config.strict:
        start = zoo.load(config.start, key=key)
        check_same_keys(network.state_dict(), start.state_dict(), "the configuration", config.start)
        return start
    own = network.state_dict()
    weights = fitted(read_weights(zoo.find(config.start), key)[0], network)
    fits = {name: weight for name, weight in weights.items() if name in own and weight.shape == own[name].shape}
    if not fits:
        raise InputError(f"network.start: {config.start} has no weight that fits the configuration")
    if left := [name for name in own if name not in fits]:
        message = f"{config.start}: {len(left)} of {len(own)} weights do not fit and stay as they were, first {left[0]}"
        warnings.warn(message, FaigWarning, stacklevel=2)
    network.load_state_dict(own | fits)
    return network


def check_batch(config: TrainingConfig, network: nn.Module, processes: int = 1) -> None:
    """Refuse a batch that the network's device cannot hold, before any memory is taken for it.

    Counted are the weights and what the backward pass needs of the patches of one process; a run takes somewhat more.

    Raises:
        InputError: they need more than the device has altogether.
    """
    device, data = next(network.parameters()).device, config.data
    patches = math.ceil(data.batch / processes) * data.lr_patch**2 / BYTES_PROBE**2
    needed = _weight_bytes(network) + patches * saved_bytes(network)
    if needed > (has := memory_of(device)):
        raise InputError(
            f"data.batch: {data.batch} patches of {data.lr_patch} LR pixels a side need {needed / 1e9:.3g}GB of "
            f"memory, and the {device.type} has {has / 1e9:.3g}GB; give fewer, or a smaller data.lr_patch"
        )


def _check_size(config: TrainingConfig, device: torch.device) -> None:
    """Raise InputError where the network alone needs more memory than the device has."""
    with torch.device("meta"):
        needed = _weight_bytes(build(config.network.architecture, **config.network.arguments))
    if needed > (has := memory_of(device)):
        raise InputError(
            f"network.arguments: {config.network.arguments} need {needed / 1e9:.3g}GB of memory to train, and the "
            f"{device.type} has {has / 1e9:.3g}GB; make the network smaller"
        )


def _weight_bytes(network: nn.Module) -> int:
    return COPIES * sum(weight.numel() * weight.element_size() for weight in network.parameters())


@dataclass(frozen=True)
class Rates:
    """How fast each weight is trained, as a multiple of the learning rate.

    Attributes:
        units: of the weights of each unit.
        rest: of all weights that are in none.
    """

    units: Strengths
    rest: float

    @property
    def fingerprint(self) -> str:
        """Of all that it says."""
        return fingerprint([("units", self.units.values), ("rest", torch.tensor(self.rest))])


def rates_of(network: nn.Module, config: TrainingConfig) -> Rates | None:
    """What ``filters`` frees, or ``protect`` keeps; None where everything is trained alike.

    Units of a ranking's top have rate 1 and all other weights 0, or the other way round. Of strengths, at which a
    function is off, a unit counts as far as it is turned from 1.

    Raises:
        InputError: the ranking is not of this network; it needs a ``top``, or must have none.
    """
    name = config.filters or config.protect
    if name is None:
        return None
    chosen = chosen_by({"": name}, network, config.top)[""]
    if isinstance(chosen, FilterSet) and config.top is None:
        raise InputError(f"{name}: is a ranking: say how many of it, top: 1%", setting="top")
    turned = (1 - Strengths.of(chosen).values).abs()
    if config.filters:
        return Rates(Strengths(chosen.space, turned), rest=0.0)
    return Rates(Strengths(chosen.space, (1 - turned).clamp(min=0)), rest=1.0)


def train_at(network: nn.Module, rates: Rates | None) -> list[tuple[nn.Parameter, Tensor]]:
    """Freeze the parameters that are not trained at all, and give those that are in part, each with its rates.

    Raises:
        InputError: nothing is trained.
    """
    if rates is None:
        return []
    spread, parts = rates.units.space.spread(rates.units.values), []
    for name, weight in network.named_parameters():
        rate = spread.get(name, torch.tensor(rates.rest))
        if not rate.any():
            weight.requires_grad_(False)
        elif (rate != 1).any():
            parts.append((weight, rate.to(weight)))
    if not any(weight.requires_grad for weight in network.parameters()):
        raise InputError("filters, or protect, leaves nothing to train; choose other units")
    return parts
