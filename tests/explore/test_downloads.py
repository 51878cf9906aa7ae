"""Files to take away hold what is seen, and the commands beside them do the same."""

import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from PIL import Image as Pillow

from explore_client import read_png
from faig.common.errors import InputError
from faig.explore.commands import FEW, commands
from faig.explore.downloads import FRAMES, KINDS, downloaded, filters_of
from faig.explore.explorer import png
from faig.explore.messages import Change, Input, MapChange, Worse
from faig.imaging.images import read_image, to_uint8
from faig.networks.checkpoint import load_network
from faig.networks.inference import restore
from faig.zoo.scores import read_units

SHOWN = Input(photo="chelsea", crop=(60, 40, 52, 46), worse=Worse(blur=1.5, noise=0.05, seed=4))
MANY = tuple((start, start + 1) for start in range(0, 2 * FEW + 2, 2))
ONE_NETWORK = {
    "target": Change(),
    "off": Change(strengths={"blur": 0.0}),
    "set": Change(way="set", strengths={"blur": 0.5, "noise": 1.25}),
    "DNI": Change(way="DNI", strengths={"noise": 0.3}),
    "revert": Change(way="map", map=MapChange(units=((3, 40),))),
    "strength": Change(way="map", map=MapChange(action="strength", strength=0.25, units=((3, 4), (90, 136)))),
    "graft": Change(way="map", map=MapChange(action="graft", units=MANY)),
    "cut": Change(way="map", map=MapChange(action="cut", units=((3, 40),))),
    "all": Change(way="map", map=MapChange(units=((0, 136),))),
}
SEVERAL = {
    "images": Change(strengths={"blur": 0.5, "noise": 0.25}),
    "blend": Change(way="blend", strengths={"blur": 0.5}),
}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path, own_zoo):
    monkeypatch.setenv("FAIG_ZOO", str(own_zoo))
    monkeypatch.chdir(tmp_path)


def altered(explorer, change: Change) -> torch.Tensor:
    return explorer.alter(SHOWN, change, full=True)["pictures"]["altered"]


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
@pytest.mark.parametrize("name", ONE_NETWORK)
def test_a_network_file_gives_the_picture(explorer, tmp_path, name, suffix):
    file, content = downloaded(explorer, SHOWN, ONE_NETWORK[name], suffix)
    assert file == f"altered.{suffix}"
    (tmp_path / file).write_bytes(content)
    lr = explorer.prepare(SHOWN, full=True)["pictures"]["input"]
    assert torch.equal(restore(load_network(tmp_path / file), lr), altered(explorer, ONE_NETWORK[name]))


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
@pytest.mark.parametrize("name", SEVERAL)
def test_several_networks_are_no_weights_file(explorer, name, suffix):
    with pytest.raises(InputError, match=r"networks are averaged here.*take ONNX, or turn by the way set"):
        downloaded(explorer, SHOWN, SEVERAL[name], suffix)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["set", "images"])
def test_onnx_gives_the_picture(explorer, name):
    onnxruntime = pytest.importorskip("onnxruntime")
    change = (ONE_NETWORK | SEVERAL)[name]
    _, content = downloaded(explorer, SHOWN, change, "onnx")
    graph = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    lr = explorer.prepare(SHOWN, full=True)["pictures"]["input"]
    output = torch.from_numpy(graph.run(None, {graph.get_inputs()[0].name: lr[None].numpy()})[0])[0]
    assert (to_uint8(output).int() - to_uint8(altered(explorer, change)).int()).abs().max() <= 1


@pytest.mark.parametrize("name", [name for name in (*ONE_NETWORK, *SEVERAL) if name != "all"])
def test_filters_are_those_that_are_turned(explorer, tmp_path, name):
    change = (ONE_NETWORK | SEVERAL)[name]
    chosen, pair = filters_of(explorer, change), explorer.pair
    for kind in ("csv", "index"):
        file, content = downloaded(explorer, SHOWN, change, kind)
        (tmp_path / file).write_bytes(content)
        read = read_units(tmp_path / file, pair.target)
        assert read.top(len(chosen) / len(pair.space)) == chosen
    assert len(pd.read_csv(tmp_path / "filters.csv")) == len(chosen)


def test_a_comparison_has_all_pictures_side_by_side(explorer):
    told = explorer.prepare(SHOWN, full=True)["pictures"]
    _, content = downloaded(explorer, SHOWN, SEVERAL["images"], "comparison")
    strip, width = read_png(content)[:, 14:], 52
    shown = {1: told["baseline"], 2: told["target"], 3: altered(explorer, SEVERAL["images"]), 4: told["gt"]}
    for place, image in shown.items():
        assert torch.equal(to_uint8(strip[:, :, place * width : (place + 1) * width]), to_uint8(image))
    larger = told["input"].repeat_interleave(2, 1).repeat_interleave(2, 2)
    assert torch.equal(to_uint8(strip[:, :, :width]), to_uint8(larger))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*ONE_NETWORK, *SEVERAL])
def test_an_animation_goes_from_the_target_to_the_change_and_back(explorer, tmp_path, name):
    change = (ONE_NETWORK | SEVERAL)[name]
    (tmp_path / "turned.gif").write_bytes(downloaded(explorer, SHOWN, change, "gif")[1])
    with Pillow.open(tmp_path / "turned.gif") as animation:
        assert animation.size == (52, 46 + 14)
        if name not in ("target", "graft", "cut"):  # equal frames are joined
            assert animation.n_frames == 2 * FRAMES


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_behind(explorer, tmp_path, monkeypatch, kind):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if kind == "onnx":
        monkeypatch.setattr("faig.networks.export.write_onnx", lambda network, path, channels: path.write_bytes(b"x"))
    name, content = downloaded(explorer, SHOWN, ONE_NETWORK["set"], kind)
    assert name
    assert content
    assert list(tmp_path.iterdir()) == []


def test_an_error_names_no_folder_of_this_machine(explorer, monkeypatch):
    def fail(_network, path, _metadata):
        raise InputError(f"{path}: cannot be written, as {path.parent} is full")

    monkeypatch.setattr("faig.explore.downloads.export", fail)
    with pytest.raises(InputError, match=r"^cannot be written, as  is full$"):
        downloaded(explorer, SHOWN, ONE_NETWORK["set"], "pth")


CASES = {
    **{name: (change, SHOWN) for name, change in (ONE_NETWORK | SEVERAL).items()},
    "a whole photo": (SEVERAL["images"], Input(photo="sent", worse=Worse(jpeg=30, noise=0.1, seed=2))),
    "a photo that is the input": (ONE_NETWORK["set"], Input(photo="sent")),
    "a crop that is the input": (ONE_NETWORK["revert"], Input(photo="sent", crop=(3, 1, 30, 21))),
}


@pytest.fixture
def photo(explorer, tmp_path) -> str:
    """A photo, sent; and as the file that the commands are about."""
    content = png(explorer.photos.image("chelsea", (60, 40, 53, 47)))
    (tmp_path / "photo.png").write_bytes(content)
    return explorer.photos.add(content)[0]


def prepared(explorer, tmp_path: Path, name: str, photo: str) -> tuple[Input, Change, torch.Tensor]:
    """What is shown, what is turned, and what comes out; beside it the filters as they are downloaded."""
    change, shown = CASES[name]
    if shown.photo == "sent":
        shown = shown.model_copy(update={"photo": photo})
    else:
        (tmp_path / "photo.png").write_bytes(png(explorer.photos.image(shown.photo)))
    (tmp_path / "filters.csv").write_bytes(downloaded(explorer, shown, change, "csv")[1])
    return shown, change, explorer.alter(shown, change, full=True)["pictures"]["altered"]


@pytest.mark.parametrize("name", CASES)
def test_the_lines_of_python_make_the_picture(explorer, tmp_path, name, photo):
    shown, change, expected = prepared(explorer, tmp_path, name, photo)
    exec(commands(explorer, shown, change)["python"], {})
    assert torch.equal(to_uint8(read_image(tmp_path / "altered.png")), to_uint8(expected))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CASES if name not in ("DNI", "blend", "cut")])
def test_the_lines_of_the_shell_make_the_picture(explorer, tmp_path, name, photo, faig):
    shown, change, expected = prepared(explorer, tmp_path, name, photo)
    for line in commands(explorer, shown, change)["shell"].split("\n"):
        program, *arguments = shlex.split(line, comments=True) or [""]
        if program == "faig":
            code, _, err = faig(*arguments)
            assert code == 0, err
        elif program:
            program = sys.executable if program == "python" else program
            subprocess.run([program, *arguments], check=True)
    assert torch.equal(to_uint8(read_image(tmp_path / "restored" / "photo.png")), to_uint8(expected))


@pytest.mark.parametrize("name", ["DNI", "blend", "cut"])
def test_what_has_no_command_is_said_to_have_none(explorer, name):
    text = commands(explorer, SHOWN, CASES[name][0])["shell"]
    assert text == f"# {name} has no command; the lines of Python do it"
