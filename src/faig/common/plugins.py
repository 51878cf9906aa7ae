"""Functions of the user's own: ``file.py:function``."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faig.common.errors import InputError


def load_function(option: str, spec: str) -> Callable[..., Any]:
    """The function that ``file.py:function`` names.

    The file is executed: give it only code you trust.

    Args:
        option: that it was given for.
        spec: file and function.

    Raises:
        InputError: the file or the function is missing, or the file fails.
    """
    file, _, function = spec.rpartition(":")
    path = Path(file)
    if not file or not path.is_file():
        raise InputError(f"{option} {spec}: expected file.py:function, and {file or spec!r} is no file")
    module_spec = importlib.util.spec_from_file_location(path.stem, path)
    assert module_spec is not None
    assert module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    try:
        module_spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"{option} {spec}: {path} fails: {type(error).__name__}: {error}") from error
    found = getattr(module, function, None)
    if not callable(found):
        raise InputError(f"{option} {spec}: {path} has no function {function!r}")
    return found
