"""The trained pairs that ship with the package, by name: ``srresnet-x2/target``."""

from pathlib import Path

from torch import nn

from faig.checkpoint import Builder, load_network
from faig.errors import InputError
from faig.path import WeightPath

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """All networks of the zoo, sorted."""
    return sorted(f"{path.parent.name}/{path.stem}" for path in FOLDER.glob("*/*.safetensors"))


def find(name: str) -> Path:
    """The file of a network: of the zoo by name, or the path itself.

    Raises:
        InputError: it is neither a zoo name nor a file.
    """
    if name in names():
        return FOLDER / f"{name}.safetensors"
    path = Path(name)
    if not path.exists() and not path.suffix:
        raise InputError(f"{name}: is no file, and the zoo has only {', '.join(names())}")
    return path


def load_pair(
    target: str, baseline: str, builder: Builder | None = None, device: str = "cpu"
) -> tuple[nn.Module, nn.Module]:
    """Load the target and the baseline of a pair, each a zoo name or a file, and check that they are a pair.

    Raises:
        InputError: as `load`; or the two are of different architectures (the message names the first difference),
            or have equal weights.
    """
    high, low = load(target, builder).to(device), load(baseline, builder).to(device)
    try:
        if WeightPath(high, low).is_point:
            raise InputError("have equal weights, so nothing tells them apart")
    except InputError as error:
        raise InputError(f"{target} and {baseline}: {error}") from None
    return high, low


def load(name: str, builder: Builder | None = None) -> nn.Module:
    """Load a network of the zoo, or a file.

    Args:
        name: a zoo name, or a ``.safetensors`` or ``.pth`` file.
        builder: of a network that the package does not know.

    Raises:
        InputError: see `find` and `checkpoint.load_network`.
    """
    return load_network(find(name), builder)
