"""Settings checked before anything starts."""

import difflib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    field_validator,
)

from faig.common.errors import InputError, not_written, printable, shown

Model = TypeVar("Model", bound=BaseModel)
NO_TRUTH = "cannot be true or false, as YAML reads on, off, yes and no too"


class Strict(BaseModel):
    """Settings: unknown ones are refused, and none changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_and_names(cls, value: Any, info: Any) -> Any:
        """Refuse true and false where a number or a name belongs; YAML reads on, off, yes and no so."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        of_truth = bool in (annotation, *get_args(annotation))
        if not of_truth and any(isinstance(part, bool) for part in (value if isinstance(value, list) else [value])):
            raise ValueError(NO_TRUTH)
        return value


def one_of(names: Collection[str]) -> AfterValidator:
    """Annotate a string with this to refuse all but these names."""

    def check(value: str) -> str:
        if value not in names:
            raise ValueError(f"is not one of {', '.join(names)}")
        return value

    return AfterValidator(check)


def distinct(values: list[str]) -> list[str]:
    """Annotate a list with this to refuse one that names something twice."""
    if twice := [value for value in values if values.count(value) > 1]:
        raise ValueError(f"names {twice[0]} twice")
    return values


def proportion(value: Any) -> float:
    """A share in (0, 1]: a number as it is, a text as people write it.

    Args:
        value: a number or a text. Texts ``1%``, ``1`` and ``0.01`` are all one percent: one below 1 without a % sign
            is a share. The number 0.01 is one percent too, but the number 1.0 is all.

    Raises:
        InputError: it is no number, or outside (0%, 100%], or the whole number 1, which people mean both ways.
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        number = float(value.strip().removesuffix("%") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        raise InputError(f"{shown(value)} is not a proportion; write 1% or 0.01") from None
    if isinstance(value, int) and number == 1:
        raise InputError("proportion 1 may be 1% or all of them; write '1%' or 1.0")
    percent = isinstance(value, str) and (value.strip().endswith("%") or number >= 1)
    share = number / 100 if percent else number
    if not 0 < share <= 1:
        way_out = f"; a number is a share: write {share / 100:g} or '{share:g}%'" if 1 < share <= 100 else ""
        raise InputError(f"proportion {value} is outside (0%, 100%]{way_out}")
    return share


def proportions(values: str | Sequence[Any]) -> list[float]:
    """Several, as a list or separated by commas: ``1,3,5,10``, ``1%,3%`` or ``0.01,0.03``.

    Raises:
        InputError: one is no proportion; or a text below 1, which would be a share, stands beside percents.
    """
    listed = [part for part in values.split(",") if part.strip()] if isinstance(values, str) else values
    if not listed:
        raise InputError(f"{values!r} names no proportion; write 1% or 0.01, or several, separated by commas")
    shares = [proportion(part) for part in listed]
    texts = [part.strip() for part in listed if isinstance(part, str)]
    below = [not part.endswith("%") and float(part) < 1 for part in texts]
    if any(below) and not all(below):
        as_shares = ",".join(f"{100 * proportion(part):.6g}%" for part in texts)
        as_percents = ",".join(f"{part.removesuffix('%')}%" for part in texts)
        ours = ",".join(texts)
        raise InputError(f"{ours}: shares and percents stand side by side; write {as_shares} or {as_percents}")
    return shares


def number_or_text(value: Any) -> Any:
    """A number wherever it can be read as one.

    Raises:
        ValueError: it is not finite.
    """
    if isinstance(value, bool):
        raise ValueError(NO_TRUTH)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return value
    if not math.isfinite(number):
        raise ValueError("is not a finite number")
    return number


NAME = r"[\w+-][\w.+-]*"  # of a function: it becomes part of file names, none of them hidden or outside
LONGEST = 255  # bytes of a file's name on the file systems in use


def _as_list(values: Any) -> Any:
    """Refuse texts that mix shares and percents, and one named twice; what is no list is for the type to refuse."""
    if not isinstance(values, list | tuple | str) or not values:
        return values
    shares = proportions(values)
    if len(set(shares)) != len(shares):
        raise ValueError("names a proportion twice")
    return shares


Proportion = Annotated[float, BeforeValidator(proportion)]
Proportions = Annotated[list[Proportion], BeforeValidator(_as_list)]
NumberOrText = Annotated[float | str, BeforeValidator(number_or_text)]


def validated(
    model: type[Model], values: dict[str, Any] | bytes, source: str, names: Mapping[str, str] | None = None
) -> Model:
    """Settings checked against a model.

    Args:
        model: what they must be.
        values: what was read; or JSON, whose arrays may be tuples.
        source: where, for the message.
        names: what settings, and what is in them, are called there, where they have other names.

    Raises:
        InputError: one line that names the first setting that is wrong.
    """
    try:
        return model.model_validate_json(values) if isinstance(values, bytes) else model.model_validate(values)
    except UnicodeEncodeError as error:
        raise InputError(f"{source}: {not_written(error)}") from None
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "extra_forbidden":
            name = ".".join(printable(str(part)) for part in first["loc"])
            suggestion = suggested(list(_settings(model)), name)
            raise InputError(f"{source}: {name}: there is no such setting{suggestion}") from None
        cause = first.get("ctx", {}).get("error")
        setting = getattr(cause, "setting", None) if names else None  # else it is no name that the source has
        raise InputError(": ".join(part for part in (source, brief(error, names)) if part), setting=setting) from None


def brief(error: ValidationError, names: Mapping[str, str] | None = None) -> str:
    """The first thing that a model refuses, in a line: where, by the names of `validated`, why, and what was given."""
    first = error.errors()[0]
    name = ".".join(printable(str(part)) for part in first["loc"])
    within = [ours for ours in names or () if f"{name}.".startswith(f"{ours}.")]
    if names and within:
        ours = max(within, key=len)
        name = names[ours] + name.removeprefix(ours)
    reason = first["msg"].removeprefix("Value error, ")
    got = "" if first["type"] == "missing" or isinstance(first["input"], dict) else f" (got {shown(first['input'])})"
    return ": ".join(part for part in (name, f"{reason}{got}") if part)


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted name."""
    named: dict[str, Any] = {}
    for key, value in values.items():
        named |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return named


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by dotted name as nested ones: the inverse of `flat`."""
    whole: dict[str, Any] = {}
    for name, value in values.items():
        *folders, last = name.split(".")
        place = whole
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = value
    return whole


def suggested(known: list[str], name: str) -> str:
    """How a message on an unknown setting ends: with the nearest of the known, or those beside it."""
    beside = [other for other in known if other.rpartition(".")[0] == name.rpartition(".")[0]]
    same_name = [other for other in known if other.rpartition(".")[2] == name.rpartition(".")[2]]
    close = difflib.get_close_matches(name, beside, n=1) or same_name or difflib.get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; there are {', '.join(other.rpartition('.')[2] for other in beside)}" if beside else ""


def _settings(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The dotted names of all settings of a model and of the models in it."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _settings(part, f"{prefix}{name}.")


def count_of(share: float | str, total: int) -> int:
    """``max(1, floor(total × share))``: the size of a top set.

    Raises:
        InputError: the share is no `proportion`.
    """
    return max(1, math.floor(round(total * proportion(share), 6)))  # rounded: 100 × 0.29 is 28.999999999999996
