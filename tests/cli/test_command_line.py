"""What all commands share: help, pairs, defaults, JSON, quiet and verbose; and how `restore` reads its arguments."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from PIL import Image

from faig import zoo
from faig.attribution.methods import DEFAULT
from faig.cli.app import COMMANDS, load_command
from faig.cli.restore import input_files, understood
from faig.common.errors import InputError
from faig.common.settings import proportions
from faig.imaging.images import read_image, write_image
from faig.networks.inference import restore

LIGHT = """
import sys
sys.argv = ["faig", "--help"]
from faig.cli import main
try:
    main()
finally:
    print([name for name in ("torch", "pandas", "numpy", "pydantic", "cv2") if name in sys.modules], file=sys.stderr)
"""
DEGRADE = ["--degrade", "blur=2,noise=0.1", "--nodes", 1]


def test_help_loads_nothing_heavy_and_groups_the_commands():
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    places = [done.stdout.index(f"─ {panel} ─") for panel in ("Start", "Find filters", "Use them", "Study", "Train")]
    assert places == sorted(places)
    assert all(f"│ {name} " in done.stdout for name in COMMANDS)


@pytest.mark.slow
def test_public_names_are_imported_when_they_are_used():
    code = "import sys, faig; dir(faig); print('torch' in sys.modules); faig.Pair; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\nTrue\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_is_there_with_the_options_of_all(name):
    command = load_command(name)
    assert command.name == name
    for each in getattr(command, "commands", {"": command}).values():
        assert {"--json", "--quiet", "--verbose"} <= {option for param in each.params for option in param.opts}
        assert each.help


def test_help_shows_the_models_defaults(faig, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # so that no default is broken over lines
    shown = faig("attribute", "--help")[1]
    for text in ("runs/attribute", "bilinear", f"[default: ({DEFAULT})]", "(graded)", "(12)", "(95%)", "(3GB)", "(0)"):
        assert text in shown
    assert "1%, 3%, 5%, 10%" in faig("compare", "--help")[1]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::faig.common.errors.FaigWarning")  # one node: the integral may not close
def test_a_pair_by_name_and_the_default_output(faig, place, tmp_path, monkeypatch):
    (tmp_path / "zoo" / "mine").mkdir(parents=True)
    for name in ("target", "baseline"):
        shutil.copy(place / f"{name}.safetensors", tmp_path / "zoo" / "mine")
    monkeypatch.setenv("FAIG_ZOO", str(tmp_path / "zoo"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gt").mkdir()
    write_image(tmp_path / "gt" / "one.png", torch.rand(3, 21, 24, generator=torch.Generator().manual_seed(0)))
    code, out, err = faig("attribute", "--pair", "mine", "--gt", "gt", *DEGRADE, "--json", "-v")
    assert code == 0, err
    told = json.loads(out)
    assert (told["run"], told["method"]) == ("runs/attribute", DEFAULT)
    assert {"convergence_delta", "barrier", "ranking_error", "carried"} == told["errors"]["blur"].keys()
    assert "warning: 1 of 1 GT images are cropped to multiples of 2" in err
    assert "jobs of this process" in err  # the log
    config = yaml.safe_load((tmp_path / "runs" / "attribute" / "config.yaml").read_text())
    assert (config["baseline"], config["target"]) == ("mine/baseline", "mine/target")
    assert config["images"]["strict_size"] is False
    code, out, err = faig("attribute", "--pair", "mine", "--gt", "gt", *DEGRADE, "--strict-size")
    assert code == 2
    assert "one.png: 24x21 is not divisible by scale 2" in err
    code, out, _ = faig("distribution", "runs/attribute", "--json", "--proportions", "1")
    told = json.loads(out)
    assert (told["method"], {row["function"] for row in told["functions"]}) == (DEFAULT, {"blur", "noise"})


@pytest.mark.slow
def test_altered_networks_of_a_pair_name_the_method(faig, tmp_path):
    out = tmp_path / "new.safetensors"
    code, said, _ = faig("revert", "--pair", "srresnet-x2", "--filters", "srresnet-x2/blur", "--out", out)
    assert code == 0
    assert said == f"method: {DEFAULT}\n{out}: 1519 of 151936 filters (0.01 of all) at strength 0\n"
    code, said, _ = faig("graft", "--pair", "srresnet-x2", "--filters", "srresnet-x2/blur@signed", "--out", out, "-q")
    assert (code, said) == (2, "")
    shipped = ["--filters", "srresnet-x2/blur@signed", "--out", out, "--force", "--no-check"]
    code, said, _ = faig("graft", "--pair", "srresnet-x2", *shipped, "--json")
    told = json.loads(said)
    assert (told["method"], told["how"], told["count"], told["of"]) == ("signed", "graft", 1519, 151936)
    assert faig("modulate", "--pair", "srresnet-x2", "--strength", 0.5, *shipped, "-q")[1].count("\n") == 1


@pytest.fixture
def photo(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    write_image(tmp_path / "photo.png", torch.rand(3, 12, 10))
    return tmp_path / "photo.png"


@pytest.mark.slow
def test_restored_photos_gather_in_one_folder_and_none_is_replaced_unasked(faig, photo):
    """The second is refused whole where one of its photos was restored before."""
    folder = photo.parent / "restored"
    network = "srcnn-style-x2/target"
    assert faig("restore", network, "photo.png")[0] == 0
    first = (folder / "photo.png").read_bytes()
    write_image(photo.parent / "other.png", torch.rand(3, 8, 8))
    code, _, err = faig("restore", network, "other.png", "photo.png")
    assert (code, err) == (2, "error: restored/photo.png: exists; pass --force to replace it\n")
    assert [path.name for path in folder.iterdir()] == ["photo.png"]
    assert faig("restore", network, "other.png")[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == ["other.png", "photo.png"]
    assert (folder / "photo.png").read_bytes() == first


@pytest.mark.slow
def test_restore_needs_only_a_photo(faig, photo):
    code, out, err = faig("restore", "photo.png")
    assert code == 0, err
    assert out == "1 image in restored\n"
    target = zoo.load("srresnet-x2/target")
    assert torch.equal(read_image(photo.parent / "restored" / "photo.png"), restore(target, photo))
    code, _, err = faig("restore", "photo.png", "--strength", "blur=0.5", "--no-check")
    assert (code, err) == (2, "error: restored/photo.png: exists; pass --force to replace it\n")
    code, out, err = faig("restore", "photo.png", "--strength", "blur=0.5", "--force")
    assert code == 0, err
    averaged = "the output images of 2 networks are averaged; --way weights mixes weights and runs one"
    assert out == f"method: learned\n{averaged}\n1 image in restored\n"
    half = read_image(photo.parent / "restored" / "photo.png")
    fixed = [
        "--baseline",
        "srresnet-x2/baseline",
        "--filters",
        "blur=srresnet-x2/blur@learned",
        "--strength",
        "blur=0.5",
        "--no-check",
    ]
    (photo.parent / "photos").mkdir()
    photo.rename(photo.parent / "photos" / "photo.png")
    assert faig("restore", "srresnet-x2/target", "photos", "out", *fixed)[0] == 0
    assert torch.equal(read_image(photo.parent / "out" / "photo.png"), half)
    assert (
        faig("restore", "--pair", "srresnet-x2", "photos/*.png", "--strength", "blur=0.5", "-q", "--no-check")[0] == 0
    )
    assert torch.equal(read_image(photo.parent / "photos" / "restored" / "photo.png"), half)


def test_restore_with_gt_as_json(faig, photo):
    (photo.parent / "gt").mkdir()
    write_image(photo.parent / "gt" / "photo.png", torch.rand(3, 25, 20))
    code, out, err = faig("restore", "photo.png", "--gt", "gt", "--json")
    assert code == 0, err
    assert "1 of 1 GT images are cropped to multiples of 2" in err
    told = json.loads(out)
    assert told["quality"] == [{"image": "photo"} | told["mean"]]
    assert told["mean"].keys() == {"PSNR RGB", "SSIM RGB", "PSNR Y", "SSIM Y"}
    code, out, err = faig("restore", "photo.png", "--gt", "gt", "--out", "other", "--strict-size")
    assert (code, "photo.png: 20x25 is not divisible" in err, out) == (2, True, "")
    assert not (photo.parent / "other").exists()


@pytest.mark.parametrize(
    ("arguments", "network", "inputs", "out"),
    [
        ("a.png", None, "a.png", None),
        ("a.png b.png", None, "a.png b.png", None),
        ("lr", None, "lr", None),
        ("lr a.png", None, "lr a.png", None),
        ("srresnet-x2/target lr", "srresnet-x2/target", "lr", None),
        ("srresnet-x2 lr out", "srresnet-x2/target", "lr", "out"),
        ("srresnet-x2/baseline lr out", "srresnet-x2/baseline", "lr", "out"),
        ("own.pth lr lr2", "own.pth", "lr", "lr2"),
        ("own.safetensors lr a.png", "own.safetensors", "lr a.png", None),
        ("own.pt a.png b.png", "own.pt", "a.png b.png", None),
        ("own.pt lr* out*", "own.pt", "lr* out*", None),
    ],
)
def test_restore_understands_its_arguments(tmp_path, monkeypatch, arguments, network, inputs, out):
    monkeypatch.chdir(tmp_path)
    for folder in ("lr", "lr2"):
        (tmp_path / folder).mkdir()
    named = understood(arguments.split(), None)
    assert (named.network, named.inputs, named.out) == (network, inputs.split(), None if out is None else Path(out))
    if network is not None:  # with --out, all are inputs
        assert understood(arguments.split(), Path("x")).inputs == arguments.split()[1:]


def test_files_folders_and_patterns(place):
    gt = place / "gt"
    assert list(input_files([str(gt)])) == ["one", "three", "two"]
    assert input_files([str(gt / "t*.png"), str(gt / "one.png")]) == {
        name: gt / f"{name}.png" for name in ("three", "two", "one")
    }
    with pytest.raises(InputError, match=r"one\.png: has the same name as"):
        input_files([str(gt), str(place / "odd" / ".." / "gt" / "one.png")])


@pytest.mark.slow
@pytest.mark.usefixtures("photo")
def test_json_is_all_there_is_on_standard_output(faig):
    assert json.loads(faig("zoo", "list", "--json")[1])["networks"] == zoo.names()
    assert "PSNR" in json.loads(faig("zoo", "show", "srresnet-x2", "--card", "--json")[1])["card"]
    assert "architecture" in json.loads(faig("zoo", "show", "srresnet-x2/target", "--json")[1])
    told = json.loads(faig("predict", "photo.png", "--json")[1])
    assert told["images"][0]["image"] == "photo.png"
    assert set(told["methods"].values()) == {DEFAULT}
    code, out, err = faig("predict", "none.png", "--json")
    assert (code, out, err) == (2, "", "error: none.png: no such file\n")


@pytest.mark.slow
@pytest.mark.usefixtures("photo")
@pytest.mark.filterwarnings("default::faig.common.errors.FaigWarning")
def test_jpeg_is_not_called_clean_whatever_its_name(faig):
    Image.open("photo.png").save("saved.png", "JPEG")
    code, out, err = faig("predict", "photo.png", "saved.png", "--json", "--pair", "srcnn-style-x2")
    assert code == 0, err
    assert "warning: saved.png is JPEG, of which this pair has learned nothing" in err
    assert json.loads(out)["images"][1]["prediction"] != "clean"


@pytest.mark.slow
def test_compare_and_sweep_as_json_and_quietly(faig, place, pair, tmp_path, monkeypatch):
    monkeypatch.setattr("faig.cli.sweep.draw_charts", lambda run: run)
    images = [*pair, "--gt", place / "gt", "--degrade", "blur=2,noise=0.1"]
    methods = ["--methods", "change,random", "--proportions", "10%"]
    code, out, err = faig("compare", *images, *methods, "--out", tmp_path / "compare", "--json")
    assert code == 0, err
    summary = json.loads(out)["summary"]
    assert {row["method"] for row in summary} == {"change", "random"}
    code, out, err = faig("compare", *images, *methods, "--out", tmp_path / "compare", "-q")
    assert (code, err, "tables: " in out, "reverted" in out) == (0, "", False, True)
    code, out, err = faig("attribute", *images, "--nodes", 2, "--out", tmp_path / "run", "-q")
    assert (code, err) == (0, "")
    filters = ["--filters", f"blur={tmp_path / 'run' / 'filters-blur.csv'}"]
    turned = ["--strengths", "0,1", "--top", "30%", "--out", tmp_path / "sweep", "--json"]
    code, out, err = faig("sweep", *images, *filters, *turned)
    assert code == 0, err
    assert json.loads(out)["methods"] == {"blur": DEFAULT}


def test_lists_of_proportions():
    for text in ("1%,3%", "1,3%", "0.01,0.03", "1,3", " 1, 3 "):
        assert proportions(text) == [0.01, 0.03]
    assert proportions("0.5%,1%") == [0.005, 0.01]
    for mixed in ("0.5,1", "0.5,1%", "1,0.03"):
        with pytest.raises(InputError, match=r"shares and percents stand side by side; write .*% or .*%$"):
            proportions(mixed)
