"""What lies beside networks and images: learned sets, scores, predictors, and tables of photos, as files to read."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from faig import zoo
from hostile.configurations import settings, with_setting
from hostile.item import Item
from hostile.rankings import COUNT, HOSTILE, LAYERS, NO_JSON, ORDER, SCORES, files, odd, told

SHIPPED = zoo.FOLDER / "srcnn-style-x2"
FINGERPRINT = {"target": "a", "baseline": "b"}
IMAGES = ("one", "two")
NONE_NAMED = {("photos", "a list"), ("photos", "nothing"), ("exponents", "a mapping")}
OF_ANOTHER = ("a layer turned.safetensors", "another layer.safetensors")  # for who has the network to say


def learned() -> list[Item]:
    """Learned sets that `load_learned` reads."""
    few = ORDER[:9].to(torch.int32)
    metadata: dict[str, Any] = {"layers": LAYERS, "fingerprint": FINGERPRINT, "reached": {"blur": 0.9}}
    shares = {f"blur's {name}": {"blur": value} for name, value in HOSTILE.items() if name != "half"}
    sets = {
        "one twice": few.index_fill(0, torch.tensor([3]), int(few[0])),
        "below 0": few.index_fill(0, torch.tensor([3]), -1),
        "beyond": few.index_fill(0, torch.tensor([3]), COUNT),
        "far beyond": few.long().index_fill(0, torch.tensor([3]), 2**62),
        "in a table": few.reshape(3, 3),
        "no dimension": few[0].clone(),
        **{f"numbers, {name}": values for name, values in odd(SCORES).items()},
    }
    return [
        Item("learned.safetensors", told({"blur": few}, metadata), right={"blur": few.long()}),
        *(item for item in files("learned", {"blur": few}, metadata) if not item.name.endswith(OF_ANOTHER)),
        *(
            Item(f"learned, {name}.safetensors", told({"blur": values}, metadata), ": ")
            for name, values in sets.items()
        ),
        *(
            Item(
                f"learned, fingerprint {name}.safetensors", told({"blur": few}, metadata | {"fingerprint": value}), ": "
            )
            for name, value in HOSTILE.items()
            if not isinstance(value, dict)
        ),
        *(
            Item(f"learned, {name} in reached.safetensors", told({"blur": few}, metadata | {"reached": value}), ": ")
            for name, value in (HOSTILE | shares).items()
        ),
        Item("learned, no sets.safetensors", told({}, metadata), ": "),
    ]


def scores() -> list[Item]:
    """Scores that `load_scores` reads."""
    rows = torch.stack([SCORES, 1 - SCORES])
    parts = {"score": rows, "total": rows[:, 0].double(), "losses": rows[:, :4].double()}
    tensors = {f"{part}/{kind}": values.clone() for kind in ("clean", "blur") for part, values in parts.items()}
    metadata: dict[str, Any] = {"degradations": ["clean", "blur"], "images": ["a", "b"], "method": "faig"}
    shapes = {
        "an image less": rows[:1],
        "a filter less": rows[:, 1:],
        "no filters": rows[:, :0],
        "no images": rows[:0],
        "a dimension less": rows[0],
        "a dimension more": rows[None],
        "no dimension": torch.tensor(1.0),
        "complex": rows.to(torch.complex64),
        "whole numbers": rows.to(torch.int64),
    }
    made = [
        Item(f"scores, {name}.safetensors", told(tensors | {"score/blur": values.clone()}, metadata), ": ")
        for name, values in shapes.items()
    ]
    for name in tensors:
        others = {other: values for other, values in tensors.items() if other != name}
        made.append(Item(f"scores, without {name.replace('/', ' of ')}.safetensors", told(others, metadata), ": "))
    for place in ("degradations", "images", "photos", "exponents"):
        for name, value in HOSTILE.items():
            if (place, name) not in NONE_NAMED:
                data = told(tensors, metadata | {place: value})
                made.append(Item(f"scores, {place} {name}.safetensors", data, ": "))
    for exponent in (10**30, "x", [1], 0.5):
        data = told(tensors, metadata | {"exponents": {"score/blur": exponent}})
        made.append(Item(f"scores, exponent {str(exponent)[:9]}.safetensors", data, ": "))
    right = {name: tensor for name, tensor in tensors.items() if name.startswith("score")}
    return [Item("scores.safetensors", told(tensors, metadata), right=right), *made]


def photos() -> list[Item]:
    """``photos.csv`` beside the images ``one`` and ``two``."""
    whole = "image,photo\none,a\ntwo,a\n"
    wrong: dict[str, str | bytes] = {
        "empty": "",
        "no head": "one,a\ntwo,a\n",
        "another head": "photo,image\na,one\na,two\n",
        "a column more": "image,photo,x\none,a,1\ntwo,a,1\n",
        "a cell more": "image,photo\none,a,b\ntwo,a\n",
        "a cell less": "image,photo\none\ntwo,a\n",
        "no photo": "image,photo\none,\ntwo,a\n",
        "one twice": f"{whole}one,b\n",
        "one missing": "image,photo\none,a\n",
        "a quote open": 'image,photo\n"one,a\ntwo,a\n',
        "a cell of 200000 letters": f"image,photo\none,{'x' * 200_000}\ntwo,a\n",
        "Latin-1": "image,photo\none,\xe4\ntwo,a\n".encode("latin-1"),
        "UTF-16": whole.encode("utf-16"),
        "a picture": b"\x89PNG\r\n\x1a\n\0\0",
        "perhaps cut in a name": whole[:-1],
    }

    def named_photos(content: str | bytes) -> Callable[[Path], object]:
        def make(folder: Path) -> None:
            folder.mkdir()
            (folder / "photos.csv").write_bytes(content if isinstance(content, bytes) else content.encode())

        return make

    def pipe(folder: Path) -> None:
        folder.mkdir()
        os.mkfifo(folder / "photos.csv")

    right = dict.fromkeys(IMAGES, "a")
    return [
        Item("whole", named_photos(whole), right=right),
        Item("of Windows", named_photos(b"\xef\xbb\xbf" + whole.replace("\n", "\r\n").encode()), right=right),
        Item("with others", named_photos(f"{whole}three,b\n\n"), right=right),
        Item("none", Path.mkdir, right=dict(zip(IMAGES, IMAGES, strict=True))),
        *(Item(name, named_photos(content), "photos.csv: ") for name, content in wrong.items()),
        Item("a pipe", pipe, "photos.csv: is not a regular file"),
    ]


PREDICTOR: dict[str, Any] = json.loads((SHIPPED / "predictor.json").read_text(encoding="utf-8"))


def predictors() -> list[Item]:
    """``predictor.json`` of a shipped pair, altered."""
    whole = json.dumps(PREDICTOR)
    texts = NO_JSON | {"cut": whole[:-9], "of 5000 digits": '{"functions": ' + "9" * 5000 + "}"}
    made = [Item(f"{name}.json", text, ": ") for name, text in texts.items()]
    made.append(Item("Latin-1.json", whole.encode() + b"\xff", ": "))
    placed = [place for place in settings(PREDICTOR) if place[0] != "learned_on"]
    for place in placed:
        for name, value in HOSTILE.items():
            if (place[-1], name) not in ACCEPTED:
                data = json.dumps(with_setting(PREDICTOR, place, value))
                made.append(Item(f"{'.'.join(place)} {name}.json", data, ": "))
    first, *rest = PREDICTOR["groups"]
    for part in first:
        for name, value in (HOSTILE | {"numbers of others": [1.0, 2.0], "a list of lists": [[1.0]]}).items():
            if (part, name) not in ACCEPTED:
                data = json.dumps(PREDICTOR | {"groups": [first | {part: value}, *rest]})
                made.append(Item(f"group's {part} {name}.json", data, ": "))
    infinite = [float("inf"), *first["mean"][1:]]
    made.append(
        Item("a mean without end.json", json.dumps(PREDICTOR | {"groups": [first | {"mean": infinite}, *rest]}), ": ")
    )
    return [*made, Item("whole.json", whole, right=PREDICTOR)]


ACCEPTED = {  # what another value is right for
    ("proportion", "half"),
    ("target", "a text"),
    ("baseline", "a text"),
    ("filters", "a text"),
    ("tail", "nothing"),
    ("tail", "a number"),
    ("tail", "half"),
    ("tail", "10^30"),
    ("blur", "a number"),
    ("blur", "half"),
    ("blur", "10^30"),
    ("noise", "a number"),
    ("noise", "half"),
    ("noise", "10^30"),
    ("crops", "a number"),
    ("crops", "half"),
    ("crops", "10^30"),
    ("class", "a text"),
}
