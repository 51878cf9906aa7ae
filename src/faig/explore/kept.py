"""What is kept in memory for as long as there is room: the least recently used goes first."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by key, within a number of bytes; for several threads.

    Args:
        most: bytes of all values together. A larger value is returned, and not kept.
        size: bytes of a value.
    """

    def __init__(self, most: int, size: Callable[[Value], int]) -> None:
        self._most, self._size = most, size
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()
        self.bytes = 0

    def get(self, key: Hashable) -> Value | None:
        """The value, which is now the last to go; None where it is not here, or not any more."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Hashable, value: Value) -> Value:
        """Keep a value, and return it."""
        with self._lock:
            if (old := self._values.pop(key, None)) is not None:
                self.bytes -= self._size(old)
            self._values[key] = value
            self.bytes += self._size(value)
            while self.bytes > self._most:
                self.bytes -= self._size(self._values.popitem(last=False)[1])
        return value

    def or_made(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value, made where it is not here."""
        value = self.get(key)
        return self.put(key, make()) if value is None else value
