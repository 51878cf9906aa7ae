"""Every endpoint gives what the explorer behind it gives."""

import base64
import csv
import io
import json

import numpy as np
import pytest
import torch

from explore_client import read_png
from faig.common.plain import plain
from faig.explore.description import describe, describe_unit
from faig.explore.explorer import png
from faig.explore.guard import HEADERS
from faig.explore.messages import Change, Input, Worse
from faig.explore.photos import EXAMPLES
from faig.imaging.images import to_uint8
from faig.imaging.photos import photograph

INPUT = {"photo": "coffee", "crop": [200, 100, 64, 52], "worse": {"blur": 2.0, "noise": 0.1, "jpeg": None, "seed": 1}}
SHOWN = Input(photo="coffee", crop=(200, 100, 64, 52), worse=Worse(blur=2.0, noise=0.1, seed=1))
TURNED = {"way": "images", "strengths": {"blur": 0.5}, "map": None}


def asked(serial: int, page: str = "tab", **what: object) -> dict:
    return {"page": page, "serial": serial, "input": INPUT, "full": True, **what}


def without_pictures(told: dict) -> dict:
    numbers = told.get("numbers", {})
    numbers = {**numbers, "others": [{**other, "picture": None} for other in numbers.get("others", [])]}
    return {**told, "pictures": None, "seconds": None, "numbers": numbers}


def test_pair(served):
    told = served.client.get("/api/pair").json
    assert told == json.loads(json.dumps(plain(describe(served.explorer))))
    assert [function["job"] for function in told["functions"]] == ["deblurring", "denoising"]
    trained = {"step": "blur", "low": 2.0, "high": 2.0, "unit": "σ in pixels"}
    assert told["functions"][0]["trained"] == trained
    assert [example["id"] for example in told["examples"]] == list(EXAMPLES)
    space, subject = served.explorer.pair.space, served.explorer.subject
    for name, units in subject.units.items():
        assert np.frombuffer(base64.b64decode(told["sets"][name]), "<u4").tolist() == units.indices.tolist()
    for method in told["methods"]:
        for name, ranking in method["functions"].items():
            order, scores = subject.rankings[method["name"]][name].order, subject.rankings[method["name"]][name].scores
            best = np.frombuffer(base64.b64decode(ranking["index"]), "<u4").tolist()
            assert best == order[: len(space) // 10].tolist()
            assert np.frombuffer(base64.b64decode(ranking["score"]), "<f4").tolist() == scores[best].float().tolist()


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(served, name):
    assert torch.equal(served.client.picture(f"/api/examples/{name}.png"), photograph(name))


def test_prepare(served):
    told = served.client.post("/api/prepare", asked(1, "prepares")).json
    expected = served.explorer.prepare(SHOWN, full=True)
    assert without_pictures(told) == without_pictures(expected)
    for name, image in expected["pictures"].items():
        assert torch.equal(to_uint8(served.client.picture(told["pictures"][name])), to_uint8(image)), name


@pytest.mark.parametrize("numbers", [False, True])
def test_alter(served, numbers):
    request = asked(1, f"alters {numbers}".replace(" ", "-"), change=TURNED, numbers=numbers)
    told = served.client.post("/api/alter", request).json
    expected = served.explorer.alter(SHOWN, Change(strengths={"blur": 0.5}), full=True, numbers=numbers)
    assert without_pictures(told) == json.loads(json.dumps(plain(without_pictures(expected))))
    assert told["seconds"] > 0
    for name, image in expected["pictures"].items():
        assert torch.equal(to_uint8(served.client.picture(told["pictures"][name])), to_uint8(image)), name
    for ours, theirs in zip(told["numbers"]["others"], expected["numbers"]["others"], strict=True):
        assert torch.equal(to_uint8(served.client.picture(ours["picture"])), to_uint8(theirs["picture"]))


def test_a_photo_of_ones_own(served):
    image = torch.rand(3, 20, 33, generator=torch.Generator().manual_seed(0))
    told = served.client.post("/api/photos", png(image)).json
    assert (told["width"], told["height"]) == (33, 20)
    assert torch.equal(to_uint8(served.client.picture(f"/api/photos/{told['id']}.png")), to_uint8(image))
    shown = {"photo": told["id"], "crop": None, "worse": None}
    answer = served.client.post("/api/prepare", asked(1, "own") | {"input": shown}).json
    assert answer["lr"] == [33, 20]
    assert answer["size"] == [66, 40]
    assert answer["pictures"]["gt"] is None
    assert answer["numbers"] == {"baseline": None, "target": None}


@pytest.mark.parametrize("index", [0, 17, 130])
def test_unit(served, index):
    told = served.client.get(f"/api/unit/{index}").json
    subject = served.explorer.subject
    assert told == json.loads(json.dumps(describe_unit(subject, index)))
    layer = subject.pair.space.layer_of(index)
    assert (told["layer"], told["out"], told["in"]) == subject.pair.space.locate(index)
    ends = (subject.pair.baseline, subject.pair.target)
    weights = [network.get_parameter(layer.parts[0].key)[told["out"], told["in"]] for network in ends]
    assert torch.equal(torch.tensor(told["kernels"]["baseline"]), weights[0])
    assert torch.equal(torch.tensor(told["kernels"]["difference"]), weights[1] - weights[0])
    for method, ranks in told["ranks"].items():
        for name, place in ranks.items():
            ranking = subject.rankings[method][name]
            assert int(ranking.order[place["rank"] - 1]) == index
            assert place["score"] == float(ranking.scores[index])
    assert told["predicted"] == {kind: float(rows[:, index].mean()) for kind, rows in subject.raw.signed.items()}


def test_curves(served, monkeypatch):
    monkeypatch.setattr("faig.explore.curves.STEPS", 3)
    told = served.client.get("/api/curves").json
    assert told == json.loads(json.dumps(served.explorer.curves.measured()))
    assert told["blur"]["set"]["strength"] == [0.0, 0.5, 1.0, 1.5]
    assert told["blur"]["images"]["psnr"][2] == told["blur"]["set"]["psnr"][2]  # strength 1 is the target
    assert served.client.get("/api/pair").json["functions"][0]["curve"] == told["blur"]["images"]


@pytest.mark.parametrize("kind", ["png", "comparison", "csv"])
def test_download(served, kind):
    answer = served.client.post("/api/download", {"input": INPUT, "change": TURNED, "kind": kind})
    assert answer.status == 200, answer.json
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        assert {int(row["index"]) for row in rows} == set(served.explorer.subject.units["blur"].indices.tolist())
        return
    altered = served.explorer.alter(SHOWN, Change(strengths={"blur": 0.5}), full=True)["pictures"]["altered"]
    picture = read_png(answer.content)
    if kind == "comparison":
        assert picture.shape[2] == 5 * altered.shape[2]
        picture = picture[:, 14:, 3 * altered.shape[2] : 4 * altered.shape[2]]
    assert torch.equal(to_uint8(picture), to_uint8(altered))


def test_commands(served):
    told = served.client.post("/api/commands", {"input": INPUT, "change": TURNED}).json
    assert "--pair tiny-x2 --strength blur=0.5" in told["shell"]
    assert "faig.load_pair('tiny-x2')" in told["python"]


def test_equal_pictures_have_one_address_and_are_kept_by_browsers(served):
    first, second = (served.client.post("/api/prepare", asked(serial, "equal")).json for serial in (1, 2))
    assert first["pictures"] == second["pictures"]
    assert "immutable" in served.client.get(first["pictures"]["gt"]).headers["cache-control"]


def test_the_page_and_what_it_consists_of(served, monkeypatch, tmp_path):
    monkeypatch.setattr("faig.explore.server.resources.files", lambda package: tmp_path / package)
    (tmp_path / "faig.explore" / "page").mkdir(parents=True)
    (tmp_path / "faig.web" / "parts").mkdir(parents=True)
    (tmp_path / "faig.explore" / "page" / "index.html").write_text("the page")
    (tmp_path / "faig.explore" / "page" / "app.js").write_text("the module")
    (tmp_path / "faig.explore" / "secret.js").write_text("not the page's")
    (tmp_path / "faig.web" / "parts" / "chart.css").write_text("the style")
    (tmp_path / "faig.web" / "__init__.py").write_text("code")
    for path in ("/", "/index.html", "/assets/index.html"):
        answer = served.client.get(path)
        assert (answer.content, answer.headers["content-type"]) == (b"the page", "text/html; charset=utf-8")
    for path in ("/app.js", "/assets/app.js"):
        assert served.client.get(path).headers["content-type"].startswith("text/javascript")
    assert served.client.get("/parts/chart.css").content == b"the style"
    outside = ["/../secret.js", "/assets/../secret.js", "/%2e%2e/secret.js", "/..%2fsecret.js", "//etc/passwd"]
    for path in (*outside, "/__init__.py", "/parts"):
        assert served.client.get(path).status == 404, path


@pytest.mark.parametrize("path", ["/api/pair", "/nowhere", "/api/examples/chelsea.png"])
def test_every_answer_is_sealed(served, path):
    for answer in (served.client.get(path), served.client.get(path, Host="elsewhere.org")):
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers
