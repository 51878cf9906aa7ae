import cv2
import numpy as np
import pytest
import torch

from faig.common.errors import InputError
from faig.imaging.images import check_divisible, list_images, mod_crop, pair, read_image, round8, to_uint8, write_image

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
    cv2.imwrite(str(tmp_path / "a.tiff"), array)
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
    with pytest.raises(InputError, match=r"^blur\.png: 14x11 is not divisible by scale 2; crop it or pass --mod-crop$"):
        check_divisible(image, 2, "blur.png")
