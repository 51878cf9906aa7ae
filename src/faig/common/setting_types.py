"""What settings may be: names, paths, devices and numbers within bounds."""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from faig.common.settings import LONGEST, NAME


def usable(value: Any) -> Any:
    """What can name a file: text that is not empty, that the system can encode, and no part of which is too long.

    Raises:
        ValueError: it cannot.
    """
    if not isinstance(value, str | Path):
        return value  # the type says what is wrong
    if not (text := str(value)) or (isinstance(value, str) and not value.strip()):
        raise ValueError("is empty; name a file or a folder")
    try:
        encoded = os.fsencode(text)
    except UnicodeEncodeError:
        raise ValueError("holds what no file name can: half a surrogate pair") from None
    if b"\0" in encoded:
        raise ValueError("holds what no file name can: a NUL")
    if max(map(len, encoded.split(b"/"))) > LONGEST:
        raise ValueError(f"names a file in more than {LONGEST} bytes; choose a shorter name")
    return value


def label(value: str, longest: int = LONGEST) -> str:
    """What can be shown on a line, and stand in a record: text that is not empty, and not too long, in bytes.

    Raises:
        ValueError: it is none.
    """
    if not value.strip() or not value.isprintable():
        raise ValueError("is no name: letters, digits and signs that can be shown are")
    if len(value.encode()) > longest:
        raise ValueError(f"is longer than {longest} bytes; choose a shorter name")
    return value


FilePath = Annotated[Path, BeforeValidator(usable)]
FileName = Annotated[
    str, BeforeValidator(lambda value: str(value) if isinstance(value, Path) else value), BeforeValidator(usable)
]  # of what may be a name of the zoo too
Label = Annotated[str, AfterValidator(label)]
Name = Annotated[  # it becomes part of file names, with words before and after
    str, StringConstraints(pattern=f"^{NAME}$"), AfterValidator(lambda value: label(value, 150))
]
Device = Annotated[str, StringConstraints(pattern=r"^(cpu|cuda|mps)(:\d{1,3})?$")]
MOST_THREADS = 1024
MOST_WORKERS = 1024  # processes
MOST_SEED = 2**63 - 1
Threads = Annotated[int, Field(ge=1, le=MOST_THREADS)]
Seed = Annotated[int, Field(ge=0, le=MOST_SEED)]
Repeats = Annotated[int, Field(ge=1, le=10_000)]  # of what is done again: seeds, crops
Iterations = Annotated[int, Field(ge=1, le=10**9)]
MOST_SIDE = 2**16
Side = Annotated[int, Field(ge=1, le=MOST_SIDE)]  # of an image, in pixels
