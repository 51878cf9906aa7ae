"""The tables of a run: their names, and how they are written."""

from pathlib import Path
from typing import Any

import pandas as pd

from faig.common.files import replacing

LEARNED = "learned"  # what the names of learned masks begin with


def write_table(path: Path, rows: list[dict[str, Any]] | pd.DataFrame) -> None:
    """A CSV, whole or not at all; what does not apply is left empty."""
    with replacing(path) as part:
        pd.DataFrame(rows).to_csv(part, index=False, float_format="%.9g", lineterminator="\n")
