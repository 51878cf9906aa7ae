"""Pickles that would do something when they are loaded: run code, or take all memory."""

import os
import pickle
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any


class _Calls:
    """Unpickled, it calls a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def calling(module: str, name: str, argument: bytes) -> bytes:
    """A state dict, written by hand, whose weight is what a function makes of the opcodes of a tuple."""
    return b"\x80\x02}X\1\0\0\0wc" + module.encode() + b"\n" + name.encode() + b"\n" + argument + b"Rs."


def number(value: int) -> bytes:
    """The opcodes of a tuple of one number."""
    data = value.to_bytes(16, "little")
    return b"\x8a" + bytes([len(data)]) + data + b"\x85"


def pickles(trap: Path) -> dict[str, bytes]:
    """Pickles by what they do; those that run code make the file ``trap``."""
    touch, code = f"touch {trap}", f"open({str(trap)!r}, 'w').close()"
    calls = {
        "os.system": _Calls(os.system, touch),
        "Popen": _Calls(subprocess.Popen, ["touch", str(trap)]),
        "eval": _Calls(eval, code),
        "exec": _Calls(exec, code),
        "open": _Calls(open, str(trap), "w"),
        "mkdir": _Calls(os.mkdir, str(trap)),
        "import": _Calls(__import__, "antigravity"),
    }
    made = {
        f"{name}, protocol {protocol}": pickle.dumps({"weight": call}, protocol)
        for name, call in calls.items()
        for protocol in (0, 2, 4)
    }
    text = f"X{struct.pack('<I', len(touch)).decode('latin1')}{touch}".encode("latin1") + b"\x85"
    functions = {
        "posix": "system",
        "subprocess": "getoutput",
        "torch.hub": "load",
        "faig.common.plugins": "load_function",
    }
    made |= {f"{module}.{name} by hand": calling(module, name, text) for module, name in functions.items()}
    made |= {
        "attribute of an allowed class": calling("torch", "Tensor.__class__", text),
        "bytearray of 2^40": calling("builtins", "bytearray", number(2**40)),
        "bytearray of 2^31": calling("builtins", "bytearray", number(2**31)),
        "a tensor of 2^31": calling("torch", "Tensor", number(2**31)),
        "storage of 2^40": calling("torch", "FloatStorage", number(2**40)),
        "size of 2^100": calling("torch", "Size", b"(" + number(2**100)[:-1] + b"l\x85"),
        "text of 2^40": b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"a.",
        "bytes of 2^31": b"\x80\x04B" + struct.pack("<I", 2**31 - 1) + b"a.",
        "number of 2^31 bytes": b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"a.",
        "number of 5000 digits": b"\x80\x02L" + b"9" * 5000 + b"L\n.",
        "nested tuples": b"\x80\x02)" + b"\x85" * 200_000 + b".",
        "a list in itself": b"\x80\x02]q\0h\0a.",
        "a mapping in itself": b"\x80\x02}q\0X\1\0\0\0ah\0s.",
        "an empty stack": b"\x80\x02.",
        "protocol 255": b"\x80\xff}.",
        "no end": b"\x80\x02}",
        "a persistent name": b"\x80\x02X\1\0\0\0aQ.",
        "an unknown memo": b"\x80\x02h\x09.",
    }
    return made
