"""YAML of others: what is no settings is one line, at once."""

import time

import pytest
import yaml

from faig.common.errors import InputError
from faig.common.yaml import read_yaml

LAUGHS = "a: &a [x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, "is not YAML: is of more than 100000 values"),
        ("a: &a {b: *a}", "is of more than 100000 values"),
        ("[" * 5000 + "]" * 5000, "is nested too deeply"),
        ("? [a, b]\n: 1", "line 1 has a key that is no text"),
        ("? {a: b}\n: 1", "line 1 has a key that is no text"),
        ("- a\n- b", "is not a YAML mapping"),
        ("", "is not a YAML mapping"),
        ("a: !!python/object/apply:os.system [true]", "is not YAML"),
        ("a: 1\na: 2", "a is given twice, the second time in line 2"),
        (b"a: \xff\xfe", "is not YAML"),
        (b"a: \x00", "is not YAML"),
    ],
    ids=str,
)
def test_what_is_no_settings(tmp_path, text, message):
    path = tmp_path / "settings.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    begun = time.process_time()
    with pytest.raises(InputError, match=message) as error:
        read_yaml(path)
    assert time.process_time() - begun < 5
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_a_few_aliases_are_what_they_stand_for(tmp_path):
    shared = {"level": 2}
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump({"a": shared, "b": [shared, shared]}))
    assert "*id" in (tmp_path / "settings.yaml").read_text()
    assert read_yaml(tmp_path / "settings.yaml") == {"a": {"level": 2}, "b": [{"level": 2}, {"level": 2}]}
