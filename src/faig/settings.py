"""Settings read from YAML and checked before anything starts."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from faig.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Settings: unknown ones are refused, and none changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def one_of(names: Collection[str]) -> AfterValidator:
    """Annotate a string with this to refuse all but these names."""

    def check(value: str) -> str:
        if value not in names:
            raise ValueError(f"is not one of {', '.join(names)}")
        return value

    return AfterValidator(check)


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping.

    Raises:
        InputError: the file cannot be read or is no mapping.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: is not a YAML mapping of settings")
    return values


def validated(model: type[Model], values: dict[str, Any], place: str) -> Model:
    """Settings checked against a model.

    Args:
        model: what they must be.
        values: what was read.
        place: where, for the message.

    Raises:
        InputError: one line that names the first setting that is wrong.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        told = first["msg"].removeprefix("Value error, ")
        got = "" if first["type"] == "missing" else f" (got {first['input']!r})"
        raise InputError(f"{place}: {name}: {told}{got}") from None
