"""A tiny pair in a zoo of its own, what explores it, and a server that answers over the loopback."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import nudged, tiny_network
from explore_client import serving
from explore_page import chromium, file_server
from faig.attribution.files.score_files import mean_over_images, save_scores
from faig.common.errors import InputError
from faig.explore.explorer import Explorer
from faig.explore.runtime import runtime_files
from faig.explore.static_page import write_page
from faig.explore.subject import Subject
from faig.imaging.cases import make_cases
from faig.imaging.photos import busiest_crops, photograph
from faig.networks.checkpoint import save_network
from faig.pair import Pair

ARGUMENTS = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
DEGRADED = {"blur": 2.0, "noise": 0.1, "degrade": {"jpeg:40": 0.3}}


@pytest.fixture(scope="session")
def own_zoo(tmp_path_factory) -> Path:
    """A zoo with the pair ``tiny-x2``: networks, a record of training, scores."""
    folder = tmp_path_factory.mktemp("zoo") / "tiny-x2"
    folder.mkdir()
    baseline = tiny_network()
    training = {"training": {"config": {"data": {"degradation": DEGRADED}}}}
    for name, network in (("baseline", baseline), ("target", nudged(baseline, seed=1, size=0.03))):
        save_network(folder / f"{name}.safetensors", network.state_dict(), ARGUMENTS | training)
    pair = Pair(target=folder / "target.safetensors", baseline=folder / "baseline.safetensors")
    crop = busiest_crops("rocket", photograph("rocket"), 48, 1)[0].image
    found = pair.attribute(make_cases({"rocket": crop}, {"blur": 2, "noise": 0.1}, pair.scale), nodes=2, threads=1)
    assert found.raw is not None
    save_scores(folder / "scores.safetensors", mean_over_images(found.raw), found.metadata)
    return folder.parent


@pytest.fixture
def zoo(own_zoo, monkeypatch) -> Path:
    """The zoo, as the user's own."""
    monkeypatch.setenv("FAIG_ZOO", str(own_zoo))
    return own_zoo


@pytest.fixture(scope="session")
def subject(own_zoo) -> Subject:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAIG_ZOO", str(own_zoo))
        return Subject.of_pair("tiny-x2")


@pytest.fixture
def explorer(subject) -> Explorer:
    return Explorer(subject)


@pytest.fixture(scope="module")
def served(subject) -> Iterator[SimpleNamespace]:
    """A server under way: its client, and what is behind it."""
    with serving(subject) as served:
        yield served


@pytest.fixture(scope="module")  # two at once are refused, and other files have theirs
def browser() -> Iterator[Any]:
    """A browser without a window."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def address(subject, tmp_path_factory) -> Iterator[str]:
    """Where a plain file server has the tiny pair's page."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    try:
        runtime_files()
    except InputError as error:
        pytest.skip(f"onnxruntime-web is not there: {error}")
    folder = tmp_path_factory.mktemp("site") / "page"
    assert write_page(Explorer(subject), folder) < 1e-4
    with file_server(folder) as address:
        yield address
