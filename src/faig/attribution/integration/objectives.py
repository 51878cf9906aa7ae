"""What is differentiated: a loss of one image's output, the lower the better.

The paper's is the summed squared error. Gradients by tiles add up to the whole image's only where an objective is a
sum over pixels; PSNR and SSIM are none, so they need images that fit whole.
"""

import hashlib
import inspect
import uuid
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from faig.common.errors import InputError
from faig.common.plugins import load_function
from faig.imaging.blurs import gaussian_kernel

# Output and GT of one image, [channel, height, width] in [0, 1], to a number.
Objective = Callable[[Tensor, Tensor], Tensor]


def squared_error(output: Tensor, gt: Tensor) -> Tensor:
    """``‖F(θ, x) - y‖²``, summed over pixels and channels (Eq. 3)."""
    return (output - gt).square().sum()


def absolute_error(output: Tensor, gt: Tensor) -> Tensor:
    """``Σ |F(θ, x) - y|`` over pixels and channels (ours)."""
    return (output - gt).abs().sum()


def negative_psnr(output: Tensor, gt: Tensor) -> Tensor:
    """``10 log₁₀ mean (F(θ, x) - y)²``, in dB: minus the PSNR over all channels (ours)."""
    return 10 * (output - gt).square().mean().log10()


def lacking_ssim(output: Tensor, gt: Tensor) -> Tensor:
    """``1 - SSIM``, the mean over pixels and channels, Gaussian window of σ 1.5, 11×11 (ours)."""
    kernel = gaussian_kernel(1.5, 11).to(output)
    products = torch.cat([output, gt, output**2, gt**2, output * gt])[:, None]
    products = functional.pad(products, (5, 5, 5, 5), mode="reflect")
    means = functional.conv2d(functional.conv2d(products, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))
    x, y, xx, yy, xy = means.unflatten(0, (5, -1))
    luminance, contrast = 0.01**2, 0.03**2  # what keeps the quotient from 0 / 0, for values in [0, 1]
    numerator = (2 * x * y + luminance) * (2 * (xy - x * y) + contrast)
    denominator = (x**2 + y**2 + luminance) * (xx - x**2 + yy - y**2 + contrast)
    return 1 - (numerator / denominator).mean()


def total_output(output: Tensor, gt: Tensor) -> Tensor:
    """``Σ F(θ, x)``: what ``ig`` differentiates."""
    del gt
    return output.sum()


OBJECTIVES: dict[str, Objective] = {
    "squared": squared_error,
    "l1": absolute_error,
    "psnr": negative_psnr,
    "ssim": lacking_ssim,
}


def objective_of(spec: str | Objective) -> Objective:
    """The objective of a name, of ``file.py:function``, or the function itself.

    A user's function takes output and GT of one image, ``[channel, height, width]`` in [0, 1] (the output not
    clipped), and returns one differentiable number, the lower the better; it is tried on RGB. The file is executed:
    give it only code you trust.

    Raises:
        InputError: there is no such name, file or function, or the function does not return such a number.
    """
    if callable(spec):
        return spec
    if ":" in spec:
        function = load_function(spec, "objective")
        _check(function, spec)
        return function
    if spec not in OBJECTIVES:
        known = ", ".join(OBJECTIVES)
        raise InputError(f"objective {spec}: is not one of {known}, and no file.py:function", setting="objective")
    return OBJECTIVES[spec]


def objective_fingerprint(spec: str | Objective) -> dict[str, str]:
    """What determines an objective: its name, and the SHA-256 of the file it is in; of a function, its source.

    A function whose source cannot be read gets a random hash, so that no earlier result is taken for its own.

    Raises:
        InputError: see `objective_of`.
    """
    if not isinstance(spec, str):
        try:
            text = inspect.getsource(spec)
        except (OSError, TypeError):
            text = uuid.uuid4().hex
        return {
            "objective": getattr(spec, "__qualname__", repr(spec)),
            "file": hashlib.sha256(text.encode()).hexdigest(),
        }
    objective_of(spec)
    file, colon, _ = spec.rpartition(":")
    return {"objective": spec} | ({"file": hashlib.sha256(Path(file).read_bytes()).hexdigest()} if colon else {})


def in_decibels(function: Objective) -> bool:
    """Whether an objective is a logarithm, so that losses compare by difference, not by ratio."""
    return function is negative_psnr


def sums_over_pixels(function: Objective) -> bool:
    """Whether an objective of a whole image is the sum of its parts', found by trying."""
    output, gt = _trial()
    total = function(output, gt)
    halves = zip(output.chunk(2, 1), gt.chunk(2, 1), strict=True)
    return bool(torch.isclose(torch.stack([function(*half) for half in halves]).sum(), total, rtol=1e-4))


def _trial(side: int = 64) -> Tensor:
    """A random output and a random GT, to try a function on."""
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))


def _check(function: Objective, spec: str) -> None:
    output, gt = _trial()
    try:
        value = function(output.requires_grad_(), gt)
    except Exception as error:
        message = f"objective {spec}: the function fails: {type(error).__name__}: {error}"
        raise InputError(message, setting="objective") from error
    if not isinstance(value, Tensor) or value.shape != () or not value.requires_grad:
        message = f"objective {spec}: the function must return one number that torch can differentiate"
        raise InputError(message, setting="objective")
