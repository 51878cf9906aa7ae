"""What says which units of a network do what: rankings, strengths, learned sets and scores, as files to read."""

import json
import os
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from faig.common.tensors import METADATA_KEY
from faig.filters import FilterSpace
from faig.networks.architectures import build
from hostile.item import Item, cuts
from hostile.weights import ARGUMENTS

NETWORK = build("srresnet", **ARGUMENTS)
SPACE = FilterSpace.of(NETWORK)
COUNT = len(SPACE)
SCORES = torch.rand(COUNT, generator=torch.Generator().manual_seed(1))
ORDER = torch.argsort(SCORES, descending=True)
LAYERS = SPACE.describe()
HEADER = "rank,index,layer,out,in,score"
HOSTILE: dict[str, Any] = {  # JSON where another value belongs
    "nothing": None,
    "a number": 7,
    "a text": "x",
    "a list": [],
    "a list of texts": ["x"],
    "a mapping": {"a": [1]},
    "half": 0.5,
    "10^30": 10**30,
    "no number": float("nan"),
    "nested": json.loads("[" * 400 + "]" * 400),
}
NO_JSON = {  # texts where a JSON object belongs
    "empty": "",
    "cut": "{",
    "null": "null",
    "a list": "[]",
    "a text": '"x"',
    "no members": "{}",
    "nested": "[" * 100_000 + "]" * 100_000,
    "of 5000 digits": '{"layers": ' + "9" * 5000 + "}",
}


def lines(order: list[int]) -> list[str]:
    """A ranking as a table."""
    places = [SPACE.locate(index) for index in order]
    rows = [
        f"{rank},{index},{layer},{out},{inp},{float(SCORES[index]):.9g}"
        for rank, (index, (layer, out, inp)) in enumerate(zip(order, places, strict=True), 1)
    ]
    return [HEADER, *rows]


def tables() -> list[Item]:
    """``filters-<degradation>.csv``, and the paper's ``<degradation>_index.txt``."""
    order = ORDER.tolist()
    whole, few = lines(order), lines(order[:5])
    first = few[1]
    rank, index, layer, out, inp, score = first.split(",")

    def with_first(*cells: object) -> bytes:
        return "\n".join([few[0], ",".join(map(str, cells)), *few[2:]]).encode()

    other = (index, layer, out, inp)
    wrong = {
        "empty": b"",
        "head alone": HEADER.encode(),
        "text": b"no ranking",
        "no head": "\n".join(few[1:]).encode(),
        "a column less": "\n".join(line.rpartition(",")[0].partition(",")[2] for line in few).encode(),
        "cells missing": with_first(rank, index, layer),
        "cells too many": with_first(*first.split(","), 1, 2, 3),
        "index of another": with_first(rank, (int(index) + 1) % COUNT, *other[1:], score),
        "index and a half": with_first(rank, f"{index}.5", *other[1:], score),
        "index as a float": with_first(rank, f"{index}.0", *other[1:], score),
        "index of nothing": with_first(rank, "", *other[1:], score),
        "index no number": with_first(rank, "nan", *other[1:], score),
        "index without end": with_first(rank, "inf", *other[1:], score),
        "index below 0": with_first(rank, -1, *other[1:], score),
        "index beyond": with_first(rank, COUNT, *other[1:], score),
        "index of 2^64": with_first(rank, 2**64, *other[1:], score),
        "index of 400 digits": with_first(rank, "9" * 400, *other[1:], score),
        "index a word": with_first(rank, "first", *other[1:], score),
        "out a word": with_first(rank, index, layer, "x", inp, score),
        "out and a half": with_first(rank, index, layer, f"{out}.5", inp, score),
        "out beyond": with_first(rank, index, layer, 99, inp, score),
        "out of 2^64": with_first(rank, index, layer, 2**64, inp, score),
        "another layer": with_first(rank, index, "body.7.conv1", out, inp, score),
        "escapes as layer": with_first(rank, index, "\x1b[31m", out, inp, score),
        "layer of 10^5 letters": with_first(rank, index, "x" * 100_000, out, inp, score),
        "one twice": "\n".join([*few, first]).encode(),
        "quotes open": b'"' + "\n".join(few).encode(),
        "Latin-1": "\n".join(few).encode() + b"\xff",
        "UTF-16": "\n".join(few).encode("utf-16"),
        "zero bytes": "\n".join(few).encode() + b"\n\0\0\0\0\0\0",
        "a picture": b"\x89PNG\r\n\x1a\n\0\0",
    }
    numbers = [str(index) for index in order]
    lists = {
        "empty": "",
        "one less": "\n".join(numbers[1:]),
        "one more": "\n".join([*numbers, "0"]),
        "one twice": "\n".join([numbers[1], *numbers[1:]]),
        "below 0": "\n".join(["-1", *numbers[1:]]),
        "beyond": "\n".join([str(COUNT), *numbers[1:]]),
        "a half": "\n".join([f"{numbers[0]}.0", *numbers[1:]]),
        "a word": "\n".join(["x", *numbers[1:]]),
        "of 2^64": "\n".join([str(2**64), *numbers[1:]]),
        "of 5000 digits": "\n".join(["9" * 5000, *numbers[1:]]),
        "no number": "\n".join(["nan", *numbers[1:]]),
        "a table": "\n".join(whole),
    }
    return [
        Item("whole.csv", "\n".join(whole), right=ORDER),
        Item("few.csv", "\n".join(few), right=ORDER[:5]),
        Item("lines of Windows.csv", "\r\n".join(few), right=ORDER[:5]),
        Item("a mark at the beginning.csv", b"\xef\xbb\xbf" + "\n".join(few).encode(), right=ORDER[:5]),
        Item("whole.txt", "\n".join(numbers), right=ORDER),
        Item("on one line.txt", " ".join(numbers), right=ORDER),
        *(Item(f"{name}.csv", data, ": ") for name, data in wrong.items()),
        *(Item(f"{name}.txt", data, ": ") for name, data in lists.items()),
        Item("a folder.csv", os.mkdir, ": "),
        Item("a pipe.csv", os.mkfifo, "no such file"),
        Item("zeros.txt", lambda path: path.symlink_to("/dev/zero"), "no such file"),
        Item("not there.csv", lambda path: None, "no such file"),
    ]


def told(tensors: dict[str, torch.Tensor], metadata: Any) -> bytes:
    """A safetensors file with JSON, or with a text as it is, in its metadata."""
    return save(tensors, {METADATA_KEY: metadata if isinstance(metadata, str) else json.dumps(metadata)})


def files(kind: str, tensors: dict[str, torch.Tensor], metadata: dict[str, Any]) -> list[Item]:
    """Files of a kind that are cut, or whose metadata is another: one value at a time, at every place."""
    data = told(tensors, metadata)
    made = [Item(f"{kind}, metadata {name}.safetensors", told(tensors, text), ": ") for name, text in NO_JSON.items()]
    made += cuts(f"{kind}.safetensors", data, ": ", [0, 7, 8, 50, len(data) // 2, -1])
    made.append(Item(f"{kind} without metadata.safetensors", save(tensors), ": "))
    layers = {
        "no layers": [],
        "a layer of no name": [[4, 3], *LAYERS[1:]],
        "a layer of four numbers": [["conv_first", 4, 3, 1], *LAYERS[1:]],
        "a layer of no numbers": [[], *LAYERS[1:]],
        "a layer of texts": [["conv_first", "4", "3"], *LAYERS[1:]],
        "a layer of halves": [["conv_first", 4.0, 3.0], *LAYERS[1:]],
        "a layer below 0": [["conv_first", -4, 3], *LAYERS[1:]],
        "a layer of 10^30": [["conv_first", 10**30, 3], *LAYERS[1:]],
        "a layer turned": [["conv_first", 3, 4], *LAYERS[1:]],
        "another layer": [["conv_last", 4, 3], *LAYERS[1:]],
        "a layer less": LAYERS[1:],
    }
    layers |= {f"layers {name}": value for name, value in HOSTILE.items()}
    for name, value in layers.items():
        made.append(Item(f"{kind}, {name}.safetensors", told(tensors, metadata | {"layers": value}), ": "))
    return made


def odd(values: torch.Tensor) -> dict[str, torch.Tensor]:
    """Numbers of other types and shapes."""
    first = values.double().clone()
    made = {f"one is {number}": first.index_fill(0, torch.tensor([3]), number) for number in (np.nan, np.inf, -np.inf)}
    return made | {
        "one less": values[1:].clone(),
        "none": values[:0].clone(),
        "a dimension more": values[None].clone(),
        "no dimension": torch.tensor(1.0),
        "complex": values.to(torch.complex64),
        "bool": values > 0.5,
        "float8": values.to(torch.float8_e4m3fn),
    }


def units() -> list[Item]:
    """Rankings and strengths that `units_in_file` reads, of the function ``blur``."""
    entry = {"method": "faig", "degradation": "blur", "index": 0}
    rankings = {"layers": LAYERS, "default": "faig", "rankings": [entry]}
    tensors, strengths = {"score/0": SCORES}, {"strength": SCORES}
    made = [
        Item("rankings.safetensors", told(tensors, rankings), right=ORDER),
        Item("strengths.safetensors", told(strengths, {"layers": LAYERS}), right=SCORES),
        Item(
            "strengths of halves.safetensors",
            told({"strength": SCORES.half()}, {"layers": LAYERS}),
            right=SCORES.half(),
        ),
        *files("rankings", tensors, rankings),
        *files("strengths", strengths, {"layers": LAYERS}),
        Item("no strengths.safetensors", told({"score": SCORES}, {"layers": LAYERS}), ": "),
        Item("no scores.safetensors", told({"score/1": SCORES}, rankings), ": "),
    ]
    for name, value in HOSTILE.items():
        for place in ("default", "rankings"):
            data = told(tensors, rankings | {place: value})
            made.append(Item(f"rankings, {place} {name}.safetensors", data, ": "))
        for place in (*entry, "ranked"):
            data = told(tensors, rankings | {"rankings": [entry | {place: value}]})
            made.append(Item(f"rankings, entry's {place} {name}.safetensors", data, ": "))
    for name, values in odd(SCORES).items():
        if "inf" not in name:  # a score may be
            made.append(Item(f"rankings, scores {name}.safetensors", told({"score/0": values}, rankings), ": "))
        made.append(Item(f"strengths, {name}.safetensors", told({"strength": values}, {"layers": LAYERS}), ": "))
    return made
