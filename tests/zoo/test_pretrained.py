"""A pair saved and loaded by the names that the ecosystem uses."""

import pytest
import torch
from torch import nn

from conftest import nudged
from faig import zoo
from faig.common.errors import InputError
from faig.networks.architectures import build
from faig.networks.checkpoint import save_network
from faig.networks.inference import restore
from faig.pair import Pair


@pytest.mark.slow
def test_a_folder_and_the_zoo(tmp_path):
    shipped = Pair.from_pretrained("srcnn-style-x2")
    shipped.save_pretrained(tmp_path / "mine")
    again = Pair.from_pretrained(tmp_path / "mine")
    for role in zoo.ROLES:
        for key, weight in getattr(shipped, role).state_dict().items():
            assert torch.equal(weight, getattr(again, role).state_dict()[key])
    with pytest.raises(InputError, match="mine: exists and is not empty"):
        shipped.save_pretrained(tmp_path / "mine")
    shipped.save_pretrained(tmp_path / "mine", force=True)
    with pytest.raises(InputError, match="holds no pair"):
        Pair.from_pretrained(tmp_path)


def compact(activation: str) -> nn.Module:
    """ReLU or LeakyReLU: which of them it is stands in no weight."""
    torch.manual_seed(0)
    network = build("compact", scale=2, features=4, convolutions=2, activation=activation)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.3)
    return network.eval().requires_grad_(False)


@pytest.mark.filterwarnings("ignore:.*taken to have LeakyReLU")
def test_what_weights_do_not_tell_is_kept_or_refused(tmp_path):
    low = compact("relu")
    with pytest.raises(InputError, match="Compact: its weights alone are taken for SRVGGNetCompact with other"):
        Pair(target=nudged(low), baseline=low).save_pretrained(tmp_path / "pair")
    assert not (tmp_path / "pair").exists()
    arguments = {"scale": 2, "features": 4, "convolutions": 2, "activation": "relu"}
    for role, network in (("baseline", low), ("target", nudged(low))):
        record = {"architecture": "compact", "arguments": arguments}
        save_network(tmp_path / f"{role}.safetensors", network.state_dict(), record)
    files = Pair(target=tmp_path / "target.safetensors", baseline=tmp_path / "baseline.safetensors")
    files.save_pretrained(tmp_path / "pair")
    image = torch.rand(3, 8, 8)
    assert torch.equal(restore(Pair.from_pretrained(tmp_path / "pair").baseline, image), restore(low, image))


def test_an_unknown_architecture_is_written_with_a_warning(tmp_path, caplog):
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return self.layer(image)

    torch.manual_seed(0)
    pair = Pair(target=Own(), baseline=Own())
    pair.save_pretrained(tmp_path / "own")
    assert "Own: no architecture is recognised by these weights; name arch= to load them" in caplog.text
    again = Pair.from_pretrained(tmp_path / "own", arch=Own)
    assert torch.equal(again.target.layer.weight, pair.target.layer.weight)
