import math

import pytest
import torch
from torch import nn

from conftest import tiny_network
from faig.common.errors import InputError
from faig.imaging.metrics import luma, psnr, ssim
from faig.networks.inference import restore, scale_of


def test_restore_rounds_to_8_bits_and_keeps_the_size():
    output = restore(tiny_network(scale=3), torch.rand(3, 7, 5))
    assert output.shape == (3, 21, 15)
    torch.testing.assert_close(output * 255, (output * 255).round(), atol=1e-4, rtol=0)
    assert 0 <= output.min() <= output.max() <= 1
    assert not output.requires_grad


def test_psnr_by_hand_leaves_the_border_out():
    gt = torch.zeros(3, 20, 24)
    image = gt + 0.1
    assert psnr(image, gt, border=2) == pytest.approx(20)
    image[:, :2] = 1
    assert psnr(image, gt, border=2) == pytest.approx(20)
    assert psnr(image, gt, border=1) < 19
    assert psnr(gt, gt, border=2) == math.inf


def test_ssim_is_one_for_equal_images_and_falls_with_noise():
    torch.manual_seed(0)
    gt = torch.rand(3, 32, 30)
    assert ssim(gt, gt, border=2) == pytest.approx(1)
    small, large = (ssim((gt + s * torch.randn_like(gt)).clamp(0, 1), gt, border=2) for s in (0.02, 0.2))
    assert 0 < large < small < 1


def test_luma_has_matlabs_range():
    white, black = torch.ones(3, 1, 1), torch.zeros(3, 1, 1)
    assert luma(white).item() == pytest.approx(235 / 255, abs=1e-6)
    assert luma(black).item() == pytest.approx(16 / 255)


def test_too_small_to_compare():
    with pytest.raises(InputError, match="14x20 is too small"):
        psnr(torch.zeros(3, 20, 14), torch.zeros(3, 20, 14), border=2)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_scale_is_measured(pair, scale):
    del pair
    assert scale_of(tiny_network("srcnn-style", scale)) == scale


@pytest.mark.parametrize("network", [nn.Conv2d(1, 3, 1), nn.Conv2d(3, 1, 1), nn.Conv2d(3, 3, 5)])
def test_scale_of_what_enlarges_no_rgb_image(network):
    with pytest.raises(InputError, match="RGB image"):
        scale_of(network)
