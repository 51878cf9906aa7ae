"""Values of options and settings as nobody means them, by the kind of what they are given for."""

import os
from pathlib import Path

INTEGERS = ["0", "-1", "", "1e99", "0x10", "1.5", "nan", "\u00b2", "1_0", str(2**31), str(2**63), str(10**30)]
NUMBERS = ["", "nan", "inf", "-inf", "1e300", "-1e300", "1e-300", "-1", "0", "1e99999", "0x1p3", "\u0663", "1,5", "x"]
SIZES = ["-1", "1e30TB", "1GB GB", "B", "0.1", "nanGB"]
LISTS = [",", ",,1", "0.5,1", "1%,1%", "0:1:0", "0:inf:1", "0:1:1e-12", "1:0:0.1", ":", "::", "0,nan,1"]
NAMED = [
    "=",
    "a=",
    "=a",
    "a=b=c",
    "a=nan",
    "a=inf",
    "a=1e300",
    "a=1,a=2",
    "blur=2+",
    "blur=blur:nan",
    "a/b=1",
    "../a=1",
]
TEXTS = [
    " ",
    "\n",
    "a\nb",
    "\0",
    "a\0b",
    "\x1b[31m",
    os.fsdecode(b"\xff"),
    "\u202e",
    "x" * 300,
    "x" * 5000,
    "-",
    "*",
    "[",
    "~",
]


def paths(folder: Path) -> list[str]:
    """Paths that are not what a command wants; what they lead to is made in the folder.

    Folders in place of files and the other way round, links to nothing and to themselves, names that no file system
    takes, names that are no text, and devices.
    """
    folder.mkdir(exist_ok=True)
    (folder / "folder").mkdir(exist_ok=True)
    (folder / "empty.png").touch()
    (folder / "text.safetensors").write_text("no weights")
    for name, target in {"dangling": "nothing", "loop": "loop", "ring.png": "ring.png", "up": ".."}.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target)
    names = ["folder", "empty.png", "text.safetensors", "dangling", "loop", "ring.png", "none/none.png", "empty.png/in"]
    names += [os.fsdecode(b"\xff.png"), "a\nb.png", "x" * 300, "x" * 300 + ".safetensors", "x/" * 3000]
    return [*(str(folder / name) for name in names), "", ".", "/", "a\0b", "/dev/null", "/dev/zero", "/proc/self/mem"]
