"""The versions of what computes; the package's own in one place."""

import platform

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """Of this package, torch and Python."""
    import torch  # slow to import

    return {"faig": __version__, "torch": torch.__version__, "python": platform.python_version()}
