"""Networks with banks in training: which filters these are of, and whether the classifier says what is on a patch."""

from jaxtyping import Bool
from torch import Tensor, nn
from torch.nn import functional

from faig.attribution.files.unit_files import RankedUnits
from faig.common.errors import InputError
from faig.networks.architectures import BankedSRResNet
from faig.training.config import TrainingConfig
from faig.training.data import LR
from faig.zoo.scores import read_units


def place_banks(network: nn.Module, config: TrainingConfig) -> None:
    """Give each bank the first filters of its ranking; a network that began with trained banks keeps its own.

    Args:
        network: to begin with.
        config: whose ``banks`` are one ranking for each bank of the network, in order.

    Raises:
        InputError: there are not as many rankings as banks; one cannot be read, is of another network or not of
            filters, or ranks too few; or the banks were trained at other filters.
    """
    banks = network.in_order if isinstance(network, BankedSRResNet) else []
    if not config.banks and (not banks or (config.network.start is not None and config.network.strict)):
        return
    if len(banks) != len(config.banks):
        raise InputError(
            f"banks: {len(config.banks)} rankings for a network with {len(banks)} banks; "
            "name one for each, in their order, or begin with a network that has banks (strict: true)"
        )
    assert isinstance(network, BankedSRResNet)
    plain = network.plain()
    for name, bank in zip(config.banks.values(), banks, strict=True):
        ranked = read_units(name, plain)
        if not isinstance(ranked, RankedUnits) or ranked.space.unit != "filter" or ranked.space.everything:
            raise InputError(f"{name}: is no ranking of filters, which a bank is made of", setting="banks")
        size = len(bank.places)
        if len(ranked.order) < size:
            raise InputError(f"{name}: ranks {len(ranked.order)} filters, and the bank has {size}", setting="banks")
        try:
            bank.place(ranked.order[:size])
        except InputError as error:
            raise InputError(f"network.start: {config.network.start}: {error}", setting="banks") from None


def label_error(network: nn.Module, config: TrainingConfig, lr: LR, chosen: Bool[Tensor, "batch draw"]) -> Tensor:
    """The mean cross-entropy of the banks' probabilities and what was done to each patch.

    Args:
        network: with banks.
        config: whose ``banks`` say what each bank is of.
        lr: patches in [0, 1].
        chosen: what was done to which, in the order of `DegradationConfig.names`.
    """
    assert isinstance(network, BankedSRResNet)
    draws = [config.data.degradation.names.index(name) for name in config.banks]
    return functional.binary_cross_entropy(network.probabilities(lr), chosen[:, draws].to(lr))
