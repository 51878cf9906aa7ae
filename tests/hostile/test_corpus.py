"""Whatever comes in: what is right is read as it is, all else is one line that names the file, and soon.

Nothing that a file holds is run, and nothing takes more memory than there is.
"""

import resource
import time
from collections import Counter

import pytest

from faig.common.errors import LONGEST, InputError
from hostile.corpus import READERS
from hostile.item import Item

SECONDS = 10.0
MEGABYTES = 400  # more than before, at any time, for a file: all are small


def fault(kind: str, item: Item, folder) -> str:
    """What is wrong with how an input is received; empty where nothing is."""
    reader, begun = READERS[kind], time.process_time()
    path = folder / item.name
    if "\0" not in item.name and len(item.name) < 255:
        path = item.at(folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        read, said = reader.read(path), ""
    except InputError as error:
        read, said = None, str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if (seconds := time.process_time() - begun) > SECONDS:
        return f"took {seconds:.1f} s"
    if (grown := (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000) > MEGABYTES:
        return f"took {grown:.0f} MB"
    if item.refused and not said:
        return f"was accepted, as {str(read)[:200]}"
    if said and not (item.refused and item.refused in said):
        return f"was refused: {said}"
    if said and (len(said) > LONGEST or "\n" in said or not _names(said, path)):
        return f"is not refused in one line that names it: {said}"
    return "" if said or reader.same(read, item.right) else f"was read as another: {str(read)[:200]}"


def _names(said: str, path) -> bool:
    return str(path)[:100] in said or repr(str(path))[1:-1] in said


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what libraries remark on such files
@pytest.mark.parametrize("kind", READERS)
def test_every_input_is_received_as_is_right(tmp_path, kind):
    trap, folder = tmp_path / "trap", tmp_path / "in"
    folder.mkdir()
    items = READERS[kind].items(trap)
    assert not (twice := [name for name, count in Counter(item.name for item in items).items() if count > 1]), twice
    faults = {item.name: found for item in items if (found := fault(kind, item, folder))}
    assert not faults, "\n".join(f"{name}: {found}" for name, found in faults.items())
    assert not trap.exists()


def test_the_judge_sees_what_is_wrong(tmp_path):
    good = next(item for item in READERS["photos"].items(tmp_path) if item.name == "whole")
    assert not fault("photos", good, tmp_path)
    for wrong in (Item("a", good.make, right={"one": "b"}), Item("b", good.make, "damaged")):
        assert fault("photos", wrong, tmp_path)
    bad = next(item for item in READERS["photos"].items(tmp_path) if item.name == "no head")
    assert "was refused" in fault("photos", Item("c", bad.make, right={}), tmp_path)
