"""What a pair's predictor learned, shipped beside it: ``predictor.json``."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PositiveFloat, model_validator
from torch import nn

from faig import zoo
from faig.analysis.discriminant import GRID
from faig.analysis.prediction import Predictor
from faig.common.errors import InputError
from faig.common.files import replacing
from faig.common.settings import Strict, validated
from faig.filters import FilterSet
from faig.networks.fingerprint import ends_fingerprints, fingerprint
from faig.zoo.scores import chosen_by

PREDICTOR = "predictor.json"


class _Group(Strict, strict=True):
    """A cloud and what is usual in it; see `Discriminant`."""

    of: str = Field(alias="class")
    usual: Annotated[list[float], Field(min_length=len(GRID), max_length=len(GRID))]
    crops: PositiveFloat
    mean: list[float]
    between: list[list[float]]
    within: list[list[float]]


class _Learned(Strict, strict=True):
    """What the file holds."""

    functions: Annotated[list[str], Field(min_length=1)]
    typical: dict[str, PositiveFloat]
    tail: PositiveFloat | None
    groups: Annotated[list[_Group], Field(min_length=1)]
    proportion: float = Field(gt=0, le=1)
    learned_on: str
    of: dict[str, str]

    @model_validator(mode="after")
    def _fits(self) -> "_Learned":
        if list(self.typical) != self.functions:
            raise ValueError("typical is not of the functions")
        features = 2 * len(self.functions) + 1  # see `prediction._changes`
        for group in self.groups:
            rows = [group.mean, *group.between, *group.within]
            if {len(group.between), len(group.within), *map(len, rows)} != {features}:
                raise ValueError(f"the numbers of {group.of} are not of {features} features")
        return self


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
    chosen = filters_of(pair, predictor.target, list(predictor.reverted), proportion)
    learned = predictor.learned() | {
        "proportion": proportion,
        "learned_on": learned_on,
        "of": _fingerprint(predictor.target, baseline, chosen),
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
    learned = read_learned(path)
    target, baseline = zoo.load_networks(target=f"{pair}/target", baseline=f"{pair}/baseline", device=device)
    chosen = filters_of(pair, target, learned["functions"], learned["proportion"])
    if learned["of"] != _fingerprint(target, baseline, chosen):
        raise InputError(f"{path}: was learned for other networks or filters than those of {pair}")
    return Predictor.of(target, baseline, chosen, learned)


def read_learned(path: Path) -> dict[str, Any]:
    """What `save_predictor` wrote.

    Raises:
        InputError: it cannot be read, or is of another form.
    """
    try:
        learned = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not what a predictor learned: {error!r}") from None
    if not isinstance(learned, dict):
        raise InputError(f"{path}: is not what a predictor learned: a JSON {type(learned).__name__}")
    validated(_Learned, learned, f"{path}: is not what a predictor learned")
    return learned


def _fingerprint(target: nn.Module, baseline: nn.Module, chosen: dict[str, FilterSet]) -> dict[str, str]:
    filters = fingerprint((kind, filters.mask) for kind, filters in chosen.items())
    return ends_fingerprints(target, baseline) | {"filters": filters}
