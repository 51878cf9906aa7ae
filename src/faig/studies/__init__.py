"""The studies that ship with the package, as files: ``faig run NAME`` runs one."""

from pathlib import Path

FOLDER = Path(__file__).parent


def shipped() -> dict[str, Path]:
    """The file of every shipped study, by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
