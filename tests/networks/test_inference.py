import math
import weakref

import cv2
import pytest
import torch
from torch import nn

from conftest import TINY, WHOLE, tiny_network
from faig.common.errors import InputError
from faig.imaging.images import round8, write_image
from faig.imaging.metrics import luma, psnr, ssim
from faig.networks.calls import run
from faig.networks.inference import (
    BYTES_PROBE,
    ForwardTiler,
    channels_of,
    live_bytes,
    restore,
    restored_pixels,
    scale_of,
)
from faig.networks.tiling import PROGRAM


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


def unchanged(channels: int) -> nn.Conv2d:
    """A network that gives what it is given."""
    network = nn.Conv2d(channels, channels, 1, bias=False)
    nn.init.dirac_(network.weight)
    return network


def test_channels_and_scale_of_a_gray_network():
    gray = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.PixelShuffle(2))
    assert (channels_of(gray), scale_of(gray)) == (1, 2)
    assert (channels_of(tiny_network()), scale_of(unchanged(3))) == (3, 1)


@pytest.mark.parametrize(
    ("network", "told"),
    [
        (nn.Conv2d(1, 3, 1), r"\(1, 1, 16, 16\) into \(1, 3, 16, 16\), which is no enlarged gray image"),
        (nn.Conv2d(3, 1, 1), r"\(1, 3, 16, 16\) into \(1, 1, 16, 16\), which is no enlarged RGB image"),
        (nn.Conv2d(3, 3, 5), "no enlarged RGB image"),
        (nn.Conv2d(4, 4, 1), "does not take an RGB image of 16x16"),
    ],
)
def test_scale_of_what_enlarges_no_image(network, told):
    with pytest.raises(InputError, match=told):
        scale_of(network)


def test_what_is_no_tensor_is_made_gray_for_a_gray_network(tmp_path):
    image = round8(torch.rand(3, 5, 7, generator=torch.Generator().manual_seed(0)))
    write_image(tmp_path / "rgb.png", image)
    red, green, blue = (image * 255).double()
    gray = (0.299 * red + 0.587 * green + 0.114 * blue).round().float()[None] / 255
    for given in (tmp_path / "rgb.png", (image * 255).round().byte().permute(1, 2, 0).numpy(), gray):
        torch.testing.assert_close(restore(unchanged(1), given), gray, atol=1e-6, rtol=0)
    write_image(tmp_path / "gray.png", gray)
    assert cv2.imread(str(tmp_path / "gray.png"), cv2.IMREAD_UNCHANGED).ndim == 2
    torch.testing.assert_close(restore(unchanged(1), tmp_path / "gray.png"), gray, atol=1e-6, rtol=0)
    torch.testing.assert_close(restore(unchanged(3), tmp_path / "gray.png"), gray.repeat(3, 1, 1), atol=1e-6, rtol=0)
    assert psnr(gray.repeat(1, 4, 4), gray.repeat(1, 4, 4)) == math.inf


def test_a_tensor_of_other_channels_is_refused():
    with pytest.raises(InputError, match="the network does not take an RGB image of 7x5"):
        restore(unchanged(1), torch.rand(3, 5, 7))
    with pytest.raises(InputError, match="the network does not take a gray image of 7x5"):
        restore(unchanged(3), torch.rand(1, 5, 7))


def test_quality_of_a_gray_image_against_a_file(tmp_path):
    gray = round8(torch.rand(1, 20, 24, generator=torch.Generator().manual_seed(0)))
    write_image(tmp_path / "gt.png", gray)
    assert psnr(gray, tmp_path / "gt.png") == psnr(tmp_path / "gt.png", gray) == math.inf
    assert ssim(gray, tmp_path / "gt.png") == pytest.approx(1)


def budget(network: nn.Module, image: torch.Tensor, pixels: int) -> float:
    """Bytes that are enough for tiles of so many LR pixels."""
    tiler = ForwardTiler(network, scale_of(network), 0, image)
    return PROGRAM + tiler.held + (pixels + 1) * tiler.bytes_per_pixel


@pytest.mark.parametrize("architecture", TINY)
@pytest.mark.parametrize("size", [(131, 127), (17, 1100), (1200, 16)])
def test_an_image_by_tiles_is_the_whole_image(monkeypatch, architecture, size):
    network = unchanged(3) if architecture == "dncnn" else tiny_network(architecture)
    image = torch.rand(3, *size, generator=torch.Generator().manual_seed(0))
    runs = []
    monkeypatch.setattr("faig.networks.inference.run", lambda net, lr: runs.append(lr.shape) or run(net, lr))
    whole = restore(network, image)
    assert runs[-1][2:] == size
    if architecture in WHOLE:
        with pytest.raises(InputError, match="depends on the whole image") as refused:
            restore(network, image, memory=budget(network, image, 4000))
        assert refused.value.setting == "memory"
        return
    runs.clear()
    pixels = restored_pixels(network, image, memory=budget(network, image, 9000))
    assert (pixels.float() / 255 - whole).abs().max() <= 1.01 / 255  # of an output midway between two values
    assert (pixels.float() / 255 - whole).abs().mean() < 1e-5
    tiles = [shape for shape in runs if shape[2:] not in ((16, 16), (48, 48), (16, 384), (384, 16))]
    assert max(height * width for *_, height, width in tiles) <= 9000
    if architecture != "rrdb":  # whose tiles begin at even pixels
        assert len(set(tiles)) == 1  # memory that is kept for each size is kept once


def test_no_tile_is_kept_beside_the_next(monkeypatch):
    network, image = tiny_network(), torch.rand(3, 131, 127, generator=torch.Generator().manual_seed(0))
    outputs, alive = [], []

    def counted(net, lr):
        alive.append(sum(output() is not None for output in outputs))
        output = run(net, lr)
        outputs.append(weakref.ref(output))
        return output

    monkeypatch.setattr("faig.networks.inference.run", counted)
    restored_pixels(network, image, memory=budget(network, image, 4000))
    assert len(outputs) > 4
    assert not any(alive)


def test_live_bytes_are_those_of_the_tensors_that_are_there_at_once():
    image, hidden = (4 * channels * BYTES_PROBE**2 for channels in (3, 8))
    first, second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 3, 3, padding=1)
    assert live_bytes(nn.Conv2d(3, 3, 3, padding=1)) == 2 * image
    assert live_bytes(nn.Sequential(first, second)) == 2 * image + hidden
    assert live_bytes(nn.Sequential(first, nn.ReLU(), second)) == image + 2 * hidden


def test_too_little_memory_says_how_much_is_needed():
    with pytest.raises(InputError, match=r"needs at least \d\.\d\dGB of memory, and may use 0\.1GB"):
        restore(tiny_network(), torch.rand(3, 200, 200), memory=1e8)
