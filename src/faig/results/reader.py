"""The result files of a run, in its directory or in that of a stage."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from safetensors import SafetensorError, safe_open

from faig.attribution.methods import METHODS
from faig.common.errors import InputError
from faig.imaging.images import list_images
from faig.networks.checkpoint import METADATA_KEY

CONFIG = "config.yaml"
RANKINGS = "filters-"
SUMS = ("channels-", "layers-")  # of rankings
REVERTED = re.compile(r"reverted-faig-(?P<kind>.+)-(?P<share>\d[\d.e-]*)-0")  # outputs that compare --save-images keeps
TEASER = "figures/teaser"
NO_STAGES = {"figures", "images", "photos"}  # folders of a run that hold pictures


@dataclass(frozen=True)
class Results:
    """A run directory to read from.

    Attributes:
        run: the directory.
        places: itself, and the directories of its stages that hold tables, scores or pictures to compare.
    """

    run: Path
    places: tuple[Path, ...]

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

    def first(self, *names: str) -> Path | None:
        """The first of these files or folders, looked for in every place."""
        return next((place / name for place in self.places for name in names if (place / name).exists()), None)

    def table(self, name: str, columns: Sequence[str]) -> pd.DataFrame | None:
        """A table, or None where there is none.

        Raises:
            InputError: it cannot be read, or has not all of these columns.
        """
        path = self.first(name)
        if path is None:
            return None
        rows = read_csv(path)
        if missing := [column for column in columns if column not in rows]:
            raise InputError(f"{path}: has no column {missing[0]}; remove the file, or make it again")
        return rows

    def tables(self) -> dict[str, Path]:
        """Every table but the rankings and their sums, by its path inside the run."""
        found = [path for place in self.places for path in sorted(place.glob("*.csv"))]
        return {self.told(path): path for path in found if not path.name.startswith((RANKINGS, *SUMS))}

    def told(self, path: Path) -> str:
        """A file's path inside the run."""
        return path.relative_to(self.run).as_posix()

    def rankings(self) -> dict[str, Path]:
        """FAIG's ranking of each function (in ``faig attribute``: its method's), from the first place that has any."""
        for place in self.places:
            stems = {path.stem.removeprefix(RANKINGS): path for path in sorted(place.glob(f"{RANKINGS}*.csv"))}
            others = tuple(f"{method}-" for method in METHODS)
            if found := {stem: path for stem, path in stems.items() if not stem.startswith(others)}:
                return found
        return {}

    def scores(self) -> list[tuple[str, dict[str, Any]]]:
        """The metadata of every file of scores.

        Raises:
            InputError: a file cannot be read.
        """
        return [
            (self.told(path), _metadata(path))
            for place in self.places
            for path in sorted(place.glob("scores*.safetensors"))
        ]

    def configs(self) -> list[tuple[str, str]]:
        """The configuration of the run and of its stages, as text."""
        found = [place / CONFIG for place in self.places if (place / CONFIG).is_file()]
        return [(self.told(path), path.read_text(encoding="utf-8")) for path in found]

    def teaser(self) -> dict[str, dict[str, Path]]:
        """Pictures to hold against each other: by input, and by what was done to the network.

        They are those of ``figures/teaser``, ``<input>-<what>.png``; or, of ``faig compare --save-images``, the first
        image: of target and baseline, and of the target with the fewest of FAIG's filters reverted.
        """
        found: dict[str, dict[str, Path]] = {}
        if (folder := self.first(TEASER)) is not None:
            for stem, path in list_images(folder).items():
                row, _, what = stem.partition("-")
                found.setdefault(row, {})[what] = path
        elif (images := self.first("images")) is not None:
            networks = {"target": "target", "baseline": "baseline"}
            reverted = [match for path in images.iterdir() if (match := REVERTED.fullmatch(path.name))]
            for match in sorted(reverted, key=lambda match: (match["kind"], -float(match["share"]))):
                networks |= {match[0]: f"reverted-{match['kind']}"}
            for network, what in networks.items():
                for given in sorted(path for path in (images / network).glob("*") if path.is_dir()):
                    found.setdefault(given.name, {})[what] = next(iter(list_images(given).values()))
        return found

    def sweeps(self) -> dict[str, dict[str, Path]]:
        """The pictures of a sweep: by functions and strength, ascending."""
        folder = self.first("figures/modulation")
        if folder is None or not folder.is_dir():
            return {}
        return {
            inside.name: dict(sorted(list_images(inside).items(), key=lambda item: float(item[0])))
            for inside in sorted(folder.iterdir(), key=lambda path: (path.name.count("+"), path.name))
            if inside.is_dir()
        }


def _has_results(place: Path) -> bool:
    return any(place.glob("*.csv")) or any(place.glob("scores*.safetensors")) or (place / TEASER).is_dir()


def read_csv(path: Path) -> pd.DataFrame:
    """A table of any kind.

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
            found: dict[str, Any] = json.loads((file.metadata() or {})[METADATA_KEY])
            return found
    except (OSError, SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: is not a file of scores: {error}") from None
