"""A run that ends in the middle, as by a signal."""

from faig.attribution.cache import MemoryCache


class Killed(Exception):
    """Stands for a signal."""


class KilledCache(MemoryCache):
    """Ends the run after so many states were kept."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def save(self, key, scores):
        super().save(key, scores)
        self.after -= 1
        if self.after == 0:
            raise Killed
