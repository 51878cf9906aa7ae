"""On which networks rankings, learned sets and strengths were found, against those that they are used on."""

import warnings
from collections.abc import Mapping, Sequence

from torch import nn

from faig import zoo
from faig.attribution.files.ranking_file import ENDS, Networks, networks_said
from faig.attribution.files.run_files import SCORES
from faig.common.errors import FaigWarning
from faig.common.tensors import load_metadata
from faig.networks.fingerprint import network_fingerprint


def warn_of_others(found_on: Mapping[str, Networks], network: nn.Module, baseline: nn.Module | None) -> None:
    """Warn of what was found on other networks than it is used on.

    That is no error: whether a ranking holds for another pair is a question that one may ask.

    Args:
        found_on: hashes of target and baseline, by the name that people know the file by.
        network: a target; or where there is no baseline either end of a pair.
        baseline: of the target.
    """
    if not found_on:  # hashes take time
        return
    own = [network_fingerprint(each) for each in ([network] if baseline is None else [network, baseline])]
    for name, networks in found_on.items():
        said = [networks[role] for role in ENDS]
        if own == said or (baseline is None and own[0] in said):
            continue
        if baseline is None:
            why = "which is neither the target nor the baseline of that"
        else:
            other = [role for role, here, there in zip(ENDS, own, said, strict=True) if here != there]
            why = f"another {' and another '.join(other)}"
        theirs, mine = _in_zoo(said) or "other networks", _in_zoo(own) or "the one" + "s" * (len(own) - 1) + " given"
        warnings.warn(
            f"{name}: was found on {theirs}, not on {mine} ({why}): what filters do in one network they need not do in "
            "another; find them on these weights, or measure what they do here",
            FaigWarning,
            stacklevel=3,
        )


def _in_zoo(hashes: Sequence[str]) -> str | None:
    """The name of the pair that has these target and baseline, or of the one network; None where the zoo has none."""
    for pair in zoo.pairs():
        file = zoo.folder(pair) / SCORES
        networks = networks_said(file, load_metadata(file, "scores")) if file.is_file() else None
        for role, known in (networks or {}).items():
            if list(hashes) == [known]:
                return f"{pair}/{role}"
        if networks and list(hashes) == [networks[role] for role in ENDS]:
            return pair
    return None
