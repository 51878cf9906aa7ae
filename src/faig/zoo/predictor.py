"""What a pair's predictor learned, shipped beside it: ``predictor.json``."""

import json
from pathlib import Path

from torch import nn

from faig import zoo
from faig.analysis.prediction import Predictor
from faig.common.errors import InputError
from faig.common.files import replacing
from faig.filters import FilterSet
from faig.networks.fingerprint import fingerprint, network_fingerprint
from faig.zoo.scores import chosen_by

PREDICTOR = "predictor.json"


def filters_of(pair: str, target: nn.Module, functions: list[str], proportion: float) -> dict[str, FilterSet]:
    """The shipped filters of each function."""
    chosen = chosen_by({kind: f"{pair}/{kind}" for kind in functions}, target, proportion)
    return {kind: units for kind, units in chosen.items() if isinstance(units, FilterSet)}


def save_predictor(pair: str, predictor: Predictor, baseline: nn.Module, proportion: float, learned_on: str) -> Path:
    """Write what a predictor learned into the pair's folder.

    Args:
        pair: of the zoo.
        predictor: of its networks and shipped filters.
        baseline: of the pair.
        proportion: of the filters.
        learned_on: which images, for people.
    """
    path = zoo.folder(pair) / PREDICTOR
    learned = predictor.learned() | {
        "proportion": proportion,
        "learned_on": learned_on,
        "of": _fingerprint(pair, predictor.target, baseline, list(predictor.reverted), proportion),
    }
    with replacing(path) as part:
        part.write_text(json.dumps(learned, indent=1) + "\n", encoding="utf-8")
    return path


def load_predictor(pair: str, device: str = "cpu") -> Predictor:
    """The predictor that ships with a pair.

    Raises:
        InputError: the pair has none, or it is of other weights or filters.
    """
    path = zoo.folder(pair) / PREDICTOR
    if not path.is_file():
        message = f"{pair} ships no predictor; name two networks and the filters of each function instead"
        raise InputError(message, setting="filters")
    target, baseline = zoo.load_pair(f"{pair}/target", f"{pair}/baseline", device=device)
    try:
        learned = json.loads(path.read_text(encoding="utf-8"))
        functions, proportion, learned_of = learned["functions"], learned["proportion"], learned["of"]
        if learned_of != _fingerprint(pair, target, baseline, functions, proportion):
            raise InputError(f"{path}: was learned for other networks or filters than those of {pair}")
        return Predictor.of(target, baseline, filters_of(pair, target, functions, proportion), learned)
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: is not what a predictor learned: {error!r}") from None


def _fingerprint(
    pair: str, target: nn.Module, baseline: nn.Module, functions: list[str], proportion: float
) -> dict[str, str]:
    chosen = filters_of(pair, target, functions, proportion)
    return {
        "target": network_fingerprint(target),
        "baseline": network_fingerprint(baseline),
        "filters": fingerprint((kind, filters.mask) for kind, filters in chosen.items()),
    }
