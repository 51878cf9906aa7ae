"""What stands beside a Markdown page: the run's tables and its configuration, a run directory itself."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import yaml

from faig.common.plain import without_folders
from faig.results.reader import Results
from faig.results.run_directory import CONFIG, read_config
from faig.results.tables import TABLES

KEPT = [name for name, table in TABLES.items() if table.section != "pictures"]


def keep(results: Results, folder: Path, tables: Iterable[str] = KEPT) -> None:
    """Copy the tables, and the configuration without folders of this machine, into an existing folder."""
    for name in tables:
        home = results.home_of(TABLES[name])
        if home is not None:
            shutil.copyfile(home / name, folder / name)
    if (results.run / CONFIG).is_file():
        settings = without_folders(read_config(results.run / CONFIG))
        text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
        (folder / CONFIG).write_text(text, encoding="utf-8")
