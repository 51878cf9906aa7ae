"""A pair with everything beside it, and an empty zoo to pull it into."""

import shutil

import pytest

from conftest import nudged, path_scores, tiny_cases, tiny_network
from faig.attribution.files.score_files import mean_over_images, save_scores
from faig.attribution.integration.quadrature import gauss_legendre
from faig.filters import FilterSpace
from faig.networks.checkpoint import save_network
from faig.networks.fingerprint import network_fingerprint
from faig.zoo.card import Measured, with_front_matter

MEASURED = [
    Measured("Set5", "blur", "baseline", 26.03, 0.7649),
    Measured("Set5", "blur", "target", 31.74, 0.8957),
    Measured("Set5", "clean", "baseline", 34.37, 0.9362),
]


@pytest.fixture
def own(tmp_path, monkeypatch):
    """An empty zoo of the user's."""
    monkeypatch.setenv("FAIG_ZOO", str(tmp_path / "zoo"))
    return tmp_path / "zoo"


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A pair with everything beside it, which stays as it is."""
    folder = tmp_path_factory.mktemp("made")
    baseline = tiny_network()
    target = nudged(baseline)
    save_network(folder / "baseline.safetensors", baseline.state_dict(), {})
    save_network(folder / "target.safetensors", target.state_dict(), {})
    found = path_scores(target, baseline, tiny_cases(), gauss_legendre(2))
    layers = FilterSpace.of(target).describe()
    prints = {"target": network_fingerprint(target), "baseline": network_fingerprint(baseline)}
    told = {"layers": layers, "fingerprint": prints, "method": "faig"}
    save_scores(folder / "scores.safetensors", mean_over_images(found), told, half=True)
    (folder / "predictor.json").write_text("{}\n")
    (folder / "card.md").write_text(with_front_matter("tiny-x2", "# tiny-x2\n", MEASURED))
    return folder


@pytest.fixture
def folder(made, tmp_path):
    """The same, to do with as one likes."""
    return shutil.copytree(made, tmp_path / "tiny-x2")
