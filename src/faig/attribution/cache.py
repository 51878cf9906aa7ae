"""Where finished units of an attribution are kept: in memory, or in a folder that outlives the process."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from faig.attribution.files.score_files import load_scores, save_scores
from faig.attribution.raw_scores import RawScores


@runtime_checkable
class Cache(Protocol):
    """Raw scores by a key that says everything that determines them."""

    def __contains__(self, key: str) -> bool:
        """Whether there are scores of this key."""

    def load(self, key: str) -> RawScores:
        """The scores of a key that is there."""

    def save(self, key: str, scores: RawScores) -> None:
        """Keep scores, whole or not at all."""


class MemoryCache:
    """Keeps units as long as the object lives."""

    def __init__(self) -> None:
        self._units: dict[str, RawScores] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._units

    def load(self, key: str) -> RawScores:
        """The scores of a key that is there."""
        return self._units[key]

    def save(self, key: str, scores: RawScores) -> None:
        """Keep scores."""
        self._units[key] = scores


class FolderCache:
    """Keeps a file for each unit, so that a killed run, or another process, goes on with them.

    Args:
        folder: where; made when the first unit is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __contains__(self, key: str) -> bool:
        return self._file(key).exists()

    def load(self, key: str) -> RawScores:
        """The scores of a key that is there."""
        return load_scores(self._file(key))[0]

    def save(self, key: str, scores: RawScores) -> None:
        """Keep scores, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        save_scores(self._file(key), scores, {})

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.safetensors"
