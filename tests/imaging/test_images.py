import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import cv2
import numpy as np
import PIL.Image
import pytest
import tifffile
import torch

from faig.common import process
from faig.common.errors import InputError
from faig.common.process import ENVIRONMENT
from faig.imaging.decoding import SIDE
from faig.imaging.degradation import Degradation
from faig.imaging.images import (
    check_divisible,
    decode,
    list_images,
    mod_crop,
    pair,
    read_image,
    round8,
    to_uint8,
    write_image,
    write_pixels,
)

RNG = np.random.default_rng(0)


def pixels(*shape: int, dtype=np.uint8) -> np.ndarray:
    return RNG.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)


def tensor(bgr: np.ndarray) -> torch.Tensor:
    """What an array in OpenCV's order means: RGB in [0, 1]."""
    full = np.iinfo(bgr.dtype).max
    return torch.from_numpy((bgr[:, :, 2::-1].astype(np.float64) / full).transpose(2, 0, 1).copy()).float()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_rgb_png(tmp_path, dtype):
    array = pixels(5, 7, 3, dtype=dtype)
    cv2.imwrite(str(tmp_path / "a.png"), array)
    torch.testing.assert_close(read_image(tmp_path / "a.png"), tensor(array), rtol=0, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_png_is_repeated(tmp_path, dtype):
    array = pixels(5, 7, dtype=dtype)
    cv2.imwrite(str(tmp_path / "a.png"), array)
    expected = tensor(np.stack([array] * 3, axis=2))
    torch.testing.assert_close(read_image(tmp_path / "a.png"), expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_is_dropped(tmp_path, dtype):
    array = pixels(6, 5, 4, dtype=dtype)
    cv2.imwrite(str(tmp_path / "a.png"), array)
    torch.testing.assert_close(read_image(tmp_path / "a.png"), tensor(array), rtol=0, atol=1e-7)


def test_jpeg(tmp_path):
    smooth = cv2.GaussianBlur(pixels(40, 30, 3), (0, 0), 6)
    cv2.imwrite(str(tmp_path / "a.jpg"), smooth, [cv2.IMWRITE_JPEG_QUALITY, 100])
    torch.testing.assert_close(read_image(tmp_path / "a.jpg"), tensor(smooth), rtol=0, atol=0.04)


def test_eight_bits_round_trip(tmp_path):
    image = torch.from_numpy(pixels(3, 9, 4)).float() / 255
    write_image(tmp_path / "a.png", image)
    assert torch.equal(read_image(tmp_path / "a.png"), image)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_rounds_and_clips():
    values = torch.tensor([-0.2, 0.4 / 255, 0.6 / 255, 1.0, 1.7])
    image = values.expand(3, 1, -1)
    assert to_uint8(image)[0, 0].tolist() == [0, 0, 1, 255, 255]
    assert torch.equal(round8(image)[0, 0], torch.tensor([0, 0, 1, 255, 255]) / 255)


def test_values_that_are_not_finite(tmp_path):
    array = np.zeros((4, 4, 3), np.float32)
    array[1, 2, 0] = np.nan
    tifffile.imwrite(tmp_path / "a.tiff", array, photometric="rgb")
    with pytest.raises(InputError, match=r"a\.tiff: holds values that are not finite"):
        read_image(tmp_path / "a.tiff")


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_what_is_no_image(tmp_path, content):
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png: (is not an image|cannot be read: No such file)"):
        read_image(tmp_path / "a.png")


def test_folders_are_listed_by_name(tmp_path):
    for name in ("b.png", "a10.JPG", "a9.png", "notes.txt", ".hidden.png"):
        (tmp_path / name).touch()
    assert list(list_images(tmp_path)) == ["a10", "a9", "b"]
    (tmp_path / "b.jpg").touch()
    with pytest.raises(InputError, match=r"b\.png: has the same name as b\.jpg"):
        list_images(tmp_path)


def test_folders_without_images(tmp_path):
    with pytest.raises(InputError, match="holds no images"):
        list_images(tmp_path)
    with pytest.raises(InputError, match="none: is not a folder"):
        list_images(tmp_path / "none")


def files(tmp_path, folder: str, *names: str) -> dict:
    return {name: tmp_path / folder / f"{name}.png" for name in names}


def test_pairs_by_name_and_never_by_position(tmp_path):
    gt = files(tmp_path, "gt", "a", "b")
    assert list(pair(gt, {"blur": files(tmp_path, "blur", "b", "a")})) == ["a", "b"]
    with pytest.raises(InputError, match=r"gt/b\.png: has no partner named 'b' among the blur images in .*blur"):
        pair(gt, {"blur": files(tmp_path, "blur", "a")})
    with pytest.raises(InputError, match=r"blur/c\.png: has no partner named 'c' among the GT images in .*gt"):
        pair(gt, {"blur": files(tmp_path, "blur", "a", "b", "c")})


def test_mod_crop_takes_the_bottom_and_the_right_off():
    image = torch.rand(3, 11, 14)
    assert torch.equal(mod_crop(image, 4), image[:, :8, :12])
    check_divisible(mod_crop(image, 4), 4, "x")
    with pytest.raises(InputError, match=r"^blur\.png: 14x11 is not divisible by scale 2; crop it$"):
        check_divisible(image, 2, "blur.png")


def encoded(suffix: str) -> np.ndarray:
    return cv2.imencode(suffix, pixels(64, 64, 3))[1]


def damaged_png() -> list[np.ndarray]:
    whole = encoded(".png")
    changed = [whole.copy() for _ in range(3)]
    for data, place in zip(changed, (20, 50, len(whole) // 2), strict=True):
        data[place : place + 9] ^= 0x5A
    return [*changed, *(whole[:end].copy() for end in (12, 40, len(whole) // 2, len(whole) - 20, len(whole) - 1))]


def test_a_damaged_png_is_an_error_and_nothing_on_standard_error(capfd):
    for data in damaged_png():
        with pytest.raises(InputError, match=r"a\.png: .*damaged"):
            decode(data, "a.png")
    assert capfd.readouterr().err == ""


def test_a_png_may_have_damage_that_its_image_does_not_need():
    whole = encoded(".png")
    end = len(whole) - 12  # before IEND
    note = np.frombuffer(b"\0\0\0\3tEXtabcXXXX", np.uint8)
    assert (decode(np.concatenate([whole[:end], note, whole[end:]]), "a.png") == decode(whole, "a.png")).all()


def test_threads_that_decode_leave_standard_error_alone(capfd, monkeypatch):
    monkeypatch.setattr(process, "_prepared", False)  # in a command's process it is the command's, which hushes
    files = [*damaged_png(), encoded(".png"), encoded(".jpg"), encoded(".webp"), encoded(".webp")[:300].copy()]
    before = os.fstat(2)

    def work(thread: int) -> None:
        for turn in range(60):
            with suppress(InputError):
                decode(files[(turn + thread) % len(files)], "x")
            os.write(2, b".")  # what another part of the program has to say meanwhile

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    after = os.fstat(2)
    assert (after.st_dev, after.st_ino) == (before.st_dev, before.st_ino)
    assert capfd.readouterr().err == 240 * "."


@pytest.mark.slow
def test_a_command_prints_nothing_of_a_damaged_file_but_the_error(tmp_path):
    files = [tmp_path / f"a{suffix}" for suffix in (".tiff", ".png", ".bmp", ".webp")]
    for file in files:
        file.write_bytes(encoded(file.suffix)[:-30].tobytes())
    code = """
        import sys
        from faig.common.errors import InputError
        from faig.imaging.images import read_image
        for file in sys.argv[1:]:
            try:
                read_image(file)
            except InputError as error:
                print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, files)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | ENVIRONMENT)
    told = result.stdout.splitlines()
    assert len(told) == len(files)
    assert all(line.startswith(str(file)) and "damaged" in line for file, line in zip(files, told, strict=True))
    assert result.stderr == ""


@pytest.mark.parametrize("shape", [(1, SIDE + 1), (SIDE + 1, 1)])
def test_sides_that_no_file_has_are_refused_in_a_line(tmp_path, capfd, shape):
    path = tmp_path / "a.png"
    told = f"has {shape[1]}x{shape[0]} pixels; no side of a file has more than 1,000,000"
    with pytest.raises(InputError, match=f"a.png: {told}"):
        write_pixels(path, np.zeros((*shape, 3), np.uint8))
    assert not path.exists()
    PIL.Image.fromarray(np.zeros(shape, np.uint8)).save(path)
    with pytest.raises(InputError, match=f"a.png: {told}"):
        read_image(path)
    assert capfd.readouterr() == ("", "")  # nor does libpng say so by itself


@pytest.mark.parametrize("shape", [(1, SIDE), (SIDE, 1), (1, 1)])
def test_sides_that_files_have_at_most_are_written_and_read(tmp_path, shape):
    array = pixels(*shape, 3)
    write_pixels(tmp_path / "a.png", array)
    assert torch.equal(read_image(tmp_path / "a.png"), torch.from_numpy(array).permute(2, 0, 1).float() / 255)


def test_jpeg_has_no_longer_sides():
    made = Degradation.parse("down:area+jpeg:50")
    assert made(torch.zeros(3, 2, 2 * 65500), 2).shape == (3, 1, 65500)
    with pytest.raises(InputError, match="one: an LR image of 65501x1: no side of a JPEG has more than 65500"):
        made(torch.zeros(3, 2, 2 * 65501), 2, name="one")
