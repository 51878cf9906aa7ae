"""A gray denoiser, which enlarges nothing, through the commands."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from conftest import nudged
from faig import Pair, make_cases
from faig.common.errors import InputError
from faig.imaging.cases import Case, load_cases
from faig.imaging.degradation import Degradation
from faig.imaging.images import write_image
from faig.imaging.metrics import psnr
from faig.networks.architectures import build
from faig.networks.checkpoint import load_network


@pytest.fixture(scope="module")
def denoisers(tmp_path_factory) -> Path:
    """A pair in KAIR's names, as public files have them, and images in colour."""
    folder = tmp_path_factory.mktemp("denoisers")
    torch.manual_seed(0)
    baseline = build("dncnn", features=4, convolutions=4, channels=1).requires_grad_(False)
    for weight in baseline.parameters():
        weight.mul_(0.5)
    for name, network in (("baseline", baseline), ("target", nudged(baseline, seed=2, size=0.02))):
        torch.save(network.state_dict(), folder / f"{name}.pth")
    (folder / "gt").mkdir()
    generator = torch.Generator().manual_seed(0)
    for name, height, width in (("one", 25, 31), ("two", 30, 27), ("three", 24, 24)):
        write_image(folder / "gt" / f"{name}.png", torch.rand(3, height, width, generator=generator))
    return folder


def is_gray(file: Path) -> bool:
    return cv2.imread(str(file), cv2.IMREAD_UNCHANGED).ndim == 2


def gray_of(file: Path) -> torch.Tensor:
    """Rec. 601 luma, rounded to 8 bits, by hand."""
    pixels = cv2.imread(str(file)).astype(np.float64)  # blue, green, red
    return torch.from_numpy((pixels @ [0.114, 0.587, 0.299]).round()).float()[None] / 255


@pytest.mark.slow
def test_all_commands(faig, denoisers, tmp_path):
    pair = ["--baseline", denoisers / "baseline.pth", "--target", denoisers / "target.pth"]
    images = ["--gt", denoisers / "gt", "--degrade", "noise=0.1", "--degrade", "jpeg=30"]

    def done(*arguments) -> str:
        code, out, err = faig(*arguments)
        assert code == 0, err
        return out

    run = tmp_path / "run"
    done("attribute", *pair, *images, "--nodes", 2, "--out", run)
    ranking = run / "filters-noise.csv"
    done(
        *("compare", *pair, *images, "--nodes", 2, "--methods", "faig,ig", "--proportions", "10%"),
        *("--save-images", "--out", tmp_path / "compared"),
    )
    kept = list((tmp_path / "compared" / "images").rglob("*.png"))
    assert kept
    assert all(map(is_gray, kept))
    filters = ["--filters", f"noise={ranking}", "--top", "10%"]
    done("restore", denoisers / "target.pth", denoisers / "gt", tmp_path / "out", "--gt", denoisers / "gt")
    told = json.loads(
        done(
            *("restore", denoisers / "target.pth", denoisers / "gt", "--out", tmp_path / "again"),
            *("--baseline", denoisers / "baseline.pth", *filters, "--strength", "noise=0.5"),
            *("--gt", denoisers / "gt", "--json"),
        )
    )
    assert set(told["mean"]) == {"PSNR gray", "SSIM gray"}
    restored = tmp_path / "again" / "one.png"
    assert is_gray(restored)
    gray = gray_of(denoisers / "gt" / "one.png")
    assert told["quality"][0]["PSNR gray"] == pytest.approx(psnr(gray_of(restored), gray, border=1))
    for name in ("new.safetensors", "new.pth", "new.onnx"):
        done("revert", *pair, "--filters", ranking, "--top", "10%", "--out", tmp_path / name)
    reverted = [load_network(tmp_path / name) for name in ("new.safetensors", "new.pth")]
    assert torch.equal(*(network(gray[None]) for network in reverted))
    session = pytest.importorskip("onnxruntime").InferenceSession(tmp_path / "new.onnx")
    assert session.get_inputs()[0].shape[:2] == [1, 1]
    output = torch.from_numpy(session.run(None, {"input": gray[None].numpy()})[0])
    torch.testing.assert_close(output, reverted[0](gray[None]), atol=1e-5, rtol=0)
    done("zoo", "export", denoisers / "target.pth", tmp_path / "target.safetensors")
    assert torch.equal(*(load_network(file)(gray[None]) for file in (tmp_path / "target.safetensors", pair[3])))
    done("sweep", *pair, *images, *filters, "--strengths", "0,0.5,1", "--out", tmp_path / "swept")
    assert all(map(is_gray, (tmp_path / "swept").rglob("noise/*.png")))
    with (tmp_path / "swept" / "modulation.csv").open() as file:
        assert {row["input"] for row in csv.DictReader(file)} == {"clean", "noise", "jpeg"}
    predicted = done(
        *("predict", denoisers / "gt", *pair, *filters, "--gt", denoisers / "gt", "--degrade", "noise=0.1", "--json"),
    )
    assert {row["prediction"] for row in json.loads(predicted)["images"]} <= {"clean", "noise", "unknown"}
    done("distribution", run, "--proportions", "10%")
    done("report", tmp_path / "compared")


def test_no_blue_in_gray(faig, denoisers, tmp_path):
    code, _, err = faig(
        *("compare", "--baseline", denoisers / "baseline.pth", "--target", denoisers / "target.pth"),
        *("--gt", denoisers / "gt", "--degrade", "noise=0.1", "--channel", "blue", "--out", tmp_path / "run"),
    )
    assert code == 2
    assert "a gray image has no blue channel" in err


def test_cases_are_gray_before_anything_is_done_to_them(denoisers):
    cases = make_cases(denoisers / "gt", {"noise": 0.1, "blur": 2}, scale=1, channels=1)
    for case in cases:
        gt = gray_of(denoisers / "gt" / f"{case.name}.png")
        torch.testing.assert_close(case.gt, gt, atol=1e-6, rtol=0)
        assert torch.equal(case.lr["clean"], case.gt)  # no downsampling
        noisy = Degradation(noise=0.1)(case.gt, 1, name=case.name)
        assert torch.equal(case.lr["noise"], noisy)
    spread = float((cases[0].lr["noise"] - cases[0].gt).std())
    assert 0.07 < spread < 0.11  # not thinned out over three channels; clipping takes some


@pytest.mark.parametrize("how", ["bilinear", "bicubic", "area"])
def test_at_scale_1_nothing_is_downsampled(how):
    image = read_random(3)
    assert torch.equal(Degradation(downsampling=how)(image, 1), image)


@pytest.mark.parametrize("spec", ["jpeg:30", "poisson:50", "motion:9:30", "defocus:2"])
def test_steps_on_gray_are_those_on_a_gray_picture(spec):
    gray = read_random(1)
    made = Degradation.parse(spec)(gray, 1, name="x")
    assert made.shape == gray.shape
    if not spec.startswith("poisson"):  # which counts each channel by itself
        three = Degradation.parse(spec)(gray.repeat(3, 1, 1), 1, name="x")
        assert (three - made).abs().max() <= 2 / 255 + 1e-6


def read_random(channels: int) -> torch.Tensor:
    pixels = np.random.default_rng(0).integers(0, 256, (channels, 23, 29), dtype=np.uint8)
    return torch.from_numpy(pixels).float() / 255


def test_folders_of_gray_cases(denoisers, tmp_path):
    for name in ("clean", "noise"):
        (tmp_path / name).mkdir()
        for file in (denoisers / "gt").iterdir():
            write_image(tmp_path / name / file.name, gray_of(file))
    cases = load_cases(denoisers / "gt", {n: tmp_path / n for n in ("clean", "noise")}, 1, channels=1)
    assert {tuple(case.lr["noise"].shape) for case in cases} == {(1, 25, 31), (1, 30, 27), (1, 24, 24)}


def test_cases_in_colour_do_not_fit_a_gray_pair(denoisers):
    pair = Pair(target=denoisers / "target.pth", baseline=denoisers / "baseline.pth")
    assert (pair.channels, pair.scale) == (1, 1)
    colour = make_cases(denoisers / "gt", {"noise": 0.1}, scale=1)
    with pytest.raises(
        InputError,
        match=r"the network does not take an RGB image of .*make_cases\(\.\.\., channels=channels_of\(network\)\)",
    ):
        pair.attribute(colour, nodes=1)
    gray: list[Case] = make_cases(denoisers / "gt", {"noise": 0.1}, scale=pair.scale, channels=pair.channels)
    found = pair.attribute(gray, method="signed", nodes=8)
    table = pair.measure(pair.revert(found.top("noise", 0.1)), gray)
    assert table["psnr"].notna().all()
