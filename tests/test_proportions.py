"""A proportion is the same wherever one is taken: a number is a share as it stands, a text is read as percents."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
import torch
from pydantic import TypeAdapter

import faig
from faig.attribution.files.unit_files import RankedUnits
from faig.attribution.methods import METHODS
from faig.attribution.options import Options
from faig.attribution.result import Attribution
from faig.common.settings import Strict, count_of, proportion, proportions
from faig.filters import FilterSet, FilterSpace
from two_layers import Two

TOTAL = 24  # filters of the network
ORDER = torch.arange(TOTAL)
SHARES = [(1.0, 1.0), (0.5, 0.5), ("50%", 0.5), ("50", 0.5), ("0.5", 0.5), (" 100 % ", 1.0), ("100", 1.0)]
NONE = [0, 1, 2, 2.0, 25, -0.5, 101, float("nan"), True, "0", "0%", "101", "-1%", "nan%", "half", ""]


def models(above: type[Strict] = Strict) -> Iterator[type[Strict]]:
    for model in above.__subclasses__():
        yield model
        yield from models(model)


def of_settings() -> dict[str, Callable[[Any], float]]:
    """Every setting of every model that is a proportion, or several: what is read of a value."""
    for module in pkgutil.walk_packages(faig.__path__, "faig."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    takers: dict[str, Callable[[Any], float]] = {}
    for model in dict.fromkeys(models()):
        for name, field in model.model_fields.items():
            kind = f"{field.annotation} {field.metadata}"
            if "function proportion" in kind:
                adapter: Any = TypeAdapter(Annotated[field.annotation, field, *field.metadata])
                several = "function _as_list" in kind
                takers[f"{model.__name__}.{name}"] = (
                    (lambda value, adapter=adapter: adapter.validate_python([value])[0])
                    if several
                    else adapter.validate_python
                )
    return takers


def of_python() -> dict[str, Callable[[Any], float]]:
    """Every function that takes a proportion of units: the share of them that it took."""
    space = FilterSpace.of(Two())
    assert len(space) == TOTAL
    scores = ORDER.flip(0).float()
    found = Attribution(METHODS["faig"], space, {"blur": scores}, Options(threads=1))
    return {
        "proportion": proportion,
        "proportions": lambda value: proportions([value])[0],
        "count_of": lambda value: count_of(value, TOTAL) / TOTAL,
        "FilterSet.top": lambda value: len(FilterSet.top(space, ORDER, value)) / TOTAL,
        "RankedUnits.top": lambda value: len(RankedUnits(space, ORDER).top(value)) / TOTAL,
        "Attribution.top": lambda value: len(found.top("blur", value)) / TOTAL,
        "Attribution.function": lambda value: len(found.function("blur", value)) / TOTAL,
    }


TAKERS = of_settings() | of_python()


def test_settings_of_every_command_are_among_them():
    wanted = {"Options.top", "Options.tolerance", "AttributeConfig.stable", "CompareConfig.proportions"}
    assert {*wanted, "TrainingConfig.top", "GreedyPart.among", "ReferencePart.grafts"} <= TAKERS.keys()


@pytest.mark.parametrize("taker", TAKERS)
def test_a_number_is_a_share_and_a_text_is_percents(taker):
    for value, share in SHARES:
        if share < 1 or "tolerance" not in taker:  # of which all is too much to ask
            assert TAKERS[taker](value) == share, value


@pytest.mark.parametrize("taker", TAKERS)
def test_what_is_no_proportion_is_refused(taker):
    for value in NONE:
        with pytest.raises(
            ValueError, match=r"outside \(0%, 100%\]|is not a proportion|true or false|a list|may be 1% or all"
        ) as told:
            TAKERS[taker](value)
            pytest.fail(f"{value!r} is accepted")
        if isinstance(value, int | float) and 1 < value <= 100:
            assert f"a number is a share: write {value / 100:g} or '{value:g}%'" in str(told.value)
