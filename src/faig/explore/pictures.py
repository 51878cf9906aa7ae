"""Pictures that answers name, kept in memory for a while."""

import hashlib
from typing import Any

from torch import Tensor

from faig.explore.explorer import png
from faig.explore.kept import Kept

ROOM = 256_000_000  # bytes of all pictures


class Pictures:
    """PNG files by what is in them: an equal picture has an equal address."""

    def __init__(self) -> None:
        self._files: Kept[bytes] = Kept(ROOM, len)

    def get(self, key: str) -> bytes | None:
        """A file; None where it is not here, or not any more."""
        return self._files.get(key)

    def linked(self, value: Any) -> Any:
        """An answer with the address of each image in place of the image."""
        if isinstance(value, Tensor):
            content = png(value)
            key = hashlib.blake2b(content, digest_size=16).hexdigest()
            self._files.put(key, content)
            return f"/api/picture/{key}.png"
        if isinstance(value, dict):
            return {name: self.linked(part) for name, part in value.items()}
        return [self.linked(part) for part in value] if isinstance(value, list) else value
