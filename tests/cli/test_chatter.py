"""Pictures of which libraries have something to say: it does not come to the user's terminal."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from faig.cli import main
from hostile.pictures import noise

PIXELS = noise(24, 20, 3)
PNG, JPEG = (cv2.imencode(suffix, PIXELS)[1].tobytes() for suffix in (".png", ".jpg"))
HEAD, EXIF = 33, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(10)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(rows: bytes, filtered: bytes, more: bytes = b"") -> bytes:
    width = 3 * PIXELS.shape[1]
    lines = b"".join(filtered + rows[start : start + width] for start in range(0, len(rows), width))
    return PNG[:HEAD] + chunk(b"IDAT", zlib.compress(lines + more)) + chunk(b"IEND", b"")


ROWS = PIXELS.tobytes()
PICTURES = {  # file, and whether it can be read
    "profile.png": (PNG[:HEAD] + chunk(b"iCCP", b"x\0\0" + zlib.compress(b"none")) + PNG[HEAD:], True),
    "intent.png": (PNG[:HEAD] + chunk(b"sRGB", b"\x09") + PNG[HEAD:], True),
    "text.png": (PNG[:HEAD] + chunk(b"zTXt", b"k\0\0junk") + PNG[HEAD:], True),
    "more.png": (png_of(ROWS, b"\0", b"more" * 99), True),
    "filter.png": (png_of(ROWS, b"\x09"), False),
    "restart.jpg": (JPEG[: len(JPEG) // 2] + b"\xff\xd3" + JPEG[len(JPEG) // 2 :], True),
    "exif.jpg": (JPEG[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(EXIF)) + EXIF + JPEG[2:], True),
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", PICTURES)
def test_what_libraries_say_of_a_picture_is_not_shown(name, place, tmp_path, capfd, monkeypatch):
    content, readable = PICTURES[name]
    (tmp_path / name).write_bytes(content)
    command = ["faig", "restore", str(place / "target.safetensors"), str(tmp_path / name)]
    monkeypatch.setattr("sys.argv", [*command, "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capfd.readouterr().err
    assert (stop.value.code, said.count("\n")) == ((0, 0) if readable else (2, 1)), said
    assert readable or said.startswith(f"error: {tmp_path / name}: is not an image")


def test_the_files_are_such_that_libraries_speak(capfd):
    for name, (content, readable) in PICTURES.items():
        if name != "exif.jpg":  # of which Pillow warns
            assert (cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) is not None) == readable
            assert capfd.readouterr().err, name
