"""The zoo: pairs by name, their scores, and pushing and pulling them (a folder, and a stand-in for the hub)."""

import hashlib
import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub
import pytest
import torch

from conftest import nudged, path_scores, tiny_cases, tiny_network
from faig import zoo
from faig.attribution.combine import contrast
from faig.attribution.files.rankings import write_ranking
from faig.attribution.files.score_files import load_scores, mean_over_images, save_scores
from faig.attribution.integration.quadrature import gauss_legendre
from faig.common.errors import InputError
from faig.filters import FilterSpace, rank
from faig.imaging.images import read_image
from faig.networks.checkpoint import save_network
from faig.networks.fingerprint import network_fingerprint
from faig.pair import Pair
from faig.report.figures.training_curve import draw_curve, history
from faig.zoo import hub
from faig.zoo.card import Measured, read_card, with_front_matter
from faig.zoo.learned import LEARNED, save_learned, turned_by
from faig.zoo.scores import units

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


@pytest.fixture
def folder(tmp_path):
    """A pair with everything beside it."""
    folder = tmp_path / "tiny-x2"
    folder.mkdir()
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


def test_there_and_back(folder, own, tmp_path):
    place = str(tmp_path / "hub" / "tiny-x2")
    written = hub.push(str(folder), place)
    names = ["baseline.safetensors", "target.safetensors", "scores.safetensors", "predictor.json", "README.md"]
    assert written == [f"{place}/{name}" for name in names]
    assert (tmp_path / "hub" / "tiny-x2" / "README.md").read_bytes() == (folder / "card.md").read_bytes()
    assert hub.pull(place) == "tiny-x2"
    assert zoo.names()[-2:] == ["tiny-x2/baseline", "tiny-x2/target"]
    for name in ("baseline.safetensors", "target.safetensors", "scores.safetensors", "predictor.json", "card.md"):
        assert (own / "tiny-x2" / name).read_bytes() == (folder / name).read_bytes()
    assert hub.push("tiny-x2", str(tmp_path / "again")) == [f"{tmp_path / 'again'}/{name}" for name in names]
    with pytest.raises(InputError, match="tiny-x2: exists and is not empty; pass force=True"):
        hub.pull(place)
    assert hub.pull(place, "other", force=True) == "other"
    assert "other/target" in zoo.names()


class Hub(ThreadingHTTPServer):
    """What of the hub's interface a download needs, for the one repository whose files are in a folder."""

    def __init__(self, repository: str, files: Path) -> None:
        super().__init__(("127.0.0.1", 0), HubRequest)
        self.repository, self.files = repository, files

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.files.iterdir())


class HubRequest(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        names, repository = self.server.names, self.server.repository
        if self.path == "/api/validate-yaml":  # of the card
            card = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["content"]
            assert card.startswith("---\nlibrary_name: faig\n")
            data = b'{"errors": [], "warnings": []}'
        elif self.path.startswith(f"/{repository}/resolve/"):
            data = (self.server.files / Path(self.path).name).read_bytes()
        elif self.path.startswith(f"/api/models/{repository}/tree/"):
            sizes = {name: (self.server.files / name).stat().st_size for name in names}
            tree = [{"type": "file", "path": name, "size": size, "oid": name} for name, size in sizes.items()]
            data = json.dumps(tree).encode()
        elif self.path.startswith(f"/api/models/{repository}/revision/"):
            known = {"id": repository, "sha": 40 * "0", "siblings": [{"rfilename": name} for name in names]}
            data = json.dumps(known).encode()
        else:
            self.send_error(404, "Repository not found")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Type", "application/json")
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", 40 * "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_HEAD = do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A hub with the repository ``jane/tiny-x2``: downloads come by HTTP, commits are written as they were asked."""
    files = tmp_path / "repository"

    def create_repo(_api, repo_id, *, private=None, exist_ok=False):
        assert (repo_id, private, exist_ok) == ("jane/tiny-x2", True, True)
        files.mkdir(exist_ok=True)

    def create_commit(_api, repo_id, operations, **_):
        assert repo_id == "jane/tiny-x2"
        for operation in operations:
            path = files / operation.path_in_repo
            if isinstance(operation, huggingface_hub.CommitOperationDelete):
                path.unlink()
            else:
                path.write_bytes(Path(operation.path_or_fileobj).read_bytes())
        return huggingface_hub.CommitInfo("https://huggingface.co/jane/tiny-x2/commit/0", "", "", 40 * "0")

    monkeypatch.setattr("huggingface_hub.HfApi.create_repo", create_repo)
    monkeypatch.setattr("huggingface_hub.HfApi.create_commit", create_commit)
    monkeypatch.setattr("huggingface_hub.hf_api.is_xet_available", lambda: False)  # one commit
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Hub("jane/tiny-x2", files) as server:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
        template = f"{endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield files
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_to_the_hub_and_back(folder, own, repository):
    written = hub.push(str(folder), "jane/tiny-x2", private=True)
    names = ["baseline.safetensors", "target.safetensors", "scores.safetensors", "predictor.json", "README.md"]
    assert written == [f"hf://jane/tiny-x2/{name}" for name in names]
    assert sorted(path.name for path in repository.iterdir()) == sorted(names)
    (repository / "another.bin").write_bytes(b"not ours")
    assert hub.pull("jane/tiny-x2") == "tiny-x2"
    assert {path.name for path in (own / "tiny-x2").iterdir()} == {*names[:-1], "card.md"}
    for path in (own / "tiny-x2").iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()
    for name in ("scores.safetensors", "card.md"):
        (folder / name).unlink()
    hub.push(str(folder), "jane/tiny-x2", private=True)
    kept = ["README.md", "another.bin", "baseline.safetensors", "predictor.json", "target.safetensors"]
    assert sorted(path.name for path in repository.iterdir()) == kept
    with pytest.raises(InputError, match="jane/other: cannot be read: "):
        hub.pull("jane/other")


@pytest.mark.slow
def test_a_pair_to_the_hub_and_back_in_python(repository, tmp_path):
    baseline = tiny_network()
    pair = Pair(target=nudged(baseline), baseline=baseline)
    pair.push_to_hub("jane/tiny-x2", private=True)
    assert (repository / "README.md").read_text().startswith("---\nlibrary_name: faig\npipeline_tag: image-to-image\n")
    cache = tmp_path / "cache"
    again = Pair.from_pretrained("jane/tiny-x2", cache_dir=cache)
    for role in zoo.ROLES:
        for key, weight in getattr(pair, role).state_dict().items():
            assert torch.equal(weight, getattr(again, role).state_dict()[key])
    assert repr(again).startswith("Pair(jane/tiny-x2: ×2, ")
    assert repr(Pair.from_pretrained("jane/tiny-x2", cache_dir=tmp_path / "cache", local_files_only=True)) == repr(
        again
    )
    with pytest.raises(InputError, match="jane/other: cannot be read: "):
        Pair.from_pretrained("jane/other", cache_dir=cache)


def test_what_cannot_be_pushed_or_pulled(folder, own, tmp_path):
    with pytest.raises(InputError, match="nothing: is no pair of the zoo"):
        hub.push("nothing", str(tmp_path / "hub"))
    with pytest.raises(InputError, match=r"hub: holds no pair: baseline\.safetensors is not there"):
        (tmp_path / "hub").mkdir()
        hub.pull(str(tmp_path / "hub"))
    with pytest.raises(InputError, match="srresnet-x2: ships with the package"):
        hub.pull(str(folder), "srresnet-x2")
    (folder / "target.safetensors").write_bytes(b"half a fi")
    with pytest.raises(InputError, match="is not a whole safetensors file"):
        hub.pull(str(folder))
    assert not own.exists() or not list(own.iterdir())
    with pytest.raises(InputError, match="/nowhere"):
        hub.pull("/nowhere/pair")


def test_forcing_leaves_nothing_of_the_old_pair(folder, own, tmp_path):
    place = tmp_path / "hub" / "tiny-x2"
    hub.push(str(folder), str(place))
    hub.pull(str(place))
    for name in ("scores.safetensors", "predictor.json", "card.md"):
        (folder / name).unlink()
    hub.push(str(folder), str(place))
    networks = ["baseline.safetensors", "target.safetensors"]
    assert sorted(path.name for path in place.iterdir()) == ["README.md", *networks]
    assert read_card(place / "README.md")[1].startswith("# tiny-x2\n\nA target network")  # a short card of its own
    hub.pull(str(place), force=True)
    assert sorted(path.name for path in (own / "tiny-x2").iterdir()) == [networks[0], "card.md", networks[1]]


def test_scores_of_other_networks_stay_out(folder, own):
    save_network(folder / "target.safetensors", nudged(tiny_network(), seed=9).state_dict(), {})
    with pytest.raises(InputError, match=r"tiny-x2/scores\.safetensors: these scores are of other networks"):
        hub.pull(str(folder))
    (folder / "scores.safetensors").write_bytes(b"junk")
    with pytest.raises(InputError, match=r"tiny-x2/scores\.safetensors: is not a file of scores"):
        hub.push(str(folder), str(folder.parent / "hub"))
    assert not own.exists() or not list(own.iterdir())


@pytest.mark.parametrize("name", ["../outside", "/absolute", "a/b", "", ".hidden"])
@pytest.mark.usefixtures("own")
def test_a_name_stays_in_the_zoo(folder, name):
    with pytest.raises(InputError, match="cannot be the name of a pair"):
        hub.pull(str(folder), name)


@pytest.mark.usefixtures("own")
def test_a_place_that_could_be_two_things(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some").mkdir()
    with pytest.raises(InputError, match=r"is this the folder \./some/pair or the repository hf://some/pair\?"):
        hub.push(str(folder), "some/pair")
    with pytest.raises(InputError, match="name a place"):
        hub.push(str(folder), "")
    with pytest.raises(InputError, match="s3://bucket/pair: is neither OWNER/REPOSITORY on the hub nor the path of a"):
        hub.push(str(folder), "s3://bucket/pair")


def test_a_hub_that_does_not_answer_is_one_line(own, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(InputError, match="nobody/nothing: cannot be read: "):
        hub.pull("nobody/nothing")
    assert not own.exists() or not list(own.iterdir())


def test_scores_ship_in_half_precision_and_rank_the_same(folder, own, tmp_path):
    hub.pull(str(folder))
    target, baseline = zoo.load("tiny-x2/target"), zoo.load("tiny-x2/baseline")
    found = path_scores(target, baseline, tiny_cases(), gauss_legendre(2))
    space = FilterSpace.of(target)
    exact = contrast(found, "blur").mean(0)
    shipped, _ = load_scores(own / "tiny-x2" / "scores.safetensors")
    largest = max(float(rows.max()) for rows in found.score.values())
    torch.testing.assert_close(contrast(shipped, "blur").mean(0), exact, rtol=0, atol=1e-3 * largest)
    assert shipped.delta() == pytest.approx(found.delta())
    assert units("tiny-x2/blur@faig", target).order[:3].tolist() == rank(exact)[:3].tolist()
    write_ranking(tmp_path / "filters.csv", space, exact)
    assert torch.equal(units(str(tmp_path / "filters.csv"), target).order, rank(exact))
    with pytest.raises(InputError, match="tiny-x2 has scores of blur, noise, not of 'jpeg'"):
        units("tiny-x2/jpeg", target)
    with pytest.raises(InputError, match="these scores are of another network"):
        units("tiny-x2/blur", tiny_network("srcnn-style"))


def test_the_curve_runs_through_what_a_network_continues(tmp_path):
    def record(name: str, iterations: list[int], start: dict | None) -> dict:
        points = [{"iteration": i, "loss": 0.1, "clean": 30.0 + i} for i in iterations]
        return {"config": {"name": name}, "validation": points, "start": start}

    baseline = record("a/baseline", [1, 2], None)
    longer = record("a/baseline", [1, 3], baseline)
    target = record("a/target", [5], longer)
    assert [point["iteration"] for point in history(longer)] == [1, 2, 3, 5]
    assert [point["iteration"] for point in history(target)] == [5]
    draw_curve({"baseline": longer, "target": target}, tmp_path / "curve.png")
    assert read_image(tmp_path / "curve.png").std() > 0.05


@pytest.mark.slow
@pytest.mark.usefixtures("own")
def test_learned_sets_ship_with_a_pair(folder, tmp_path):
    pair = Pair(target=str(folder / "target.safetensors"), baseline=str(folder / "baseline.safetensors"))
    found = pair.attribute(tiny_cases(), "learned", top="10%")
    ends = {role: network_fingerprint(getattr(pair, role)) for role in zoo.ROLES}
    shipped = tmp_path / "shipped"
    shutil.copytree(folder, shipped)
    save_learned(shipped / LEARNED, found, ends, "tiny cases")
    hub.pull(str(shipped), name="tiny-x2")
    assert (turned_by("tiny-x2", "blur"), turned_by("tiny-x2", "jpeg")) == ("tiny-x2/blur@learned", "tiny-x2/jpeg")
    for kind in ("blur", "noise"):
        assert units(f"tiny-x2/{kind}@learned", pair.target).top(0.1) == found.top(kind, "10%")
    with pytest.raises(InputError, match="tiny-x2 has scores of blur, noise, not of 'jpeg'"):
        units("tiny-x2/jpeg@learned", pair.target)
    with pytest.raises(InputError, match="the ranking has only 13"):
        units("tiny-x2/blur@learned", pair.target).top(0.2)  # no more are learned
    save_learned(shipped / LEARNED, found, ends | {"target": "0"}, "tiny cases")
    with pytest.raises(InputError, match=r"learned\.safetensors: these scores are of other networks"):
        hub.pull(str(shipped), name="other-x2")
    (shipped / LEARNED).write_bytes(b"junk")
    with pytest.raises(InputError, match=r"learned\.safetensors: is not a file of learned sets"):
        hub.pull(str(shipped), name="other-x2")
    (shipped / LEARNED).unlink()
    hub.pull(str(shipped), name="tiny-x2", force=True)
    assert turned_by("tiny-x2", "blur") == "tiny-x2/blur"
