"""What is kept stays within its bytes, and the least recently used goes first."""

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from faig.explore.kept import Kept

STEPS = st.lists(st.tuples(st.sampled_from(["get", "put", "made"]), st.integers(0, 5), st.integers(0, 12)), max_size=40)


@given(most=st.integers(0, 20), steps=STEPS)
def test_it_does_as_a_plain_list_of_all_does(most, steps):
    kept: Kept[bytes] = Kept(most, len)
    plain: OrderedDict[int, bytes] = OrderedDict()
    for what, key, size in steps:
        value = bytes(size)
        if what == "get":
            assert kept.get(key) == plain.get(key)
        elif what == "put":
            assert kept.put(key, value) == value
            plain.pop(key, None)
        else:
            assert kept.or_made(key, lambda value=value: value) == plain.get(key, value)
        if what == "put" or (what == "made" and key not in plain):
            plain[key] = value
        elif key in plain:
            plain.move_to_end(key)
        while sum(map(len, plain.values())) > most:
            plain.popitem(last=False)
        assert kept.bytes == sum(map(len, plain.values())) <= most
