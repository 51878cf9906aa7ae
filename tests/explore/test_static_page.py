"""The folder that any host of files serves: whole or not there, of the pair's own numbers, asking no other host."""

import dataclasses
import json
import re

import numpy as np
import pytest
import torch

from faig.common.errors import InputError
from faig.explore import static_page
from faig.explore.explorer import Explorer
from faig.explore.static_page import page_files, write_page
from faig.filters import Strengths

RUNTIME = {"ort.wasm.bundle.min.mjs": b"a module", "gifenc.esm.js": b"another"}


@pytest.fixture
def _runtime(monkeypatch):
    monkeypatch.setattr(static_page, "runtime_files", lambda package: RUNTIME)


@pytest.mark.slow
@pytest.mark.usefixtures("_runtime")
def test_the_folder_is_whole_and_of_the_pair(explorer, tmp_path):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    folder = tmp_path / "page"
    assert write_page(explorer, folder) < 1e-4
    told = json.loads((folder / "pair.json").read_text("utf-8"))
    pair = explorer.pair
    assert {name: (folder / "npm" / name).read_bytes() for name in RUNTIME} == RUNTIME
    pictures = {file.name for file in (folder / "examples").iterdir()}
    assert pictures == {f"{one['id']}{kind}.png" for one in told["examples"] for kind in ("", "-small")}
    assert told["graph"]["bytes"] == (folder / told["graph"]["file"]).stat().st_size
    assert told["graph"]["strengths"] > len(pair.space)
    assert told["curves"] == explorer.curves.measured()
    kernels = np.fromfile(folder / told["kernels"]["file"], "<f4")
    own = [
        layer.kernels.split(network.get_parameter(layer.kernels.key)).flatten()
        for network in (pair.baseline, pair.target)
        for layer in pair.space.layers
    ]
    assert torch.equal(torch.from_numpy(kernels), torch.cat(own))
    with pytest.raises(InputError, match="exists and is not empty; pass force=True"):
        write_page(explorer, folder)
    (folder / "old.js").write_text("of an earlier version")
    (folder / "mine.txt").write_text("the visitor's own")
    write_page(explorer, folder, force=True)
    assert not (folder / "old.js").exists()
    assert (folder / "mine.txt").exists()


@pytest.mark.usefixtures("_runtime")
def test_after_an_error_nothing_is_left(explorer, tmp_path, monkeypatch):
    def fail(*_):
        raise InputError("the network cannot be written as ONNX")

    monkeypatch.setattr(static_page, "export_turnable", fail)
    with pytest.raises(InputError, match="cannot be written as ONNX"):
        write_page(explorer, tmp_path / "page")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_runtime")
def test_functions_of_a_strength_for_each_unit_are_refused(subject, tmp_path):
    space = subject.pair.space
    units = Strengths(space, torch.full((len(space),), 0.5))
    functions = {**subject.functions, "noise": dataclasses.replace(subject.functions["noise"], units=units)}
    with pytest.raises(InputError, match="noise: is turned by a strength for each unit"):
        write_page(Explorer(dataclasses.replace(subject, functions=functions)), tmp_path / "page")
    assert list(tmp_path.iterdir()) == []


def test_no_file_of_the_page_names_another_host():
    files = page_files()
    assert {"index.html", "app.js", "worker.js", "theme.css"} <= files.keys()
    named = {address for content in files.values() for address in re.findall(rb"https?://[\w.-]+", content)}
    assert named <= {b"http://www.w3.org"}  # the name of SVG's elements
    inline = re.findall(rb"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", files["index.html"])
    assert inline == []  # the policy of both engines forbids them


@pytest.mark.parametrize("arguments", [["--runtime", "x"], ["--force"]])
def test_what_is_of_a_written_page_alone_is_refused_where_it_is_served(faig, arguments):
    code, out, err = faig("explore", "--no-open", *arguments)
    assert (code, out) == (2, "")
    assert err == "error: --runtime and --force are of a page that is written: name its folder with --out\n"


def test_a_runtime_that_is_none_is_one_line_and_nothing_is_written(faig, tmp_path):
    code, out, err = faig("explore", "--out", tmp_path / "page", "--runtime", tmp_path / "none")
    assert (code, out) == (2, "")
    folder = tmp_path / "none" / "onnxruntime-web"
    assert err.startswith(f"error: {folder}: package.json: No such file or directory; name the node_modules")
    assert err.endswith("(--runtime)\n")
    assert list(tmp_path.iterdir()) == []
