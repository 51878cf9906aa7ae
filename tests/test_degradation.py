import numpy as np
import pytest
import torch
from scipy import ndimage

from faig.degradation import (
    RADIUS,
    Degradation,
    add_noise,
    downsample,
    gaussian_blur,
    gaussian_kernel,
    jpeg,
    paper_preset,
)
from faig.errors import InputError
from faig.images import list_images, read_image


def some_image(height: int, width: int) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(height * width))


@pytest.mark.parametrize("sigma", [0.1, 2.0, 5.0])
def test_kernel(sigma):
    kernel = gaussian_kernel(sigma)
    assert kernel.sum().item() == pytest.approx(1, abs=1e-12)
    x = np.arange(-RADIUS, RADIUS + 1)
    expected = np.exp(-(x**2) / (2 * sigma**2))
    np.testing.assert_allclose(kernel, expected / expected.sum(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("height", "width"), [(40, 33), (9, 30), (2, 5), (1, 1)])
def test_blur_is_a_convolution_with_mirrored_borders(height, width):
    image = some_image(height, width)
    kernel = np.outer(gaussian_kernel(2.0), gaussian_kernel(2.0))
    expected = np.stack([ndimage.convolve(channel, kernel, mode="mirror") for channel in image.double().numpy()])
    np.testing.assert_allclose(gaussian_blur(image, 2.0), expected, atol=2e-6)


def test_bilinear_has_no_antialiasing():
    image = some_image(12, 24)
    boxes = {s: image.unfold(1, s, s).unfold(2, s, s) for s in (2, 3, 4)}
    torch.testing.assert_close(downsample(image, 2), boxes[2].mean((-1, -2)))
    torch.testing.assert_close(downsample(image, 3), boxes[3][..., 1, 1])
    torch.testing.assert_close(downsample(image, 4), boxes[4][..., 1:3, 1:3].mean((-1, -2)))


def imresize_weights(size: int, scale: int) -> np.ndarray:
    """MATLAB's antialiased bicubic as a matrix, by its definition: Keys' kernel stretched by the scale."""
    matrix = np.zeros((size // scale, size))
    for row in range(size // scale):
        centre = (row + 0.5) * scale - 0.5
        taps = np.arange(np.floor(centre - 2 * scale), np.ceil(centre + 2 * scale) + 1).astype(int)
        x = np.abs(taps - centre) / scale
        near = 1.5 * x**3 - 2.5 * x**2 + 1
        far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
        weights = np.where(x <= 1, near, np.where(x <= 2, far, 0))
        mirrored = taps % (2 * size)
        np.add.at(matrix[row], np.minimum(mirrored, 2 * size - 1 - mirrored), weights / weights.sum())
    return matrix


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(5, 11), (1, 2), (16, 9)])
def test_bicubic_is_matlabs(scale, height, width):
    image = some_image(height * scale, width * scale)
    rows, columns = imresize_weights(height * scale, scale), imresize_weights(width * scale, scale)
    expected = np.einsum("ij,cjk,lk->cil", rows, image.double().numpy(), columns)
    np.testing.assert_allclose(downsample(image, scale, "bicubic"), expected, atol=1e-5)


@pytest.mark.parametrize("how", ["bilinear", "bicubic"])
def test_a_constant_stays(how):
    flat = torch.full((3, 24, 36), 100 / 255)
    made = Degradation(blur=2, downsampling=how)(flat, 3)
    torch.testing.assert_close(made, torch.full((3, 8, 12), 100 / 255))


def test_noise_depends_on_seed_and_name_alone():
    gray = torch.full((3, 60, 50), 0.5)
    first = add_noise(gray, 0.1, seed=1, name="a")
    assert torch.equal(first, add_noise(gray, 0.1, seed=1, name="a"))
    torch.testing.assert_close(add_noise(gray * 0, 0.1, seed=1, name="a"), first - 0.5, atol=1e-6, rtol=0)
    for other in ({"seed": 2, "name": "a"}, {"seed": 1, "name": "b"}):
        noise = torch.stack([first - 0.5, add_noise(gray, 0.1, **other) - 0.5]).flatten(1)
        assert abs(torch.corrcoef(noise)[0, 1]) < 0.05
    assert (first - 0.5).std().item() == pytest.approx(0.1, rel=0.03)
    assert (first - 0.5).mean().item() == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize("degradation", [*paper_preset().values(), Degradation(1.0, 0.2, 30, "bicubic")])
def test_gives_8_bit_values(degradation):
    made = degradation(some_image(30, 42), 3, seed=4, name="x")
    assert made.shape == (3, 10, 14)
    torch.testing.assert_close(made * 255, (made * 255).round(), atol=1e-4, rtol=0)
    assert 0 <= made.min() <= made.max() <= 1


def test_jpeg_loses_more_at_lower_quality():
    image = gaussian_blur(some_image(40, 56), 1.0)
    errors = [(jpeg(image, quality) - image).square().mean().item() for quality in (5, 50, 95)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 5


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"blur": -1}, "blur -1 is outside"),
        ({"blur": 11}, "blur 11 is outside 0 to 10"),
        ({"noise": 25}, "noise 25 is outside 0 to 1"),
        ({"jpeg": 0}, "jpeg 0 is outside 1 to 100"),
        ({"downsampling": "area"}, "downsampling 'area' is not one of bilinear, bicubic"),
        ({"noise": float("nan")}, "noise nan is outside"),
    ],
)
def test_levels_that_make_no_sense(levels, message):
    with pytest.raises(InputError, match=message):
        Degradation(**levels)


def test_against_the_known_answers(oracle):
    for name, path in list_images(oracle / "GTmod12").items():
        gt = read_image(path)
        blurry = paper_preset()["blur"](gt, 2, name=name)
        assert torch.equal(blurry, read_image(oracle / "Blur2_LRbicx2" / f"{name}.png"))
        # A mean of four 8-bit values often lies between two: which way it is rounded is left to float arithmetic.
        clean = paper_preset()["clean"](gt, 2, name=name) - read_image(oracle / "Linear_LRbicx2" / f"{name}.png")
        assert clean.abs().max() < 1.01 / 255
