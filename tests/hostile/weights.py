"""Weight files to read: whole ones, of known weights, and damaged, lying, foreign and malicious ones."""

import io
import json
import os
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from faig.common.tensors import METADATA_KEY
from faig.networks.architectures import build
from faig.networks.weight_files import CONTAINERS
from hostile.item import Item, cuts
from hostile.pickles import pickles

ARGUMENTS = {"scale": 2, "features": 4, "blocks": 1}
NO_SAFETENSORS, NO_WEIGHTS = "is not a whole safetensors file", "cannot be loaded as weights only"
Weights = dict[str, torch.Tensor]


def known() -> Weights:
    """The weights of a tiny network that is recognised by them alone."""
    generator = torch.Generator().manual_seed(0)
    network = build("srresnet", **ARGUMENTS)
    return {key: torch.rand(value.shape, generator=generator) for key, value in network.state_dict().items()}


WEIGHTS = known()
FIRST = next(iter(WEIGHTS))


def saved(value: Any, **how: Any) -> bytes:
    """What `torch.save` writes."""
    file = io.BytesIO()
    torch.save(value, file, **how)
    return file.getvalue()


def stated(metadata: str, weights: Weights = WEIGHTS) -> bytes:
    """A safetensors file whose metadata is this text."""
    return save(weights, {METADATA_KEY: metadata})


def headed(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file of a header as JSON, or as it is."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def whole() -> list[Item]:
    """What is to be read as it is."""
    made = [Item("bare.safetensors", save(WEIGHTS), right=WEIGHTS), Item("bare.pt", saved(WEIGHTS), right=WEIGHTS)]
    built = json.dumps({"architecture": "srresnet", "arguments": ARGUMENTS, "about": ["\u202e\x1b[31m", None, 1e999]})
    made.append(Item("with metadata.safetensors", stated(built), right=WEIGHTS))
    made.append(Item("old form.pth", saved(WEIGHTS, _use_new_zipfile_serialization=False), right=WEIGHTS))
    for container in CONTAINERS:
        beside = {container: WEIGHTS, "optimizer": {"lr": 1e-3, "state": [None, (1, 2)]}, "epoch": 3}
        made.append(Item(f"in {container}.pth", saved(beside), right=WEIGHTS))
    made += [
        Item(f"{prefix}pth", saved({prefix + key: value for key, value in WEIGHTS.items()}), right=WEIGHTS)
        for prefix in ("module.", "_orig_mod.", "_orig_mod.module.")
    ]
    for kind in (torch.float16, torch.bfloat16, torch.float64):
        cast = {key: value.to(kind) for key, value in WEIGHTS.items()}
        right = {key: value.float() for key, value in cast.items()}
        name = str(kind).removeprefix("torch.")
        made += [Item(f"{name}.pth", saved(cast), right=right), Item(f"{name}.safetensors", save(cast), right=right)]
    mirrored = {key: value.flip(0).T.contiguous().T if value.ndim == 2 else value for key, value in WEIGHTS.items()}
    views = {key: torch.stack([value, value + 1])[0] for key, value in WEIGHTS.items()}
    strided = {key: value.transpose(0, -1).contiguous().transpose(0, -1) for key, value in WEIGHTS.items()}
    for name, weights in (("mirrored", mirrored), ("views", views), ("strided", strided)):
        made.append(Item(f"{name}.pth", saved(weights), right=weights))
    return made


def headers() -> list[Item]:
    """Safetensors files that lie about themselves."""
    first = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    lies: dict[str, bytes] = {
        "empty": b"",
        "7 bytes": bytes(7),
        "no header": bytes(8),
        "no tensors": headed({}),
        "header of 2^63": headed({}, length=2**63),
        "header of 2^64": headed({}, length=2**64 - 1),
        "header of 90 MB": headed({}, length=90_000_000),
        "header beyond the end": headed({"a": first}, bytes(8), length=1000),
        "header of 1 byte": headed({"a": first}, bytes(8), length=1),
        "no JSON": headed(b"{a: 1}"),
        "no text": headed(b"{\xff\xfe}"),
        "a list": headed([first]),
        "a number": headed(7),
        "nested": headed(b'{"a":' * 5000 + b"1" + b"}" * 5000),
        "nested lists": headed(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        "number of 5000 digits": headed(b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,8]}}'),
        "name twice": headed(b'{"a":%b,"a":%b}' % ((json.dumps(first).encode(),) * 2), bytes(8)),
        "a second member": headed({"a": first, "b": 1}, bytes(8)),
        "metadata of numbers": headed({"__metadata__": {"a": 1}, "a": first}, bytes(8)),
        "metadata of lists": headed({"__metadata__": {"a": [1]}, "a": first}, bytes(8)),
        "metadata as a list": headed({"__metadata__": [1], "a": first}, bytes(8)),
        "more data": headed({"a": first}, bytes(16)),
    }
    changes: dict[str, dict[str, Any]] = {
        "unknown type": {"dtype": "F31"},
        "type of 4 bits": {"dtype": "F4", "shape": [16]},
        "type of no name": {"dtype": 3},
        "shape below 0": {"shape": [-2]},
        "shape of halves": {"shape": [1.5]},
        "shape a text": {"shape": "2"},
        "shape of other size": {"shape": [3]},
        "shape of 2^64": {"shape": [2**32, 2**32]},
        "shape of 2^62 and 0": {"shape": [2**62, 2**62, 0]},
        "offsets turned": {"data_offsets": [8, 0]},
        "offsets beyond": {"data_offsets": [8, 16]},
        "offsets below 0": {"data_offsets": [-8, 0]},
        "offsets of 2^64": {"data_offsets": [2**64 - 8, 2**64]},
        "one offset": {"data_offsets": [0]},
        "offsets a text": {"data_offsets": "08"},
        "no offsets": {"data_offsets": None},
    }
    lies |= {name: headed({"a": first | change}, bytes(8)) for name, change in changes.items()}
    two = {"a": first, "b": first | {"data_offsets": [4, 12]}}
    lies |= {"overlapping": headed(two, bytes(12)), "same place": headed({"a": first, "b": first}, bytes(8))}
    lies |= {"a gap": headed({"a": first, "b": first | {"data_offsets": [12, 20]}}, bytes(20))}
    made = [Item(f"{name}.safetensors", data, ": ") for name, data in lies.items()]
    data = save(WEIGHTS)
    return [*made, *cuts("whole.safetensors", data, NO_SAFETENSORS, [4, 8, 20, 300, len(data) // 2, -4, -1])]


def metadata() -> list[Item]:
    """Metadata that is none, or is of another network."""
    texts = {
        "a list": ("[]", "metadata is a JSON list"),
        "null": ("null", "metadata is a JSON NoneType"),
        "a number": ("7", "metadata is a JSON int"),
        "cut": ("{", "no JSON that can be read"),
        "nested": ("[" * 10_000 + "]" * 10_000, "no JSON that can be read"),
        "number of 5000 digits": ('{"arguments": ' + "9" * 5000 + "}", "no JSON that can be read"),
        "architecture a mapping": ('{"architecture": {"a": 1}}', "'architecture' in its metadata is a dict"),
        "architecture nothing": ('{"architecture": null}', "'architecture' in its metadata is a NoneType"),
        "arguments a list": ('{"architecture": "srresnet", "arguments": [1]}', "'arguments' in its metadata is a list"),
        "unknown architecture": ('{"architecture": "os.system"}', "architecture 'os.system' is unknown"),
        "name of 10000 letters": (json.dumps({"architecture": "x" * 10_000}), "known: srresnet"),
        "unknown argument": ('{"architecture": "srresnet", "arguments": {"depth": 3}}', "depth"),
    }
    values = [10**9, 10**30, -1, 0, 1e9, 2.5, "many", None, True, [2] * 1000, {"a": 1}, float("nan"), float("inf")]
    for name in ARGUMENTS:
        for value in values:
            if (name, value) != ("blocks", True):  # one block, and there is one
                text = json.dumps({"architecture": "srresnet", "arguments": ARGUMENTS | {name: value}})
                texts[f"{name} {str(value)[:12]}"] = text, ": "
    return [Item(f"metadata {name}.safetensors", stated(text), said) for name, (text, said) in texts.items()]


def tensors() -> list[Item]:
    """State dicts whose tensors are no weights, or are those of no network."""
    weight = WEIGHTS[FIRST]
    odd: dict[str, tuple[Any, str]] = {
        "sparse": (weight.to_sparse(), "of sparse_coo layout"),
        "sparse rows": (weight.flatten(1).to_sparse_csr(), "of sparse_csr layout"),
        "complex": (weight.to(torch.complex64), "is of complex64"),
        "quantised": (torch.quantize_per_tensor(weight, 0.1, 0, torch.quint8), "is of quint8"),
        "float8": (weight.to(torch.float8_e4m3fn), "is of float8_e4m3fn"),
        "one value for all": (torch.zeros(1).expand(weight.shape), "whose values share memory"),
        "one value for 10^10": (torch.zeros(1).expand(100_000, 100_000), "whose values share memory"),
        "without values": (torch.empty(weight.shape, device="meta"), "without values"),
        "whole numbers": (weight.int(), ""),
        "a number": (3.5, "holds no state dict"),
        "nothing": (None, "holds no state dict"),
        "a list": ([1.0, 2.0], "holds no state dict"),
        "no dimension": (torch.tensor(1.0), "conv_first.weight"),
        "no elements": (torch.zeros(0), "conv_first.weight"),
        "channels of 0": (torch.zeros(4, 0, 3, 3), ": "),
        "10^9 channels of 0": (torch.zeros(10**9, 0, 3, 3), ": "),
        "transposed": (weight.transpose(0, 1).contiguous(), ": "),
    }
    made = [
        Item(f"{name}.pth", saved(WEIGHTS | {FIRST: value}), said, WEIGHTS | {FIRST: value})
        for name, (value, said) in odd.items()
        if name != "whole numbers"
    ]
    for number in (float("nan"), float("inf"), -float("inf")):
        for kind in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
            altered = weight.to(kind).clone()
            altered[0, 0, 0, 0] = number
            name = f"{number} {str(kind).removeprefix('torch.')}.safetensors"
            made.append(Item(name, save(WEIGHTS | {FIRST: altered}), f"{FIRST} holds values that are not finite"))
    made += [
        Item(f"key {key!r}.pth", saved(WEIGHTS | {key: weight}), "holds no state dict")
        for key in (7, b"conv", ("a", "b"), None, 1.5, True)
    ]
    names = [
        "n" * 300,
        "\x1b[31m\x1b]0;owned\x07",
        "a\nb",
        "",
        ".",
        "\u202e",
        "body.999999999999.conv1.weight",
        "../../etc",
    ]
    for number, name in enumerate(names):
        made.append(Item(f"name {number}.safetensors", save(WEIGHTS | {name: weight.clone()}), ": "))
    empty = {key: torch.zeros([0] * value.ndim) for key, value in WEIGHTS.items()}
    hollow = {key: torch.zeros(0, *value.shape[1:]) for key, value in WEIGHTS.items()}
    part = {key: value for key, value in WEIGHTS.items() if key != FIRST}
    many = {f"body.{number}.conv1.weight": torch.zeros(1) for number in range(20_000)}
    for name, weights in (("all empty", empty), ("hollow", hollow), ("without the first", part), ("many names", many)):
        made.append(Item(f"{name}.safetensors", save(weights), ": "))
    return made


def archives() -> list[Item]:
    """Files that are no torch files, or zip files that torch did not write so."""
    good = saved(WEIGHTS)
    half, large = good[: len(good) // 2], saved(WEIGHTS | {"bomb": torch.zeros(1_000_000)})
    made = {
        "empty": b"",
        "text": b"no network",
        "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\n",
        "half written": half + bytes(len(good) - len(half)),
        "an empty zip": zipped({}),
        "a zip of others": zipped({"word/document.xml": b"<xml/>"}),
        "a record less": zipped({name: data for name, data in records(good).items() if not name.endswith("data/0")}),
        "records cut": zipped({name: data[:10] if "/data/" in name else data for name, data in records(good).items()}),
        "a name that leads out": zipped({f"../../{name}": data for name, data in records(good).items()}),
        "no pickle": zipped({name: b"?" if name.endswith(".pkl") else data for name, data in records(good).items()}),
        "a tar": tarred({"pickle": b"", "tensors": b"", "storages": b"\x80\x02K\xff.", "sys_info": b""}),
    }
    return [
        *(Item(f"{name}.pth", data, NO_WEIGHTS) for name, data in made.items()),
        *cuts("whole.pth", good, NO_WEIGHTS, [1, 4, 30, len(good) // 3, len(good) // 2, -30, -1]),
        *cuts("old form.pth", saved(WEIGHTS, _use_new_zipfile_serialization=False), NO_WEIGHTS, [1, 20, 300, -1]),
        Item("compressed.pth", zipped(records(large), zipfile.ZIP_DEFLATED), "its parts are compressed"),
        Item("of parts that overlap.pth", overlapping(), "its parts are compressed"),
        Item("a folder.pth", os.mkdir, "no such file"),
        Item("a pipe.pth", os.mkfifo, "no such file"),
        Item("zeros.pth", lambda path: path.symlink_to("/dev/zero"), "no such file"),
        Item("link to itself.pth", lambda path: path.symlink_to(path), "no such file"),
        Item("not there.safetensors", lambda path: None, "no such file"),
        Item("other name.bin", good, "a network is a .safetensors or a .pth file"),
        Item("safetensors as.pth", save(WEIGHTS), NO_WEIGHTS),
        Item("pickle as.safetensors", good, NO_SAFETENSORS),
    ]


def records(data: bytes) -> dict[str, bytes]:
    """What is in a zip file."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(contents: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    """A zip file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as file:
        for name, data in contents.items():
            file.writestr(name, data)
    return made.getvalue()


def overlapping() -> bytes:
    """A zip file whose list of contents has one part 9 times."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("a/data.pkl", b"\x80\2}." + bytes(5000))
    data = made.getvalue()
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    names = data[start:end] * 9
    return data[:start] + names + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 9, 9, len(names), start, 0)


def tarred(contents: dict[str, bytes]) -> bytes:
    """A tar file, as torch wrote them before 2017."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as file:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return made.getvalue()


def weights(trap: Path) -> list[Item]:
    """All of them; ``trap``: a file that comes to be where code of a weight file is run."""
    made = [*whole(), *headers(), *metadata(), *tensors(), *archives()]
    template = records(saved({}))
    for name, data in pickles(trap).items():
        packed = zipped({key: data if key.endswith(".pkl") else value for key, value in template.items()})
        made += [Item(f"{name}, bare.pth", data, ": "), Item(f"{name}.pth", packed, ": ")]
    return made
