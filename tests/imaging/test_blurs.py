"""Blurs: their kernels, what convolving with them means, and what others make of the same settings."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from faig.imaging.blurs import HELD, RADIUS, TAPS, WIDEST, Anisotropic, Blur, Defocus, Motion, gaussian_kernel

BLURS = [
    Blur(2),
    Blur(0),
    Blur(7.3),
    Anisotropic(3, 1, 30),
    Anisotropic(1, 5),
    Motion(9),
    Motion(21, -70),
    Motion(5, 45),
    Defocus(3.5),
    Defocus(0),
]


def some_image(height: int, width: int) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(height * width))


@pytest.mark.parametrize("sigma", [0.1, 2.0, 3.0, 5.0, 10.0])
def test_gaussian_kernel(sigma):
    kernel = gaussian_kernel(sigma)
    assert kernel.sum().item() == pytest.approx(1, abs=1e-12)
    x = np.arange(-(len(kernel) // 2), len(kernel) // 2 + 1)
    expected = np.exp(-(x**2) / (2 * sigma**2))
    np.testing.assert_allclose(kernel, expected / expected.sum(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("blur", BLURS, ids=str)
def test_kernels_sum_to_one_and_are_their_own_point_reflection(blur):
    kernel = blur.kernel()
    assert kernel.shape == (2 * blur.reach + 1, 2 * blur.reach + 1)
    assert kernel.min() >= 0
    assert kernel.sum().item() == pytest.approx(1, abs=1e-12)
    torch.testing.assert_close(kernel.flip(0, 1), kernel, rtol=0, atol=1e-9)


@pytest.mark.parametrize("blur", BLURS, ids=str)
@pytest.mark.parametrize(("height", "width"), [(40, 33), (9, 30), (2, 5), (1, 1)])
def test_blur_is_a_convolution_with_mirrored_borders(blur, height, width):
    image = some_image(height, width)
    expected = [ndimage.convolve(part, blur.kernel().numpy(), mode="mirror") for part in image.double().numpy()]
    np.testing.assert_allclose(blur(image), np.stack(expected), atol=2e-6)


def moments(kernel: torch.Tensor) -> np.ndarray:
    """Covariance of (right, up) under the weights, in pixels."""
    radius = len(kernel) // 2
    line = torch.arange(-radius, radius + 1.0, dtype=torch.float64)
    up, right = torch.meshgrid(-line, line, indexing="ij")
    pairs = [(right, right), (right, up), (up, up)]
    xx, xy, yy = (float((kernel * a * b).sum()) for a, b in pairs)
    return np.array([[xx, xy], [xy, yy]])


@given(st.floats(1, WIDEST), st.floats(1, WIDEST), st.floats(-180, 180))
def test_an_image_is_blurred_by_the_sigma_that_is_said(sigma, across, angle):
    """Effective σ, of the kernel's moments; below 1 a Gaussian at the pixels' centres is narrower than it says."""
    np.testing.assert_allclose(moments(Blur(sigma).kernel()), np.eye(2) * sigma**2, rtol=0.01, atol=1e-6)
    axes = np.linalg.eigvalsh(moments(Anisotropic(sigma, across, angle).kernel()))
    np.testing.assert_allclose(np.sqrt(axes), sorted([sigma, across]), rtol=0.01)


def test_what_the_papers_kernel_holds_is_blurred_by_it():
    for sigma in [*np.arange(0, 30) / 10, HELD]:
        assert torch.equal(Blur(sigma).kernel(), gaussian_kernel(sigma, TAPS)[:, None] * gaussian_kernel(sigma, TAPS))
        assert Anisotropic(max(sigma, 0.2), HELD, 20).kernel().shape == (TAPS, TAPS)
    assert Blur(HELD + 0.1).reach > RADIUS


@pytest.mark.parametrize("angle", [0, 30, 90, -45])
def test_directions_are_counterclockwise_and_lengths_are_pixels(angle):
    along = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    turned = np.outer(along, along)
    np.testing.assert_allclose(
        moments(Anisotropic(2.5, 1, angle).kernel()), np.eye(2) + (2.5**2 - 1) * turned, atol=0.01
    )
    line = moments(Motion(11, angle).kernel())  # 11 points on a line; turning it spreads it by less than a pixel
    np.testing.assert_allclose(line, (11**2 - 1) / 12 * turned, atol=0.4)


def test_motion_is_what_kornia_has():
    half = [
        [0, 0, 0, 0, 0.014332],
        [0, 0, 0.026743, 0.126551, 0.132757],
        [0, 0.099808, 0.199616, 0.099808, 0],
    ]
    kernel = Motion(5, 30).kernel()
    middle = kernel[8:13, 8:13]
    np.testing.assert_allclose(middle[:3], half, atol=1e-6)
    np.testing.assert_allclose(middle, middle.flip(0, 1), atol=1e-12)
    assert float(middle.sum()) == pytest.approx(float(kernel.sum())) == pytest.approx(1)


def test_anisotropic_of_equal_sides_is_the_gaussian():
    torch.testing.assert_close(Anisotropic(2, 2, 33).kernel(), Blur(2).kernel(), rtol=0, atol=1e-6)


def test_defocus_is_a_disc():
    kernel = Defocus(6).kernel() * np.pi * 36  # weights as covered shares of pixels
    down, right = np.indices((TAPS, TAPS)) - RADIUS
    distance = np.hypot(down, right)
    np.testing.assert_allclose(kernel[distance < 5.2], 1, atol=0.01)
    np.testing.assert_allclose(kernel[distance > 6.8], 0, atol=1e-9)
