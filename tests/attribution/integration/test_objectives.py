"""What is differentiated, and what follows from its not being a sum over pixels."""

import json

import pytest
import torch
from safetensors import safe_open

from conftest import doubled, nudged, path_scores, tiny_cases, tiny_network
from faig.attribution.files.score_files import load_scores
from faig.attribution.integration.accumulate import AlongPath, ComputeOptions, samples_of
from faig.attribution.integration.objectives import OBJECTIVES, lacking_ssim, objective_of, sums_over_pixels
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import gauss_legendre, riemann_left
from faig.attribution.raw_scores import RawScores
from faig.common.errors import InputError
from faig.filters import FilterSpace
from faig.imaging.metrics import psnr, ssim


def test_they_are_what_their_names_say():
    generator = torch.Generator().manual_seed(0)
    output, gt = torch.rand(2, 3, 24, 31, generator=generator)
    difference = output - gt
    told = {name: float(function(output, gt)) for name, function in OBJECTIVES.items()}
    assert told["squared"] == pytest.approx(float(difference.square().sum()))
    assert told["l1"] == pytest.approx(float(difference.abs().sum()))
    assert told["psnr"] == pytest.approx(-psnr(output, gt, border=0))
    # scikit-image leaves out a border of 5 pixels, so an image with nothing but noise there is only close.
    assert told["ssim"] == pytest.approx(1 - ssim(output, gt, border=0), abs=0.02)
    assert all(float(function(gt, gt * 0.99)) < told[name] for name, function in OBJECTIVES.items())


def test_ssim_is_what_kornia_has():
    row = torch.linspace(0, 1, 16)
    gt = torch.stack([row[:, None] * row, row[:, None].expand(16, 16) ** 2, (row + row[:, None]).sin()])
    output = gt.clone()
    output[:, 3:9, 4:12] += 0.1
    assert float(lacking_ssim(output * 0.95, gt)) == pytest.approx(0.09308, abs=1e-5)


@pytest.mark.parametrize(("name", "expected"), [("squared", True), ("l1", True), ("psnr", False), ("ssim", False)])
def test_sums_over_pixels_are_told_from_others(name, expected):
    assert sums_over_pixels(OBJECTIVES[name]) is expected


@pytest.mark.slow
@pytest.mark.parametrize("name", [*OBJECTIVES, "mine"])
def test_completeness(name):
    objective = (lambda output, gt: (output - gt).abs().pow(1.5).mean()) if name == "mine" else name
    baseline = tiny_network().double()
    target, cases = nudged(baseline, seed=1, size=0.2), doubled(tiny_cases(count=2))
    found = path_scores(target, baseline, cases, gauss_legendre(32), objective)
    for kind, delta in found.delta().items():
        assert abs(delta) < 0.02, (kind, delta)
    coarse = path_scores(target, baseline, cases, riemann_left(1), objective).delta()
    assert max(map(abs, coarse.values())) > 0.02  # the check can fail


def test_the_default_is_the_papers():
    baseline = tiny_network()
    pair, cases = (nudged(baseline), baseline), tiny_cases(count=1)
    default, named, other = (
        path_scores(*pair, cases, riemann_left(2), *given) for given in ([], ["squared"], [OBJECTIVES["l1"]])
    )
    assert torch.equal(default.score["blur"], named.score["blur"])
    assert not torch.equal(default.score["blur"], other.score["blur"])


@pytest.mark.parametrize("name", OBJECTIVES)
def test_several_images_at_once_give_the_same(name):
    baseline = tiny_network()
    path, space = WeightPath(nudged(baseline), baseline), FilterSpace.of(baseline)
    samples = samples_of(tiny_cases(count=1)[0])
    one, together = (AlongPath(path, samples, ComputeOptions(together=count), OBJECTIVES[name]) for count in (1, 3))
    for integral in (one, together):
        integral.add([0.25, 0.75], [0.5, 0.5])
    for (score, _), (other, _) in zip(one.scores(space), together.scores(space), strict=True):
        torch.testing.assert_close(other, score, rtol=1e-4, atol=1e-6 * float(score.max()))


def test_the_path_check_compares_decibels_by_difference():
    """Mean squared errors of 0.01 and 0.02 at the ends, 0.04 between: twice as much, in dB as in powers."""
    powers = torch.tensor([[0.01, 0.04, 0.02]], dtype=torch.float64)
    score = {"blur": torch.zeros(1, 1)}
    two = {"blur": torch.zeros(2, 1)}
    plain = RawScores(["image"], score, losses={"blur": powers})
    decibels = RawScores(["image"], score, losses={"blur": 10 * powers.log10()}, decibels=True)
    twice = RawScores(["a", "b"], two, losses={"blur": 10 * powers.log10().repeat(2, 1)}, decibels=True)
    for found in (plain, decibels, twice):
        assert found.barriers()["blur"] == pytest.approx(2)


def test_a_users_function(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "def loss(output, gt): return (output - gt).abs().sum()\n"
        "def image(output, gt): return output - gt\n"
        "def number(output, gt): return 3.0\n"
        "def broken(output, gt): return output.nothing\n"
    )
    output, gt = torch.rand(2, 3, 8, 8)
    function = objective_of(f"{file}:loss")
    assert torch.equal(function(output, gt), OBJECTIVES["l1"](output, gt))
    for name, told in (("image", "one number"), ("number", "one number"), ("broken", "fails: AttributeError")):
        with pytest.raises(InputError, match=told):
            objective_of(f"{file}:{name}")
    with pytest.raises(InputError, match="objective psnrr: is not one of squared, l1, psnr, ssim"):
        objective_of("psnrr")


@pytest.mark.slow
def test_from_the_command_line(faig, study, tmp_path):
    for name in ("squared", "psnr"):
        code, _, err = faig("attribute", *study, "--nodes", 3, "--objective", name, "--out", tmp_path / name)
        assert code == 0, err
    found, told = load_scores(tmp_path / "psnr" / "scores.safetensors")
    assert told["objective"] == "psnr"
    assert found.decibels
    assert (found.losses["blur"] < 0).all()
    assert all(1 <= barrier < 3 for barrier in told["barrier"].values())
    with safe_open(tmp_path / "squared" / "scores.safetensors", framework="pt") as file:
        assert not {"objective", "decibels"} & json.loads(file.metadata()["faig"]).keys()
    code, _, err = faig("attribute", *study, "--nodes", 3, "--objective", "l1", "--out", tmp_path / "psnr")
    assert code == 2
    assert "holds another run (objective differs)" in err
    again = faig("run", tmp_path / "psnr" / "config.yaml", "--out", tmp_path / "again")
    assert again[0] == 0
    first, second = (tmp_path / name / "scores.safetensors" for name in ("psnr", "again"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--objective", "ssim", "--memory", "505MB"], "ssim is no sum over pixels, so an LR image of 150x140"),
        (["--objective", "l1", "--method", "ig"], "the method ig looks at no loss"),
        (["--objective", "nowhere.py:loss"], "'nowhere.py' is no file"),
    ],
)
def test_what_does_not_go_together(faig, study, large, tmp_path, given, told):
    images = ["--gt", large, "--degrade", "blur=2"]
    code, _, err = faig("attribute", *study[:4], *images, *given, "--out", tmp_path / "run")
    assert code == 2
    assert told in err
    assert err.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    from faig.imaging.images import write_image

    folder = tmp_path_factory.mktemp("large")
    write_image(folder / "large.png", torch.rand(3, 280, 300, generator=torch.Generator().manual_seed(0)))
    return folder
