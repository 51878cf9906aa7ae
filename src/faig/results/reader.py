"""The result files of a run, in its directory or in that of a stage."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from faig.common.errors import InputError
from faig.common.tensors import load_metadata
from faig.imaging.images import list_images
from faig.results.cells import read_cells, read_table
from faig.results.run_directory import CONFIG
from faig.results.scores import ScoresInfo
from faig.results.settings import RunSettings, read_settings
from faig.results.table import Table
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
    """A run directory to read from, each of its tables and settings once.

    Attributes:
        run: the directory.
        homes: itself, and the directories of its stages that hold tables, scores or pictures to compare.
    """

    run: Path
    homes: tuple[Path, ...]
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False, compare=False)
    _settings: dict[Path, RunSettings] = field(default_factory=dict, init=False, repr=False, compare=False)

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
                f"{run}: holds no tables and no scores; give the directory of a run that has ended, such as faig "
                "compare's (one that was stopped goes on when its command is run again)"
            )
        return cls(run, (run, *stages))

    def first(self, name: str) -> Path | None:
        """The first file of that name, looked for in the run and in its stages."""
        return next((home / name for home in self.homes if (home / name).exists()), None)

    def home_of(self, table: Table) -> Path | None:
        """The directory, of the run or of a stage, that holds a table; None where there is none."""
        return next((home for home in self.homes if (home / table.name).exists()), None)

    def table(self, table: Table) -> pd.DataFrame | None:
        """A table, or None where there is none or it has no rows.

        Raises:
            InputError: it cannot be read, or is not as it is declared; or the configuration is not.
        """
        home = self.home_of(table)
        if home is None:
            return None
        if table.name not in self._tables:
            own = self._settings_in(home) or self._settings_in(self.run)
            self._tables[table.name] = read_table(home, table, *([own.names] if own else []))
        rows = self._tables[table.name]
        return rows if len(rows) else None

    def needed(self, table: Table) -> pd.DataFrame:
        """A table that has rows.

        Raises:
            InputError: as `table`; or there is none, or it has no rows.
        """
        rows = self.table(table)
        if rows is None:
            message = f"{self.run}: holds no {table.name} with rows; pass force=True to run it again"
            raise InputError(message, setting="force")
        return rows

    def undeclared(self) -> list[Path]:
        """Every CSV that is no ranking and no declared table, or a second one of its name."""
        files = [path for home in self.homes for path in sorted(home.glob("*.csv"))]
        ours = {home / name for name, table in TABLES.items() if (home := self.home_of(table)) is not None}
        return [path for path in files if path not in ours and not any(map(path.match, RANKING_FILES))]

    def inside(self, path: Path) -> str:
        """A file's path inside the run."""
        return path.relative_to(self.run).as_posix()

    def scores(self) -> list[tuple[str, ScoresInfo]]:
        """What every file of scores says of itself.

        Raises:
            InputError: a file cannot be read.
        """
        files = [path for home in self.homes for path in sorted(home.glob("scores*.safetensors"))]
        return [(self.inside(path), ScoresInfo.of(path, load_metadata(path, "scores"))) for path in files]

    def settings(self) -> Iterator[tuple[Path, RunSettings]]:
        """The configuration of the run and of its stages, each with its file.

        Raises:
            InputError: one cannot be read.
        """
        for home in self.homes:
            if settings := self._settings_in(home):
                yield home / CONFIG, settings

    def _settings_in(self, home: Path) -> RunSettings | None:
        file = home / CONFIG
        if file not in self._settings and file.exists():
            self._settings[file] = read_settings(file)
        return self._settings.get(file)

    def shots(self, method: str) -> list[Shot]:
        """Pictures to hold against each other, all of one image.

        They are those of a teaser; or, of ``faig compare --save-images``, the first image: of target and baseline, and
        of the target with the fewest of each function's filters reverted.

        Args:
            method: whose filters are reverted in images of ``faig compare``.

        Raises:
            InputError: the table of them cannot be read, or lists a picture that is not there.
        """
        teaser, rows = self.home_of(PICTURES), self.table(PICTURES)
        if teaser is not None and rows is not None:
            table = teaser / PICTURES.name
            return [
                Shot(row["input"], row["shown"], row["function"], _listed(table, row["file"]), float(row["psnr"]))
                for _, row in rows.iterrows()
            ]
        images, rows = self.home_of(IMAGES), self.table(IMAGES)
        if images is None or rows is None:
            return []
        folder = (images / IMAGES.name).parent
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
            InputError: the table of them cannot be read, or lists a picture that is not there.
        """
        home, rows = self.home_of(STRENGTHS), self.table(STRENGTHS)
        if home is None or rows is None:
            return {}
        table = home / STRENGTHS.name
        return {
            str(functions): {
                float(row["strength"]): _listed(table, row["file"])
                for _, row in group.sort_values("strength").iterrows()
            }
            for functions, group in rows.groupby("functions", sort=False)
        }


def _listed(table: Path, name: str) -> Path:
    """A picture that a table lists, beside it."""
    file = table.parent / name
    if not file.is_file():
        raise InputError(f"{table}: lists {name!r}, and that is not there")
    return file


def _has_results(home: Path) -> bool:
    return any(home.glob("*.csv")) or any(home.glob("scores*.safetensors")) or (home / PICTURES.name).exists()


def read_any(path: Path) -> pd.DataFrame:
    """Read a CSV of any columns: numbers where all of a column are, else texts.

    Raises:
        InputError: it cannot be read, or two columns have one name.
    """
    header, rows, _ = read_cells(path)
    if len(set(header)) < len(header):
        raise InputError(f"{path}: two of its columns have one name; rename one")
    frame = pd.DataFrame(rows, columns=header, dtype=object)
    for name in header:
        try:
            frame[name] = pd.to_numeric(frame[name].where(frame[name] != ""))
        except (ValueError, TypeError):
            continue
    return frame
