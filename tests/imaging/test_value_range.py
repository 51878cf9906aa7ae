"""Values outside [0, 1] are refused wherever an image comes in, in every form; a restored one is clipped."""

import numpy as np
import pytest
import torch
from torch import nn

from faig.common.errors import InputError
from faig.imaging.cases import Case, degrade_case, make_cases
from faig.imaging.degradation import Degradation
from faig.imaging.images import as_image
from faig.imaging.metrics import psnr, ssim
from faig.networks.inference import restore, restored_pixels

GT = torch.rand(3, 16, 18, generator=torch.Generator().manual_seed(0))
DOUBLE = GT.repeat_interleave(2, 1).repeat_interleave(2, 2)
NETWORK = nn.Conv2d(3, 3, 3, padding=1).eval()
BLUR = Degradation(blur=2)
IN = {
    "as_image": as_image,
    "make_cases": lambda image: make_cases({"a": image}, {"blur": 2}, 2),
    "restore": lambda image: restore(NETWORK, image),
    "restored_pixels": lambda image: restored_pixels(NETWORK, image),
    "psnr": lambda image: psnr(GT, image),
    "ssim": lambda image: ssim(GT, image),
}
IN_TENSORS = {
    "degrade_case": lambda image: degrade_case("a", image, {"blur": BLUR}, 2),
    "Degradation": lambda image: BLUR(image, 2, name="a"),
    "GT of a Case": lambda image: Case("a", image, {"clean": GT[:, ::2, ::2]}).check(2),
    "LR of a Case": lambda image: Case("a", DOUBLE, {"blur": image}).check(2),
}
OUTSIDE = {"255": 255 * GT, "below": GT - 0.1, "a little above": GT * 1.01, "NaN": GT / (GT > 0.5), "no": GT[:, :0]}
REASONS = {"NaN": "not finite", "no": "holds no pixels|is 18x0"}
FORMS = {
    "tensor": lambda image: image,
    "double": torch.Tensor.double,
    "array": lambda image: image.permute(1, 2, 0).numpy(),
    "gray": lambda image: image[:1],
}
TAKEN = [
    *((place, form) for place in IN for form in ("tensor", "double", "array")),
    *((place, form) for place in IN_TENSORS for form in ("tensor", "double")),
    *((place, "gray") for place in ("as_image", "make_cases", "degrade_case")),
]


@pytest.mark.parametrize("outside", OUTSIDE)
@pytest.mark.parametrize(("place", "form"), TAKEN)
def test_an_image_outside_0_to_1_is_refused(place, form, outside):
    reason = REASONS.get(outside, r"values from .* to .*: expected \[0, 1\]")
    with pytest.raises(InputError, match=reason) as told:
        (IN | IN_TENSORS)[place](FORMS[form](OUTSIDE[outside]))
    assert str(told.value).startswith("a: ") == (place == "make_cases" or place in IN_TENSORS)


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_a_restored_image_is_clipped(measure):
    """As every table has it: there images come out of `restore`."""
    raw = GT + 0.4 * torch.randn(GT.shape, generator=torch.Generator().manual_seed(1))
    assert raw.min() < 0
    assert raw.max() > 1
    assert measure(raw, GT) == measure(raw.clamp(0, 1), GT)
    assert measure(raw.permute(1, 2, 0).numpy(), GT) == measure(raw, GT)


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_a_restored_image_of_8_bit_values_is_refused(measure):
    whole = (255 * GT).round()
    for form in (whole, 255 * (whole / 255), whole.permute(1, 2, 0).numpy().astype(np.float64)):
        with pytest.raises(InputError, match=r"values from 0 to 255: expected \[0, 1\]"):
            measure(form, GT)
    assert measure(torch.ones_like(GT), GT) == measure(np.full((16, 18, 3), 255, np.uint8), GT)
