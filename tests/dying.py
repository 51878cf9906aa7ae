"""Dying just before a change to files, in the process of the tests: fast enough to try every change."""

import shutil
from pathlib import Path


class Killed(BaseException):
    """Stands for a signal: nothing catches it."""


def dies_at(monkeypatch, count: int) -> None:
    """Every change to the file system counts; the process ends just before the one of that number."""
    done: list[str] = []

    def counted(name, original):
        def call(*arguments, **options):
            if len(done) == count:
                raise Killed
            done.append(name)
            return original(*arguments, **options)

        return call

    for name in ("mkdir", "rename", "replace", "unlink", "rmdir"):
        monkeypatch.setattr(Path, name, counted(name, getattr(Path, name)))
    monkeypatch.setattr(shutil, "rmtree", counted("rmtree", shutil.rmtree))
