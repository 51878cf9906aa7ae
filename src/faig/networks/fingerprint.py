"""Hashes of what determines a result."""

import hashlib
from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from faig.filters import FilterSet, Strengths
from faig.imaging.cases import Case


def fingerprint(tensors: Iterable[tuple[str, Tensor]]) -> str:
    """SHA-256, in hexadecimal, of names, types, shapes and values."""
    digest = hashlib.sha256()
    for name, tensor in tensors:
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def network_fingerprint(network: nn.Module) -> str:
    """The hash of a network's parameters and buffers."""
    return fingerprint(network.state_dict().items())


def ends_fingerprints(target: nn.Module, baseline: nn.Module) -> dict[str, str]:
    """The hashes of both networks of a pair: ``target`` and ``baseline``."""
    return {"target": network_fingerprint(target), "baseline": network_fingerprint(baseline)}


def set_fingerprints(filters: Mapping[str, FilterSet | Strengths]) -> dict[str, str]:
    """The hashes of filter sets, or of strengths, by name."""
    values = {name: units.mask if isinstance(units, FilterSet) else units.values for name, units in filters.items()}
    return {name: fingerprint([(name, tensor)]) for name, tensor in values.items()}


def case_fingerprints(cases: Iterable[Case]) -> dict[str, dict[str, str]]:
    """The hashes of every case's images: ``{name: {"gt": ..., <degradation>: ...}}``; for a crop, ``photo`` too."""
    return {
        case.name: {kind: fingerprint([(kind, image)]) for kind, image in {"gt": case.gt, **case.lr}.items()}
        | ({} if case.photo == case.name else {"photo": case.photo})
        for case in cases
    }
