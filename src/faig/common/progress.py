"""Telling how far a loop is, without the loop knowing who listens."""

import math
import time
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar, runtime_checkable

from faig.common.signals import stop_if_signalled

T = TypeVar("T")
MINUTE, HOUR = 60, 3600  # seconds
ENOUGH = 3  # seconds of work, from which the rest is estimated
LONG = MINUTE  # what takes longer is said to


@runtime_checkable
class Track(Protocol):
    """Pass items through and show how many of ``total`` are done."""

    def __call__(self, items: Iterable[T], label: str, total: int) -> Iterable[T]:
        """Yield ``items``."""


def silent(items: Iterable[T], label: str, total: int) -> Iterable[T]:  # noqa: ARG001
    """Show nothing."""
    return items


def progress_bar(items: Iterable[T], label: str, total: int) -> Iterator[T]:
    """A bar on standard error, gone when the loop ends; none where that is no terminal.

    Where the loop will take over a minute, a line says so as soon as a few seconds tell it; where there is no bar,
    again when half of that has passed.
    """
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    begun, say_at = 0.0, float(ENOUGH)
    shown = track(items, label, total=total, console=console, transient=True, disable=not console.is_terminal)
    for done, item in enumerate(shown):
        stop_if_signalled()
        begun = begun if done else time.perf_counter()  # from item to item: work may be done before one is passed on
        took = time.perf_counter() - begun
        if took > say_at:
            left = took / done * (total - done)
            say_at = math.inf if console.is_terminal else took + max(LONG, left / 2)
            if left > LONG:
                console.print(f"{label}: about {duration(left)} to go")
        yield item


def duration(seconds: float) -> str:
    """How long, for people: ``2 minutes``, ``1.5 hours``."""
    if seconds < HOUR:
        minutes = max(1, round(seconds / MINUTE))
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{seconds / HOUR:.1f} hours"
