"""The result files of a run, in its directory or in that of a stage."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from safetensors import SafetensorError, safe_open

from faig.common.errors import InputError
from faig.imaging.images import list_images
from faig.networks.weight_files import METADATA_KEY
from faig.results.run_directory import CONFIG
from faig.results.table import Table, read_table
from faig.results.tables import IMAGES, PICTURES, RANKING_FILES, STRENGTHS, TABLES

NO_STAGES = {"figures", "images", "photos"}  # folders of a run that hold pictures


@dataclass(frozen=True)
class Shot:
    """A picture of one image.

    Attributes:
        input: its degradation.
        shown: ``input``, ``target``, ``baseline``, ``reverted`` or ``gt``.
        function: whose filters are reverted; else empty.
        file: the picture.
        psnr: in dB against the GT; NaN where that is not known.
    """

    input: str
    shown: str
    function: str
    file: Path
    psnr: float


@dataclass(frozen=True)
class Results:
    """A run directory to read from.

    Attributes:
        run: the directory.
        homes: itself, and the directories of its stages that hold tables, scores or pictures to compare.
    """

    run: Path
    homes: tuple[Path, ...]

    @classmethod
    def of(cls, run: Path) -> "Results":
        """The results of a run directory.

        Raises:
            InputError: it does not exist, or holds no result file.
        """
        if not run.is_dir():
            raise InputError(f"{run}: no such run directory")
        stages = [path for path in sorted(run.iterdir()) if path.is_dir() and path.name not in NO_STAGES]
        stages = [stage for stage in stages if not stage.name.startswith(".") and _has_results(stage)]
        if not stages and not _has_results(run):
            raise InputError(
                f"{run}: holds no tables and no scores; give the directory of a run, such as faig compare's"
            )
        return cls(run, (run, *stages))

    def first(self, name: str) -> Path | None:
        """The first file of that name, looked for in the run and in its stages."""
        return next((home / name for home in self.homes if (home / name).exists()), None)

    def home_of(self, table: Table) -> Path | None:
        """The directory, of the run or of a stage, that holds a table; None where there is none."""
        return next((home for home in self.homes if (home / table.name).exists()), None)

    def table(self, table: Table) -> pd.DataFrame | None:
        """A table, or None where there is none.

        Raises:
            InputError: it cannot be read, or has not the declared columns.
        """
        home = self.home_of(table)
        return None if home is None else read_table(home, table)

    def undeclared(self) -> list[Path]:
        """Every CSV that is no ranking and no declared table, or a second one of its name."""
        files = [path for home in self.homes for path in sorted(home.glob("*.csv"))]
        ours = {home / name for name, table in TABLES.items() if (home := self.home_of(table)) is not None}
        return [path for path in files if path not in ours and not any(map(path.match, RANKING_FILES))]

    def inside(self, path: Path) -> str:
        """A file's path inside the run."""
        return path.relative_to(self.run).as_posix()

    def scores(self) -> list[tuple[str, dict[str, Any]]]:
        """The metadata of every file of scores.

        Raises:
            InputError: a file cannot be read.
        """
        files = [path for home in self.homes for path in sorted(home.glob("scores*.safetensors"))]
        return [(self.inside(path), _metadata(path)) for path in files]

    def configs(self) -> list[tuple[str, str]]:
        """The configuration of the run and of its stages, as text."""
        files = [home / CONFIG for home in self.homes if (home / CONFIG).is_file()]
        return [(self.inside(path), path.read_text(encoding="utf-8")) for path in files]

    def shots(self, method: str) -> list[Shot]:
        """Pictures to hold against each other, all of one image.

        They are those of a teaser; or, of ``faig compare --save-images``, the first image: of target and baseline, and
        of the target with the fewest of each function's filters reverted.

        Args:
            method: whose filters are reverted in images of ``faig compare``.
        """
        teaser, images = self.home_of(PICTURES), self.home_of(IMAGES)
        if teaser is not None:
            folder = (teaser / PICTURES.name).parent
            return [
                Shot(row["input"], row["shown"], row["function"], folder / row["file"], float(row["psnr"]))
                for _, row in read_table(teaser, PICTURES).iterrows()
            ]
        if images is None:
            return []
        folder, rows = (images / IMAGES.name).parent, read_table(images, IMAGES)
        rows = rows[(rows["intervention"] != "grafted") & rows["method"].isin(["", method])]
        rows = rows.sort_values("proportion", kind="stable", na_position="first")
        rows = rows.drop_duplicates(["intervention", "function", "input"])  # the fewest filters, and the first seed
        return [
            Shot(row["input"], row["intervention"], row["function"], file, float("nan"))
            for _, row in rows.iterrows()
            for file in list(list_images(folder / row["folder"]).values())[:1]
        ]

    def sweeps(self) -> dict[str, dict[float, Path]]:
        """The pictures of a sweep: by functions and strength, ascending.

        Raises:
            InputError: the table of them cannot be read.
        """
        home = self.home_of(STRENGTHS)
        if home is None:
            return {}
        folder, rows = (home / STRENGTHS.name).parent, read_table(home, STRENGTHS)
        return {
            str(functions): {
                float(row["strength"]): folder / row["file"] for _, row in group.sort_values("strength").iterrows()
            }
            for functions, group in rows.groupby("functions", sort=False)
        }


def _has_results(home: Path) -> bool:
    return any(home.glob("*.csv")) or any(home.glob("scores*.safetensors")) or (home / PICTURES.name).exists()


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV of any columns.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise InputError(f"{path}: cannot be read as a table: {error}") from None


def _metadata(path: Path) -> dict[str, Any]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, Any] = json.loads((file.metadata() or {})[METADATA_KEY])
            return metadata
    except (OSError, SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: is not a file of scores: {error}") from None
