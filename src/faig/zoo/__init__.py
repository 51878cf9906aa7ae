"""Trained pairs by name, ``srresnet-x2/target``: those that ship with the package, and those that were pulled."""

import os
from pathlib import Path

import platformdirs
from torch import nn

from faig.attribution.integration.path import WeightPath
from faig.common.errors import InputError
from faig.networks.checkpoint import Builder, load_network

FOLDER = Path(__file__).parent
ROLES = ("baseline", "target")


def own_folder() -> Path:
    """Where pulled pairs lie: ``$FAIG_ZOO``, or the user's data folder."""
    path = os.environ.get("FAIG_ZOO")
    return Path(path) if path else platformdirs.user_data_path("faig") / "zoo"


def _pairs() -> dict[str, Path]:
    """The folder of every pair, by name; a shipped pair comes before a pulled one of the same name."""
    folders = [path.parent for root in (own_folder(), FOLDER) for path in root.glob("[!.]*/target.safetensors")]
    return {path.name: path for path in sorted(folders, key=lambda path: path.name)}


def pairs() -> list[str]:
    """All pairs of the zoo, shipped and pulled, sorted."""
    return list(_pairs())


def folder(pair: str) -> Path:
    """The folder of a pair: ``baseline.safetensors``, ``target.safetensors``, ``card.md``, ``scores.safetensors``.

    Raises:
        InputError: there is no such pair.
    """
    if pair not in pairs():
        raise InputError(f"{pair}: is not one of the zoo's pairs, {', '.join(pairs())}")
    return _pairs()[pair]


def names() -> list[str]:
    """All networks of the zoo, sorted."""
    return [f"{pair}/{role}" for pair in pairs() for role in ROLES if (folder(pair) / f"{role}.safetensors").is_file()]


def find(name: str) -> Path:
    """The file of a network: of the zoo by name, or the path itself.

    Raises:
        InputError: it is neither a zoo name nor a file.
    """
    pair, _, role = name.rpartition("/")
    if pair in pairs() and role in ROLES:
        return folder(pair) / f"{role}.safetensors"
    path = Path(name)
    if not path.exists() and not path.suffix:
        raise InputError(f"{name}: is no file, and the zoo has only {', '.join(names())}")
    return path


def load_networks(
    *, target: str, baseline: str, builder: Builder | None = None, device: str = "cpu"
) -> tuple[nn.Module, nn.Module]:
    """Target and baseline, in this order, each a zoo name or a file; `faig.Pair` has more that is done with the two.

    Raises:
        InputError: as `load`; or the two are of different architectures (the message names the first difference),
            or have equal weights.
    """
    networks = load(target, builder).to(device), load(baseline, builder).to(device)
    WeightPath.of_pair(*networks, f"{target} against {baseline}")
    return networks


def load(name: str, builder: Builder | None = None, key: str | None = None) -> nn.Module:
    """Load a network of the zoo, or a file.

    Args:
        name: a zoo name, or a ``.safetensors`` or ``.pth`` file.
        builder: of a network that the package does not know.
        key: which weights of a ``.pth`` file, see `read_weights`.

    Raises:
        InputError: see `find` and `checkpoint.load_network`.
    """
    return load_network(find(name), builder, key)


load_zoo = load  # its name in faig itself
