"""YAML to read: settings of known values, and what is no YAML, no settings, or takes without end."""

import datetime
import json
import os
from pathlib import Path
from typing import Any

from faig.common.yaml import read_yaml
from hostile.item import Item

NO_YAML, NO_MAPPING, MUCH = "is not YAML", "is not a YAML mapping", "is of more than"
LAUGHS = "a: &a [x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
GROWING = "a: &a {k: 1, l: 2}\n" + "\n".join(
    f"{name}: &{name} {{x: *{before}, y: *{before}, z: *{before}}}"
    for before, name in zip("abcdefghijklmn", "bcdefghijklmno", strict=True)
)


def readable() -> list[Item]:
    """Settings in every form that YAML has for them."""
    texts: dict[str, tuple[str | bytes, Any]] = {
        "block": ("a:\n  b: 1\n  c: [x, 2.5, null, true]\n", {"a": {"b": 1, "c": ["x", 2.5, None, True]}}),
        "flow": ('{"a": {"b": 1}, "c": []}', {"a": {"b": 1}, "c": []}),
        "texts": ("a: 'x'\nb: \"y\\n\"\nc: |\n  z\n", {"a": "x", "b": "y\n", "c": "z\n"}),
        "numbers": (
            "a: 0x10\nb: 1e3\nc: 1.e+3\nd: -0.5\ne: 1_000\n",
            {"a": 16, "b": "1e3", "c": 1e3, "d": -0.5, "e": 1000},
        ),
        "infinite": ("a: .inf\n", {"a": float("inf")}),
        "large": (f"a: {10**400}\n", {"a": 10**400}),
        "date": ("a: 2001-02-03\n", {"a": datetime.date(2001, 2, 3)}),
        "a mark at the beginning": (b"\xef\xbb\xbfa: 1\n", {"a": 1}),
        "lines of Windows": (b"a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        "alias": ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
        "merge": ("a: &x {k: 1}\nb: {<<: *x, l: 2}\n", {"a": {"k": 1}, "b": {"k": 1, "l": 2}}),
        "letters of the world": ("ä: 模糊 🎉\n", {"ä": "模糊 🎉"}),
        "begun and ended": ("---\na: 1\n...\n", {"a": 1}),
        "tag of its own type": ("a: !!str 1\n", {"a": "1"}),
        "deep": ("a: " + "[" * 50 + "]" * 50, {"a": nested(50)}),
    }
    return [Item(f"{name}.yaml", as_bytes(text), right=right) for name, (text, right) in texts.items()]


def nested(depth: int) -> list[Any]:
    """Lists in lists."""
    return [nested(depth - 1)] if depth > 1 else []


def as_bytes(text: str | bytes) -> bytes:
    """UTF-8, with half characters where a text has them."""
    return text if isinstance(text, bytes) else text.encode(errors="surrogatepass")


def unreadable() -> list[Item]:
    """What is no YAML, no mapping, or asks for more than settings need."""
    refused: dict[str, tuple[str | bytes, str]] = {
        "empty": ("", NO_MAPPING),
        "a remark": ("# nothing\n", NO_MAPPING),
        "a list": ("- a\n- b\n", NO_MAPPING),
        "a text": ("settings\n", NO_MAPPING),
        "null": ("~\n", NO_MAPPING),
        "a picture": (b"\x89PNG\r\n\x1a\n\0\0", NO_YAML),
        "UTF-16": ("a: 1\n".encode("utf-16"), NO_YAML),
        "UTF-32": ("a: 1\n".encode("utf-32"), NO_YAML),
        "Latin-1": ("a: ü\n".encode("latin-1"), NO_YAML),
        "a zero byte": (b"a: 1\0\n", NO_YAML),
        "a half character": ("a: \ud800\n", NO_YAML),
        "an escape": ("a: \x1b[31m\n", NO_YAML),
        "tabs": ("a:\n\tb: 1\n", NO_YAML),
        "a bracket less": ("a: [1, 2\n", NO_YAML),
        "a quote less": ("a: 'x\n", NO_YAML),
        "two documents": ("a: 1\n---\nb: 2\n", NO_YAML),
        "no such alias": ("a: *b\n", NO_YAML),
        "anchor twice in one": ("a: &x &y 1\n", NO_YAML),
        "a directive": ("%YAML 9.9\n---\na: 1\n", NO_YAML),
        "laughs": (LAUGHS, MUCH),
        "mappings that grow": (GROWING, MUCH),
        "merges that grow": (GROWING.replace("x:", "<<:"), MUCH),
        "in itself": ("a: &a {b: *a}\n", MUCH),
        "list in itself": ("a: &a [*a]\n", MUCH),
        "300000 bytes": ("a: [" + "1, " * 100_000 + "1]", MUCH),
        "5000 lists": ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        "5000 mappings": ("{a: " * 5000 + "1" + "}" * 5000, "nested too deeply"),
        "5000 lines of lists": ("a:\n " + "- " * 5000 + "x\n", "nested too deeply"),
        "a key that is a list": ("? [a, b]\n: 1\n", "a key that is no text"),
        "a key that is a mapping": ("? {a: b}\n: 1\n", "a key that is no text"),
        "a key twice": ("a: 1\na: 2\n", "a is given twice, the second time in line 2"),
        "a key twice inside": ("b:\n  a: 1\n  a: 2\n", "a is given twice, the second time in line 3"),
        "merged twice": ("a: &x {k: 1}\nb: {<<: *x, <<: *x}\n", "<< is given twice"),
        "merge of a text": ("a: {<<: x}\n", NO_YAML),
        "a number of 5000 digits": ("a: " + "9" * 5000, NO_YAML),
        "sixties with a point": ("a: " + "9:" + ":".join(["59"] * 2000) + ".5", NO_YAML),
        "no such date": ("a: 2001-99-99\n", NO_YAML),
    }
    tags = {
        "system": "!!python/object/apply:os.system [true]",
        "a module": "!!python/module:os",
        "a name": "!!python/name:os.system",
        "an object": "!!python/object/new:os.system [true]",
        "a tuple": "!!python/tuple [1]",
        "of its own": "!x 1",
        "of a place": "!<tag:example.org,2000:x> 1",
        "int of nothing": "!!int ''",
        "int of a word": "!!int x",
        "int of a sign": "!!int '-'",
        "int of a base": "!!int '0x'",
        "float of nothing": "!!float ''",
        "float of a word": "!!float x",
        "bool of a word": "!!bool x",
        "bool of a list": "!!bool [1]",
        "date of a word": "!!timestamp x",
        "binary of a word": "!!binary ü",
        "set of a list": "!!set [1]",
        "pairs of a word": "!!pairs x",
        "order of numbers": "!!omap [1]",
        "mapping of a word": "!!map x",
        "list of a mapping": "!!seq {a: 1}",
    }
    refused |= {f"tag {name}": (f"a: {text}\n", NO_YAML) for name, text in tags.items()}
    regular = "is not a regular file"
    return [
        *(Item(f"{name}.yaml", as_bytes(text), said) for name, (text, said) in refused.items()),
        Item("a pipe.yaml", os.mkfifo, regular),
        Item("a folder.yaml", os.mkdir, regular),
        Item("zeros without end.yaml", lambda path: path.symlink_to("/dev/zero"), regular),
        Item("not there.yaml", lambda path: None, "cannot be read: No such file"),
    ]


STUDY: dict[str, Any] = {
    "command": "attribute",
    "baseline": "b.safetensors",
    "target": "t.safetensors",
    "threads": 1,
    "images": {"gt": "gt", "degrade": {"blur": 2}},
}
TRAINING: dict[str, Any] = read_yaml(Path(__file__).parents[2] / "configs/train/srresnet-x2-target.yaml")


def settings(base: dict[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The places of all settings, those that hold others too."""
    inside = [
        place for key, value in base.items() if isinstance(value, dict) for place in settings(value, (*prefix, key))
    ]
    return [(*prefix, key) for key in base] + inside


def with_setting(base: dict[str, Any], place: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The same with another value at a place."""
    first, *rest = place
    return base | {first: with_setting(base[first], tuple(rest), value) if rest else value}


def misplaced(base: dict[str, Any]) -> list[Item]:
    """Settings of which one is something that none is: JSON, which is YAML."""
    values: dict[str, Any] = {
        "a list of mappings": [{"a": [1]}],
        "a mapping of lists": {"a": [{"b": None}]},
        "no number": float("nan"),
        "without end": float("inf"),
    }
    return [
        Item(f"{'.'.join(place)} {name}.yaml", as_yaml(with_setting(base, place, value)), ": ")
        for place in settings(base)
        for name, value in values.items()
    ]


def as_yaml(values: Any) -> str:
    """JSON, which is YAML but for two numbers."""
    return json.dumps(values).replace("NaN", ".nan").replace("Infinity", ".inf")
