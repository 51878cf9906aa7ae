"""Against answers that the paper's published algorithm gave."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from conftest import path_scores
from faig.attribution.combine import contrast
from faig.attribution.files.rankings import read_ranking, write_index
from faig.attribution.integration.integral import change
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import gauss_legendre, riemann_left
from faig.experiment.compare import compare
from faig.experiment.config import CompareConfig, ImagesConfig
from faig.filters import FilterSet, FilterSpace, rank
from faig.imaging.cases import load_cases
from faig.imaging.metrics import CHANNELS
from faig.intervention.edit import revert
from faig.intervention.effect import effect
from faig.networks.checkpoint import load_network
from faig.networks.inference import restore

LR = {"blur": "Blur2_LRbicx2", "noise": "LRbicx2_noise0.1"}


@pytest.fixture(scope="module")
def networks(oracle):
    return tuple(load_network(oracle / f"{name}.safetensors") for name in ("target", "baseline"))


@pytest.fixture(scope="module")
def cases(oracle):
    return load_cases(oracle / "GTmod12", {kind: oracle / folder for kind, folder in LR.items()}, 2)


@pytest.fixture(scope="module")
def found(networks, cases):
    return path_scores(*networks, cases, riemann_left(10))


@pytest.fixture(scope="module")
def expected(oracle):
    return load_file(oracle / "expected.safetensors")


def error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm())


@pytest.mark.slow
def test_faig_per_image(found, expected):
    # 7e-7 with the kernels that the answers were made with (AVX2); others round otherwise, and at the kinks of the
    # LeakyReLU a rounding decides on a whole gradient: 1.5e-4 with AVX-512.
    for row, name in enumerate(found.images):
        ours = found.score["blur"][row] - found.score["noise"][row]
        assert error(ours, expected[f"faig_blur/{name}"]) <= 1e-3
    assert error(2 * contrast(found, "blur").mean(0), expected["faig_blur_sum"]) <= 1e-3


@pytest.mark.slow
def test_another_integral_is_told_apart(networks, cases, expected):
    other = contrast(path_scores(*networks, cases, gauss_legendre(2)), "blur").mean(0)
    assert error(2 * other, expected["faig_blur_sum"]) > 1e-3


def test_change(networks, expected):
    ours = change(WeightPath(*networks), FilterSpace.of(networks[0]))
    assert error(ours, expected["change"]) <= 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("kind", LR)
def test_top_sets_and_published_format(found, networks, oracle, tmp_path, kind):
    space = FilterSpace.of(networks[0])
    published = read_ranking(oracle / f"{kind}_index.txt", space)
    scores = contrast(found, kind).mean(0)
    ours, theirs = (FilterSet.top(space, order, 0.01) for order in (rank(scores), published))
    assert len(ours & theirs) / len(theirs) >= 0.995
    write_index(tmp_path / "index.txt", scores)
    lines = [
        (path / name).read_text().split("\n") for path, name in ((tmp_path, "index.txt"), (oracle, f"{kind}_index.txt"))
    ]
    assert sorted(lines[0]) == sorted(lines[1])  # every index once, and the same end of the file
    assert lines[0][:5] == lines[1][:5]


@pytest.mark.slow
@pytest.mark.parametrize("reverted", LR)
def test_effects_of_the_published_rankings(networks, cases, oracle, reverted):
    target, baseline = networks
    space = FilterSpace.of(target)
    told = json.loads((oracle / "expected.json").read_text())["effects"]
    order = read_ranking(oracle / f"{reverted}_index.txt", space)
    outputs = {kind: [restore(target, case.lr[kind]) for case in cases] for kind in LR}
    for proportion in (0.01, 0.03, 0.05, 0.1):
        altered = revert(target, baseline, FilterSet.top(space, order, proportion))
        for kind in LR:
            ours = [restore(altered, case.lr[kind]) for case in cases]
            for channel in CHANNELS:
                key = f"reverted={reverted} input={kind} proportion={proportion:g} channel={channel}"
                pairs = zip(ours, outputs[kind], strict=True)
                assert np.mean([effect(a, b, channel) for a, b in pairs]) == pytest.approx(told[key], rel=0.02), key


@pytest.mark.slow
def test_the_papers_protocol_gives_the_published_effects(oracle, tmp_path):
    config = CompareConfig(
        baseline=str(oracle / "baseline.safetensors"),
        target=str(oracle / "target.safetensors"),
        images=ImagesConfig(gt=oracle / "GTmod12", lr={kind: oracle / folder for kind, folder in LR.items()}),
        protocol="paper",
        methods=["faig"],
        threads=1,
        filters={"faig": {kind: str(oracle / f"{kind}_index.txt") for kind in LR}},
    )
    rows = pd.read_csv(compare(config, tmp_path / "run") / "effects.csv")
    told = json.loads((oracle / "expected.json").read_text())["effects"]
    for _, row in rows.iterrows():
        key = f"reverted={row['reverted']} input={row['input']} proportion={row['proportion']:g} channel=blue"
        assert row["effect"] == pytest.approx(told[key], rel=0.02), key
    assert len(rows) == len([key for key in told if key.endswith("channel=blue")])
