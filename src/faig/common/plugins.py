"""Functions of the user's own: ``file.py:function``."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faig.common.errors import InputError


def load_function(spec: str, setting: str) -> Callable[..., Any]:
    """The function that ``file.py:function`` names.

    The file is executed: give it only code you trust.

    Args:
        spec: file and function.
        setting: that it was given for.

    Raises:
        InputError: the file or the function is missing, or the file fails.
    """
    file, _, function = spec.rpartition(":")
    path = Path(file)
    if not file or not path.is_file():
        raise InputError(
            f"{setting} {spec}: expected file.py:function, and {file or spec!r} is no file", setting=setting
        )
    module_spec = importlib.util.spec_from_file_location(path.stem, path)
    assert module_spec is not None
    assert module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    try:
        module_spec.loader.exec_module(module)
    except Exception as error:
        message = f"{setting} {spec}: {path} fails: {type(error).__name__}: {error}"
        raise InputError(message, setting=setting) from error
    loaded = getattr(module, function, None)
    if not callable(loaded):
        raise InputError(f"{setting} {spec}: {path} has no function {function!r}", setting=setting)
    return loaded
