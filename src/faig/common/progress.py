"""Telling how far a loop is, without the loop knowing who listens."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


@runtime_checkable
class Track(Protocol):
    """Pass items through and show how many of ``total`` are done."""

    def __call__(self, items: Iterable[T], label: str, total: int) -> Iterable[T]:
        """Yield ``items``."""


def silent(items: Iterable[T], label: str, total: int) -> Iterable[T]:  # noqa: ARG001
    """Show nothing."""
    return items


def progress_bar(items: Iterable[T], label: str, total: int) -> Iterator[T]:
    """A bar on standard error, gone when the loop ends; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(items, label, total=total, console=console, transient=True, disable=not console.is_terminal)
