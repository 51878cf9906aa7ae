"""Image files of every kind: the file's own values, or one line that names the file and the way out."""

import io
import os

import cv2
import numpy as np
import PIL.Image
import pytest
import tifffile
import torch

from faig.common.errors import InputError
from faig.imaging.decoding import LIMIT, decode, read_bytes
from faig.imaging.images import SUFFIXES, UNREAD, list_images, read_image
from faig.training.prepare import pack_lmdb

RNG = np.random.default_rng(0)
KINDS = ["uint8", "uint16", "float16", "float32", "float64"]


def values(dtype: str, *shape: int) -> np.ndarray:
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return RNG.random(shape).astype(kind)
    low, high = (np.iinfo(kind).min, np.iinfo(kind).max)
    return RNG.integers(low, high, shape, dtype=kind, endpoint=True)


def meant(array: np.ndarray) -> torch.Tensor:
    """What ``[height, width, RGB]`` of any type means."""
    full = 1 if array.dtype.kind == "f" else np.iinfo(array.dtype).max
    return torch.from_numpy((array.astype(np.float64) / full).transpose(2, 0, 1)).float()


def read(tmp_path, array: np.ndarray, **how) -> torch.Tensor:
    tifffile.imwrite(tmp_path / "a.tif", array, **how)
    return read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("how", [{}, {"tile": (16, 16)}, {"rowsperstrip": 3}, {"compression": "zlib"}], ids=str)
def test_rgb_tiff_is_read_as_it_is(tmp_path, dtype, byteorder, how):
    array = values(dtype, 11, 14, 3)
    image = read(tmp_path, array.astype(array.dtype.newbyteorder(byteorder)), photometric="rgb", **how)
    torch.testing.assert_close(image, meant(array), rtol=0, atol=1e-7)


@pytest.mark.parametrize("dtype", KINDS)
def test_channels_stored_apart_alpha_and_gray(tmp_path, dtype):
    array = values(dtype, 7, 5, 3)
    apart = np.ascontiguousarray(array.transpose(2, 0, 1))
    alpha = np.concatenate([array, values(dtype, 7, 5, 1)], axis=2)
    gray = np.repeat(array[..., :1], 3, axis=2)
    exact = {"rtol": 0, "atol": 1e-7}
    torch.testing.assert_close(read(tmp_path, apart, photometric="rgb", planarconfig="separate"), meant(array), **exact)
    torch.testing.assert_close(
        read(tmp_path, alpha, photometric="rgb", extrasamples=["unassalpha"]), meant(array), **exact
    )
    torch.testing.assert_close(read(tmp_path, array[..., 0], photometric="minisblack"), meant(gray), **exact)
    torch.testing.assert_close(read(tmp_path, array[..., 0], photometric="miniswhite"), 1 - meant(gray), **exact)
    two = alpha[..., [0, 3]]
    how = {"photometric": "minisblack", "planarconfig": "contig", "extrasamples": ["unassalpha"]}
    torch.testing.assert_close(read(tmp_path, two, **how), meant(gray), **exact)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint32", "uint64", "complex64"])
def test_other_types_are_refused_by_name(tmp_path, dtype):
    array = np.ones((6, 5, 3), dtype)
    with pytest.raises(InputError, match=rf"a\.tif: holds {dtype} values; save it as RGB or gray"):
        read(tmp_path, array, photometric="rgb")


def test_other_channels_and_several_pictures_are_refused(tmp_path):
    with pytest.raises(InputError, match="holds 2-channel values"):
        read(tmp_path, values("uint16", 6, 5, 2), photometric="minisblack", planarconfig="contig")
    with pytest.raises(InputError, match="holds separated values"):
        read(tmp_path, values("uint16", 6, 5, 4), photometric="separated")
    with pytest.raises(InputError, match="holds 3 pictures"):
        read(tmp_path, values("uint8", 3, 6, 5), photometric="minisblack")
    with pytest.raises(InputError, match="holds 12-bit values"):
        tifffile.imwrite(tmp_path / "a.tif", values("uint16", 6, 4) >> 4)
        data = (tmp_path / "a.tif").read_bytes()
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            place = file.pages[0].tags["BitsPerSample"].valueoffset
        (tmp_path / "a.tif").write_bytes(data[:place] + (12).to_bytes(2, "little") + data[place + 2 :])
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "not finite"),
        (np.inf, "not finite"),
        (-0.1, r"from -0\.1 to"),
        (255.0, "to 255; floating"),
        (1e38, "1e"),
    ],
)
def test_floating_point_is_from_0_to_1(tmp_path, value, message):
    array = values("float32", 6, 5, 3)
    array[1, 2, 0] = value
    with pytest.raises(InputError, match=rf"a\.tif: holds values .*{message}"):
        read(tmp_path, array, photometric="rgb")


def test_compressions_of_8_bits_that_only_opencv_knows(tmp_path):
    array = values("uint8", 12, 9, 3)
    PIL.Image.fromarray(array).save(tmp_path / "a.tif", compression="tiff_lzw")
    torch.testing.assert_close(read_image(tmp_path / "a.tif"), meant(array), rtol=0, atol=1e-7)
    PIL.Image.fromarray(array).quantize(200).save(tmp_path / "a.tif")
    with PIL.Image.open(tmp_path / "a.tif") as image:
        expected = np.asarray(image.convert("RGB"))
    torch.testing.assert_close(read_image(tmp_path / "a.tif"), meant(expected), rtol=0, atol=1e-7)


def test_pictures_of_other_kinds_are_refused(tmp_path):
    for suffix in (".hdr", ".ppm", ".pfm", ".jp2"):
        array = RNG.random((64, 64, 3)).astype(np.float32) * 9
        ok, data = cv2.imencode(suffix, array if suffix in (".hdr", ".pfm") else array.astype(np.uint8))
        assert ok
        (tmp_path / "a.png").write_bytes(data.tobytes())
        with pytest.raises(
            InputError, match=r"a\.png: is not an image that can be read \(PNG, JPEG, BMP, TIFF, WebP\)"
        ):
            read_image(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tif"])
def test_large_pictures_are_refused_before_they_are_decoded(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"a{suffix}"
    PIL.Image.new("RGB", (300, 200)).save(path)
    monkeypatch.setenv(LIMIT, "0.05")
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    monkeypatch.setattr(tifffile.TiffPage, "asarray", lambda *_: pytest.fail("decoded"))
    with pytest.raises(InputError, match=rf"300x200 pixels, which is more than 0\.05 megapixels; .*{LIMIT} higher"):
        read_image(path)
    monkeypatch.undo()
    monkeypatch.setenv(LIMIT, "0.06")
    assert read_image(path).shape == (3, 200, 300)
    for wrong in ("many", "-1", "nan"):
        monkeypatch.setenv(LIMIT, wrong)
        with pytest.raises(InputError, match=rf"{LIMIT}={wrong}: is not a number of megapixels"):
            read_image(path)


@pytest.mark.slow
def test_a_bomb_is_refused(tmp_path):
    PIL.Image.new("1", (20000, 20000)).save(tmp_path / "bomb.png")
    assert (tmp_path / "bomb.png").stat().st_size < 200_000
    with pytest.raises(InputError, match="20000x20000 pixels, which is more than 100 megapixels"):
        read_image(tmp_path / "bomb.png")
    with pytest.raises(InputError, match=r"bomb\.png: has 20000x20000 pixels"):
        pack_lmdb(tmp_path, tmp_path / "lmdb", workers=1)
    assert not (tmp_path / "lmdb").exists()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tif"])
def test_a_file_cut_short_anywhere_is_no_traceback(tmp_path, suffix):
    PIL.Image.fromarray(values("uint8", 20, 30, 3)).save(tmp_path / f"a{suffix}")
    whole = read_bytes(tmp_path / f"a{suffix}")
    refused, ends = 0, range(0, len(whole) // 2, 7)
    for end in ends:
        try:
            assert decode(whole[:end], "a").shape == (20, 30, 3)  # what is left of some kinds is still a picture
        except InputError:
            refused += 1
    assert 0 < refused <= len(ends)


def test_only_regular_files_are_read(tmp_path):
    for name, make in (("pipe.png", os.mkfifo), ("folder.png", os.mkdir)):
        (tmp_path / name[:4]).mkdir()
        path = tmp_path / name[:4] / name
        make(path)
        with pytest.raises(InputError, match=rf"{name}: is not a regular file"):
            read_image(path)
        with pytest.raises(InputError, match=rf"{name}: is not a regular file"):
            list_images(path.parent)


def test_files_without_an_extension_are_not_left_out_in_silence(tmp_path, caplog):
    PIL.Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "IMG_0001").write_bytes((tmp_path / "a.png").read_bytes())
    (tmp_path / "notes.txt").touch()
    with caplog.at_level("WARNING", "faig"):
        assert list(list_images(tmp_path)) == ["a"]
    assert "IMG_0001" in caplog.text
    assert "notes.txt" not in caplog.text


def test_pictures_of_kinds_that_are_not_read_are_not_left_out_in_silence(tmp_path, caplog):
    for name in ("a.png", "b.HEIC", "c.avif", ".d.gif", "table.csv"):
        (tmp_path / name).touch()
    with caplog.at_level("WARNING", "faig"):
        assert list(list_images(tmp_path)) == ["a"]
    assert f"{tmp_path}: pictures to be converted to PNG first are left out: b.HEIC, c.avif\n" in caplog.text
    assert not UNREAD & SUFFIXES
