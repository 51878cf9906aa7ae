"""The checker of the shapes and types in annotations: beartype, where an int is also a float (PEP 484).

jaxtyping's import hook gives it every function of the package. So that the tests do not spend half of their time on it,
a check is compiled at the first call (most functions are not called by most tests), checks arguments and result in one
go, and keeps account of sizes only where an annotation has a shape.
"""

import functools
import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, get_args, get_type_hints

import jaxtyping
from beartype import BeartypeConf, beartype

CONF = BeartypeConf(is_pep484_tower=True, violation_type=jaxtyping.TypeCheckError)
hooked = jaxtyping.jaxtyped


def check(function: Callable) -> Callable:
    """The function, checking its arguments and what it returns."""
    hints = function.__annotations__
    if not hints:
        return function
    checked: Callable | None = None

    @functools.wraps(function)
    def plainly(*args: Any, **kwargs: Any) -> Any:
        nonlocal checked
        if jaxtyping.config.jaxtyping_disable:
            return function(*args, **kwargs)
        if checked is None:
            function.__annotations__ = {name: resolved(hint, function) for name, hint in hints.items()}
            checked = beartype(function, conf=CONF)
        return checked(*args, **kwargs)

    if inspect.isgeneratorfunction(function):  # its arguments are checked when it is first asked, in its user's context
        return plainly if not any(map(has_shape, hints.values())) else function

    @functools.wraps(function)
    def with_sizes(*args: Any, **kwargs: Any) -> Any:
        with hooked("context"):  # in which equal names are equal sizes
            return plainly(*args, **kwargs)

    return with_sizes if any(map(has_shape, hints.values())) else plainly


def resolved(hint: Any, function: Callable) -> Any:
    """The annotation without quotes; one that only type checkers can read is anything, as for jaxtyping."""
    try:
        return get_type_hints(SimpleNamespace(__annotations__={"it": hint}), function.__globals__, include_extras=True)[
            "it"
        ]
    except (NameError, TypeError, AttributeError):
        return Any


def has_shape(hint: Any) -> bool:
    """Whether an annotation has a shape in it; what is quoted, or a list of arguments, might."""
    if isinstance(hint, str | list):
        return True
    if inspect.isclass(hint) and issubclass(hint, jaxtyping.AbstractArray):
        return True
    return any(map(has_shape, get_args(hint)))


def jaxtyped(made: Any = None, *, typechecker: Callable) -> Any:
    """What the hook calls, by the name of jaxtyping's own, for each function and class."""
    if made is None:
        return functools.partial(jaxtyped, typechecker=typechecker)
    return check(made) if inspect.isfunction(made) else hooked(made, typechecker=typechecker)


jaxtyping.jaxtyped = jaxtyped
