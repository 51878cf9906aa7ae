"""YAML that others wrote: a mapping, within bounds."""

from pathlib import Path
from typing import Any

import yaml

from faig.common.errors import InputError
from faig.common.files import check_regular

LONGEST = 250_000  # characters
MOST_VALUES = 100_000
# PyYAML's readers of numbers, dates and sets fail in many ways on what is tagged as one (`!!bool x`).
_FAILURES = (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a file is.

    Raises:
        InputError: the file cannot be read, or as `parsed`.
    """
    try:
        check_regular(path)
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST + 1)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path}: is not YAML: {error}") from None
    return parsed(text, str(path))


def parsed(text: str, source: str) -> dict[str, Any]:
    """The mapping that a text is.

    Args:
        text: up to `LONGEST` characters.
        source: where it stands, for the message.

    Raises:
        InputError: it is no mapping, names a key twice, or asks for more than `MOST_VALUES`, nested too deeply.
    """
    if len(text) > LONGEST:
        raise InputError(f"{source}: is of more than {LONGEST} characters")
    try:
        values = yaml.load(text, _Loader)
    except _FAILURES as error:
        why = str(error) if isinstance(error, yaml.YAMLError | ValueError) else f"a value is not of its type, {error!r}"
        raise InputError(f"{source}: is not YAML: {' '.join(why.split())}") from None
    except RecursionError:
        raise InputError(f"{source}: is nested too deeply") from None
    if not isinstance(values, dict):
        raise InputError(f"{source}: is not a YAML mapping")
    return values


def _expanded(node: Any, known: dict[int, float]) -> float:
    """How many values a node of YAML stands for; without end where it holds itself."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = float("inf")  # until it is known
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_expanded(part, known) for part in parts)
    return known[id(node)]


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands in a mapping twice, where YAML would take the last; and what no settings need.

    Aliases can multiply without end, or stand for what holds them; a key that is no text names no setting.
    """

    def get_single_node(self) -> Any:
        node = super().get_single_node()
        if node is not None and _expanded(node, {}) > MOST_VALUES:
            raise yaml.YAMLError(f"is of more than {MOST_VALUES} values, aliases (*name) written out")
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.YAMLError(f"line {key.start_mark.line + 1} has a key that is no text")
            if key.value in seen:
                raise yaml.YAMLError(f"{key.value} is given twice, the second time in line {key.start_mark.line + 1}")
            seen.add(key.value)
        return super().construct_mapping(node, deep)
