"""Units, strengths and run directories on the command line."""

import json

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from faig.common.tensors import METADATA_KEY
from faig.filters import FilterSpace, Strengths
from faig.imaging.images import read_image
from faig.intervention.edit import modulate
from faig.networks.checkpoint import load_network, save_network
from faig.networks.inference import restore as run_network

DEGRADE = ["--degrade", "blur=2,noise=0.1", "--nodes", 2]
UNITS = [["--unit", "channel"], ["--unit", "layer"], ["--everything"]]


@pytest.fixture(scope="module")
def networks(place):
    return [load_network(place / f"{role}.safetensors") for role in ("target", "baseline")]


@pytest.mark.slow
@pytest.mark.parametrize("options", UNITS, ids=lambda options: options[-1].strip("-"))
def test_a_run_of_other_units_turns_functions(faig, place, pair, networks, tmp_path, options):
    """Found, then all of them reverted by the run directory alone: the baseline, bit for bit."""
    run, out = tmp_path / "run", tmp_path / "net.safetensors"
    code, printed, err = faig("attribute", *pair, "--gt", place / "gt", *DEGRADE, *options, "--out", run)
    assert code == 0, err
    assert printed.count("the rest 0%") == 3
    for filters in (f"noise={run}", f"noise={run / 'rankings.safetensors'}", run / "filters-noise.csv"):
        code, _, err = faig(
            "revert", *pair, "--filters", filters, "--top", "100%", "--out", out, "--force", "--no-check"
        )
        assert code == 0, err
        weights = load_network(out).state_dict()
        assert all(torch.equal(weights[key], weight) for key, weight in networks[1].state_dict().items()), filters


@pytest.mark.slow
def test_a_run_stands_for_its_own_ranking(faig, place, pair, attributed, tmp_path):
    """``--filters blur=RUN`` is ``--filters RUN/filters-blur.csv``; a run with two functions must be asked for one."""
    out, other = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    for filters, file in ((f"blur={attributed}", out), (attributed / "filters-blur.csv", other)):
        assert faig("revert", *pair, "--filters", filters, "--top", "20%", "--out", file, "--no-check")[0] == 0
    assert all(torch.equal(w, load_network(other).state_dict()[k]) for k, w in load_network(out).state_dict().items())
    code, _, err = faig("revert", *pair, "--filters", attributed, "--out", out, "--force")
    assert code == 2
    assert "is for blur, noise, so say which: NAME=FILE" in err
    code, _, err = faig("revert", *pair, "--filters", f"jpeg={attributed}", "--out", out, "--force")
    assert (code, "is for blur, noise, not 'jpeg'" in err) == (2, True)
    code, _, err = faig("revert", *pair, "--filters", f"blur={attributed}", "--unit", "layer", "--out", out, "--force")
    assert (code, "is of filters, not of layers (--unit)" in err) == (2, True)
    code, _, err = faig("revert", *pair, "--filters", f"blur={attributed}", "--everything", "--out", out, "--force")
    assert (code, "is of filters alone, not of everything (--everything)" in err) == (2, True)
    code, _, err = faig("revert", *pair, "--filters", f"blur={place}", "--out", out, "--force")
    assert (code, "holds no rankings.safetensors" in err) == (2, True)


def test_strengths_are_an_intervention(faig, place, pair, networks, tmp_path):
    space = FilterSpace.of(networks[0], "channel")
    file, out = tmp_path / "noise.safetensors", tmp_path / "net.safetensors"
    Strengths(space, torch.linspace(0, 1, len(space))).save(file)
    code, _, err = faig("modulate", *pair, "--filters", file, "--strength", 0.5, "--out", out, "--no-check")
    assert code == 0, err
    for key, strength in space.spread(torch.linspace(0.5, 1, len(space))).items():
        low, high = (network.state_dict()[key] for network in networks[::-1])
        torch.testing.assert_close(load_network(out).state_dict()[key], low + strength * (high - low))
    restored = tmp_path / "restored"
    turned = ["--filters", f"noise={file}", "--strength", "noise=0.5", "--no-check", "--out", restored]
    assert faig("restore", place / "target.safetensors", place / "gt", *pair[:2], *turned)[0] == 0
    code, _, err = faig("revert", *pair, "--filters", file, "--top", "1%", "--out", out, "--force")
    assert (code, "leave the share out (--top)" in err) == (2, True)


def test_the_check_of_an_attribution_is_a_table(faig, place, pair, attributed, tmp_path):
    rows = pd.read_csv(attributed / "check.csv", keep_default_na=False)
    assert list(rows["function"] + " " + rows["input"]) == [
        f"{function} {kind}" for function in ("blur", "noise") for kind in ("clean", "blur", "noise")
    ]
    assert set(rows["proportion"]) == {0.01}
    out = tmp_path / "quick"
    assert faig("attribute", *pair, "--gt", place / "gt", *DEGRADE, "--no-check", "--out", out)[0] == 0
    assert not (out / "check.csv").exists()


@pytest.mark.slow
def test_a_pair_as_one_graph(faig, pair, networks, tmp_path):
    pytest.importorskip("onnxruntime")
    space, out = FilterSpace.of(networks[0]), tmp_path / "knob.onnx"
    Strengths(space, torch.rand(len(space))).save(tmp_path / "noise.safetensors")
    turned = ["--filters", f"noise={tmp_path / 'noise.safetensors'}"]
    code, printed, err = faig("export", *pair, *turned, "--out", out, "--json")
    assert code == 0, err
    facts = json.loads(printed)
    assert facts["functions"] == ["noise"]
    assert facts["difference"] < 1e-5
    assert out.stat().st_size == facts["bytes"]
    assert faig("export", *pair, "--per-unit", "--unit", "channel", "--out", tmp_path / "units.onnx")[0] == 0
    for wrong, message in (
        ([*pair, *turned, "--out", out], "exists"),
        ([*pair, "--out", tmp_path / "x.onnx"], "--per-unit"),
        ([*pair, *turned, "--out", tmp_path / "x.pth"], "is written as .onnx"),
        (["srresnet-x2", *pair, *turned, "--out", tmp_path / "x.onnx"], "leave --baseline and --target out"),
    ):
        code, _, err = faig("export", *wrong)
        assert (code, message in err) == (2, True), err


@pytest.mark.slow
@pytest.mark.parametrize("check", ["--check", "--no-check"])
def test_a_graph_that_wrecks_the_image_is_told_of(faig, pair, networks, tmp_path, monkeypatch, check):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr("faig.cli.reading.wrecked_on_photos", lambda network, *ends: "too bright")
    space = FilterSpace.of(networks[0])
    Strengths(space, torch.zeros(len(space))).save(tmp_path / "noise.safetensors")
    out = tmp_path / "knob.onnx"
    code, _, err = faig("export", *pair, "--filters", f"noise={tmp_path / 'noise.safetensors'}", check, "--out", out)
    assert (code, out.is_file()) == (0, True)
    assert ("noise at strength 0 wrecks the image: too bright" in err) == (check == "--check")


WILD = {"degrade": {"blur:1..3": 0.5, "jpeg:30..95": 0.5, "noise:0.2": 0}, "downsampling": "bicubic"}


@pytest.mark.parametrize("record", [WILD, None], ids=["trained on others", "no record"])
@pytest.mark.parametrize("command", ["revert", "modulate", "graft", "restore", "export"])
def test_a_wreck_is_looked_for_on_inputs_that_the_target_was_trained_on(
    faig, place, networks, tmp_path, monkeypatch, command, record
):
    """The middle of each range, downsampled as the patches were; the paper's where the file does not say."""
    tried = []

    def wreck(*networks_scale_and_inputs):
        tried.append({name: str(made) for name, made in networks_scale_and_inputs[-1].items()})
        return "too bright"

    monkeypatch.setattr("faig.cli.reading.wrecked_on_photos", wreck)
    target = tmp_path / "target.safetensors"
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    training = {} if record is None else {"training": {"config": {"data": {"degradation": record}}}}
    save_network(target, networks[0].state_dict(), metadata | training)
    space = FilterSpace.of(networks[0])
    Strengths(space, torch.zeros(len(space))).save(tmp_path / "noise.safetensors")
    filters = ["--baseline", place / "baseline.safetensors", "--filters", f"noise={tmp_path / 'noise.safetensors'}"]
    told = {
        "restore": ["restore", target, place / "gt", "--strength", "noise=0.5", "--out", tmp_path / "images"],
        "export": ["export", "--target", target, "--out", tmp_path / "knob.onnx"],
        "modulate": ["modulate", "--target", target, "--strength", "0.5", "--out", tmp_path / "net.safetensors"],
    }.get(command, [command, "--target", target, "--out", tmp_path / "net.safetensors"])
    code, _, err = faig(*told, *filters)
    assert code == 0, err
    assert "wrecks the image: too bright" in err
    wild = {"clean": "down:bicubic", "blur:2": "blur:2+down:bicubic", "jpeg:62": "down:bicubic+jpeg:62"}
    assert tried == [wild if record else {}]


def test_learned_strengths_turn_by_the_run_alone(faig, place, pair, tmp_path, monkeypatch):
    monkeypatch.setattr("faig.attribution.learning.strengths.STEPS", 2)
    run = tmp_path / "run"
    degrade = ["--degrade", "noise=0.1", "--method", "strengths"]
    code, out, err = faig("attribute", *pair, "--gt", place / "gt", *degrade, "--out", run)
    assert code == 0, err
    assert "learned strengths, on the images that it was found on" in out
    assert Strengths.load(run / "strengths-noise.safetensors").space.unit == "channel"
    turned = ["--filters", f"noise={run}", "--strength", "noise=0.5", "--no-check", "--out", tmp_path / "restored"]
    assert faig("restore", place / "target.safetensors", place / "gt", *pair[:2], *turned)[0] == 0


@pytest.mark.slow
def test_a_run_of_one_function_stands_for_no_other(faig, place, pair, tmp_path, monkeypatch):
    """Asked for deblurring, a run that found denoising says so: it is not taken for it."""
    monkeypatch.setattr("faig.attribution.learning.strengths.STEPS", 2)
    out = tmp_path / "net.safetensors"
    for method in ("change", "strengths"):
        run = tmp_path / method
        options = ["--degrade", "noise=0.1", "--method", method, "--no-check", "--out", run]
        assert faig("attribute", *pair, "--gt", place / "gt", *options)[0] == 0
        code, _, err = faig("revert", *pair, "--filters", f"blur={run}", "--out", out, "--no-check")
        assert (code, "is for noise, not 'blur'" in err) == (2, True), err
        assert not out.exists()
        assert faig("revert", *pair, "--filters", run, "--out", out, "--no-check")[0] == 0
        out.unlink()
    code, _, err = faig("revert", *pair, "--filters", f"noise={run}", "--unit", "filter", "--out", out)
    assert (code, "is of channels, not of filters (--unit)" in err) == (2, True)


@pytest.mark.parametrize(
    "metadata", [[1], {}, {"layers": []}, {"layers": [["a", 1, 2, 3]]}, {"layers": [["a"]]}, {"layers": 7}]
)
def test_damaged_files_of_strengths_are_one_line(faig, pair, tmp_path, metadata):
    file = tmp_path / "strengths.safetensors"
    save_file({"strength": torch.zeros(2)}, file, {METADATA_KEY: json.dumps(metadata)})
    code, _, err = faig("revert", *pair, "--filters", file, "--out", tmp_path / "net.safetensors")
    assert (code, err.count("\n"), "strengths.safetensors: " in err) == (2, 1, True), err


def test_functions_are_turned_by_images_or_by_weights(faig, place, pair, networks, tmp_path):
    space = FilterSpace.of(networks[0], "channel")
    file = tmp_path / "noise.safetensors"
    Strengths(space, torch.linspace(0, 1, len(space))).save(file)
    turned = ["--filters", f"noise={file}", "--no-check", "--json"]

    def images(name, *options):
        out = tmp_path / name
        code, said, err = faig(
            "restore", place / "target.safetensors", place / "gt", *pair[:2], *turned, *options, "--out", out
        )
        assert code == 0, err
        return read_image(out / "one.png"), json.loads(said)

    off, on = (images(level, "--strength", f"noise={level}")[0] for level in ("0", "1"))
    half, said = images("half", "--strength", "noise=0.5")
    torch.testing.assert_close(half, (off + on) / 2, rtol=0, atol=1.01 / 255)
    assert (said["way"], said["networks"]) == ("images", 2)
    mixed, said = images("mixed", "--strength", "noise=0.5", "--way", "weights")
    network = modulate(*networks, Strengths.load(file), 0.5)
    assert torch.equal(mixed, run_network(network, read_image(place / "gt" / "one.png")))
    assert (said["way"], said["networks"]) == ("weights", 1)
    wrong = ["restore", place / "target.safetensors", place / "gt", *pair[:2], *turned, "--strength", "noise=0.5"]
    code, _, err = faig(*wrong, "--way", "both", "--out", tmp_path / "no")
    assert (code, err.count("\n"), "way 'both' is not one of images, weights" in err) == (2, 1, True), err
    assert not (tmp_path / "no").exists()


def test_what_a_terminal_would_obey_is_escaped(faig, place, networks, tmp_path):
    weights = networks[0].state_dict() | {"\x1b[31m\nred": torch.zeros(1)}
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    save_file(weights, tmp_path / "net.safetensors", {METADATA_KEY: json.dumps(metadata)})
    code, out, err = faig("restore", tmp_path / "net.safetensors", place / "gt", tmp_path / "out")
    assert (code, err.count("\n")) == (2, 1), err
    assert "\x1b" not in out + err
    assert "\\x1b[31m red is in the file but not in the network" in err
