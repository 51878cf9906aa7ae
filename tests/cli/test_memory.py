"""Memory that does not suffice is said to be that, whoever noticed it, and not taken for the network's fault."""

import cv2
import numpy as np
import pytest
import torch

from faig.common.errors import InputError, lacks_memory
from faig.networks.calls import gradients, run

ASK = {  # of torch, numpy, Python and OpenCV, each for more than there is
    "torch": lambda: torch.empty(2**55),
    "numpy": lambda: np.empty(2**60, np.uint8),
    "python": lambda: bytes(2**62),
    "opencv": lambda: cv2.copyMakeBorder(np.zeros((2, 2), np.uint8), 0, 2**30, 0, 2**30, cv2.BORDER_CONSTANT),
}
NETWORK = """
import torch
from torch import nn

class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 3, padding=1)

    def forward(self, x):
        {spoilt}
        return nn.functional.pixel_shuffle(self.conv(x), 2)

def make():
    return Network()
"""
SAID = "error: the memory does not suffice: take smaller images or fewer at once, or less of --memory or --threads\n"


@pytest.mark.parametrize("ask", ASK)
def test_whoever_notices(ask):
    with pytest.raises((RuntimeError, MemoryError, cv2.error)) as caught:
        ASK[ask]()
    assert lacks_memory(caught.value)
    came_of_it = InputError("the network fails")
    came_of_it.__cause__ = caught.value
    assert lacks_memory(came_of_it)


@pytest.mark.parametrize(
    "error", [InputError("needs 5 GB, out of memory for 3 GB"), ValueError("x"), RuntimeError("mat1 and mat2"), None]
)
def test_what_is_of_something_else(error):
    assert not lacks_memory(error)


def test_networks_and_gradients_are_not_blamed():
    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(_, x):
            return x.clone()

        @staticmethod
        def backward(*_):
            return torch.empty(2**55)

    with pytest.raises(RuntimeError, match="can't allocate memory"):
        run(lambda lr: torch.empty(2**55), torch.zeros(1, 3, 4, 4))
    weight = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        gradients(Fails.apply(weight).sum(), [weight])


@pytest.mark.parametrize(
    "command",
    [
        "restore {t}/target.pth {p}/gt {t}/out --arch {t}/own.py:make",
        "attribute {own} --gt {p}/gt --degrade blur=2 --nodes 1 --out {t}/out",
        "revert {own} --filters {t}/blur.txt --out {t}/out.pth",
    ],
)
def test_commands_say_so_and_leave_nothing(command, place, tmp_path, faig):
    (tmp_path / "own.py").write_text(NETWORK.format(spoilt="pass"))
    scope: dict = {}
    exec(NETWORK.format(spoilt="pass"), scope)
    for seed, name in enumerate(("baseline", "target")):
        torch.manual_seed(seed)
        torch.save(scope["make"]().state_dict(), tmp_path / f"{name}.pth")
    (tmp_path / "own.py").write_text(NETWORK.format(spoilt="torch.empty(2**55)"))
    (tmp_path / "blur.txt").write_text("0\n1\n")
    before = sorted(path.name for path in tmp_path.iterdir())
    own = f"--baseline {tmp_path}/baseline.pth --target {tmp_path}/target.pth --arch {tmp_path}/own.py:make"
    code, _, err = faig(*command.format(t=tmp_path, p=place, own=own).split())
    assert (code, err) == (2, SAID)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__") == before
