"""LMDBs that are whole pass, whatever was done to them; damaged ones are a line, or the same pictures."""

import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import lmdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from damaged_lmdb import damages, database, read_damaged
from faig.training.image_sources import DATA
from faig.training.lmdb_pages import check_pages
from processes import started

VALUES = st.sampled_from([0, 1, 7, 300, 2000, 2030, 2040, 4000, 4080, 4081, 9000]).map(bytes)
CHANGES = st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.none() | VALUES), max_size=40)


@example([[(b"a", bytes(9000)), (b"a", b"")]], False)  # the smaller value stays in the pages of the larger one
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # what draws is slow under load
@given(st.lists(CHANGES, max_size=4), st.booleans())
def test_whatever_was_put_and_deleted_passes(transactions, compacted):
    with TemporaryDirectory() as folder, TemporaryDirectory() as copy:
        with lmdb.open(folder, map_size=1 << 26, sync=False) as env:
            for changes in transactions:
                with env.begin(write=True) as transaction:
                    for key, value in changes:
                        if value is None:
                            transaction.delete(key)
                        else:
                            transaction.put(key, value)
            env.copy(copy, compact=compacted)
        for place in (folder, copy):
            check_pages(Path(place, DATA))


def test_many_keys_pass(tmp_path):
    with lmdb.open(str(tmp_path), map_size=1 << 26, sync=False) as env:
        for start in range(0, 3000, 500):
            with env.begin(write=True) as transaction:
                for number in range(start, start + 500):
                    transaction.put(f"{number:06d}_{'x' * 60}".encode(), bytes(number % 97))
        assert env.stat()["depth"] == 3
    check_pages(tmp_path / DATA)


@pytest.mark.slow
def test_damage_of_every_region_is_a_line_or_the_same_pictures(tmp_path):
    answer = tmp_path / "answer.jsonl"
    process = started(read_damaged, answer, 0)
    process.join()
    found = [json.loads(line) for line in answer.read_text().splitlines()]
    assert process.exitcode == 0, f"after {found[-1:]}"
    assert len(found) == len(list(damages(database(), 0))) > 400
    counts = Counter(outcome for _, outcome in found)
    assert counts.keys() == {"refused", "same"}, [each for each in found if each[1] not in ("refused", "same")]
    assert min(counts.values()) > 50
