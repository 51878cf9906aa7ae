"""Pairs to and from a hub, by a stand-in for it: whole, or one line that says why not, and nothing changed."""

import re

import pytest
import torch

import hub_server
from conftest import nudged, tiny_network
from faig import zoo
from faig.common.errors import InputError
from faig.pair import Pair
from faig.zoo import hub
from hub_server import REPOSITORY, alters, breaks_off, checksum, commit_id, hangs_up, is_large, refuses, works

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")]  # the library's
NAMES = ["README.md", "baseline.safetensors", "predictor.json", "scores.safetensors", "target.safetensors"]
NOWHERE = "http://127.0.0.1:9"
EARLIER = {"another.bin": b"not ours", "scores.safetensors": b"of an earlier pair"}
NOT_THERE = "there is no such repository, or it is private: log in with hf auth login"
SAID = {  # of a status
    401: NOT_THERE,
    403: "its owner has to let you in",
    404: NOT_THERE,
    429: "too many requests: wait some minutes",
    500: "the hub does not work",
    503: "the hub does not work",
}
DOWNLOADS = {
    **{
        f"{status} at {part}": (refuses(status, part), SAID[status])
        for part, statuses in {"/revision/": SAID, "/tree/": [403, 503], "/target.safetensors": [403, 503]}.items()
        for status in statuses
    },
    **{
        f"no answer at {part}": (hangs_up(part), "the hub cannot be reached: Server disconnected")
        for part in ("/revision/", "/tree/", "/target.safetensors")
    },
    "breaks off": (breaks_off("target.safetensors", 1000), "the hub cannot be reached: peer closed connection"),
    "sends less": (alters("target.safetensors", lambda data: data[:-9]), "but has size"),
    "sends more": (alters("target.safetensors", lambda data: data + b"more"), "but has size"),
    "sends other weights": (
        alters("target.safetensors", lambda data: data[:-1] + bytes([data[-1] ^ 1])),
        "target.safetensors did not arrive as it is there",
    ),
    "sends another card": (alters("README.md", lambda data: data[::-1]), "README.md did not arrive as it is there"),
}
UPLOADS = {
    f"{name} at {part}": fault(part)
    for part in ("repos/create", "/tree/", "/preupload/", "/objects/batch", "/upload/", "/commit/")
    for name, fault in {
        **{str(status): lambda part, status=status: refuses(status, part) for status in (403, 500)},
        "no answer": hangs_up,
    }.items()
}


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A hub without the repository."""
    with hub_server.running(monkeypatch, tmp_path / "home") as there:
        yield there


@pytest.fixture
def pushed(there, folder):
    """A hub that has the pair."""
    hub.push(str(folder), REPOSITORY, private=True)
    return there


def is_one_line(error: BaseException) -> bool:
    """Whether an error is one, which names the repository."""
    return str(error).startswith(f"{REPOSITORY}: ") and "\n" not in str(error) and len(str(error)) < 300


def same(pair: Pair, folder) -> bool:
    """Whether the networks of a pair are those of a folder."""
    other = Pair(target=folder / "target.safetensors", baseline=folder / "baseline.safetensors")
    ends = [getattr(each, role).state_dict() for each in (pair, other) for role in zoo.ROLES]
    return all(torch.equal(ends[end][key], ends[end + 2][key]) for end in (0, 1) for key in ends[end])


def test_there_and_back(there, folder, own):
    written = hub.push(str(folder), REPOSITORY, private=True)
    assert sorted(written) == [f"hf://{REPOSITORY}/{name}" for name in NAMES]
    assert there.private
    assert [sorted(files) for files in there.commits] == [[], NAMES]
    there.commits[-1]["another.bin"] = b"not ours"
    assert hub.pull(REPOSITORY) == "tiny-x2"
    assert {path.name for path in (own / "tiny-x2").iterdir()} == {*NAMES[1:], "card.md"}
    for path in (own / "tiny-x2").iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()
    for name in ("scores.safetensors", "card.md"):
        (folder / name).unlink()
    hub.push(str(folder), REPOSITORY, private=True)
    kept = ["README.md", "another.bin", "baseline.safetensors", "predictor.json", "target.safetensors"]
    assert [sorted(files) for files in there.commits[2:]] == [kept]  # in one commit
    hub.push(str(folder), REPOSITORY, private=True)
    assert len(there.commits) == 3  # nothing has changed


def test_by_the_names_of_the_hubs_libraries(there, tmp_path):
    baseline = tiny_network()
    pair = Pair(target=nudged(baseline), baseline=baseline)
    pair.push_to_hub(REPOSITORY, private=True, commit_message="the first")
    assert there.commits[-1]["README.md"].startswith(b"---\nlibrary_name: faig\npipeline_tag: image-to-image\n")
    again = Pair.from_pretrained(REPOSITORY, cache_dir=tmp_path / "cache")
    pair.save_pretrained(tmp_path / "pair")
    assert same(again, tmp_path / "pair")
    assert repr(again).startswith(f"Pair({REPOSITORY}: ×2, ")
    offline = Pair.from_pretrained(REPOSITORY, cache_dir=tmp_path / "cache", local_files_only=True)
    assert repr(offline) == repr(again)


@pytest.mark.parametrize("fault", DOWNLOADS)
def test_what_goes_wrong_on_the_way_here(pushed, folder, own, fault):
    pushed.fault, said = DOWNLOADS[fault]
    for read in (hub.pull, Pair.from_pretrained):
        with pytest.raises(InputError, match=re.escape(said)) as error:
            read(REPOSITORY)
        assert is_one_line(error.value)
    assert not own.exists() or not list(own.iterdir())
    with pytest.raises(InputError) as error:  # what has arrived is no pair
        Pair.from_pretrained(REPOSITORY, local_files_only=True)
    assert is_one_line(error.value)
    pushed.fault = works
    assert same(Pair.from_pretrained(REPOSITORY), folder)
    assert same(Pair.from_pretrained(REPOSITORY, local_files_only=True), folder)
    hub.pull(REPOSITORY)
    assert (own / "tiny-x2" / "target.safetensors").read_bytes() == (folder / "target.safetensors").read_bytes()


def test_a_connection_that_breaks_once_goes_on_where_it_broke(pushed, folder):
    pushed.fault = breaks_off("target.safetensors", 1000, times=2)
    assert same(Pair.from_pretrained(REPOSITORY), folder)


@pytest.mark.parametrize("fault", [*(status for status in SAID if status > 404), "no network"])
def test_what_was_loaded_once_is_there_without_the_hub(pushed, folder, monkeypatch, fault):
    Pair.from_pretrained(REPOSITORY)
    if fault == "no network":
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", NOWHERE)
    else:
        pushed.fault = refuses(fault)
    assert same(Pair.from_pretrained(REPOSITORY), folder)


def test_no_network(there, folder, own, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", NOWHERE)
    for ask in (hub.pull, Pair.from_pretrained, lambda repository: hub.push(str(folder), repository)):
        with pytest.raises(InputError, match=r"the hub cannot be reached: .*Connection refused") as error:
            ask(REPOSITORY)
        assert is_one_line(error.value)
    assert there.asked == []
    assert not own.exists() or not list(own.iterdir())


@pytest.mark.usefixtures("pushed")
def test_a_revision_is_what_was_there_then(folder, tmp_path):
    first = Pair.from_pretrained(REPOSITORY)
    other = Pair(target=nudged(tiny_network(), seed=9), baseline=tiny_network())
    other.push_to_hub(REPOSITORY)
    assert same(Pair.from_pretrained(REPOSITORY, revision=commit_id(1)), folder)
    other.save_pretrained(tmp_path / "other")
    assert same(Pair.from_pretrained(REPOSITORY), tmp_path / "other")
    assert not same(first, tmp_path / "other")
    with pytest.raises(InputError, match=f"{REPOSITORY}: cannot be read: has no revision 'v9'") as error:
        Pair.from_pretrained(REPOSITORY, revision="v9")
    assert is_one_line(error.value)


@pytest.mark.usefixtures("pushed")
def test_what_rots_in_the_cache_is_fetched_again(folder):
    Pair.from_pretrained(REPOSITORY)
    kept = hub.fetch(REPOSITORY) / "target.safetensors"
    data = bytearray(kept.read_bytes())
    data[-1] ^= 1
    kept.resolve().write_bytes(data)
    with pytest.raises(InputError, match=r"target\.safetensors did not arrive as it is there"):
        Pair.from_pretrained(REPOSITORY)
    assert same(Pair.from_pretrained(REPOSITORY), folder)


@pytest.mark.usefixtures("pushed")
def test_what_is_lost_in_the_cache_is_fetched_again(folder):
    Pair.from_pretrained(REPOSITORY)
    (hub.fetch(REPOSITORY) / "target.safetensors").resolve().unlink()
    with pytest.raises(InputError, match="not all of it is in the cache; load it once from the hub"):
        Pair.from_pretrained(REPOSITORY, local_files_only=True)
    assert same(Pair.from_pretrained(REPOSITORY), folder)


@pytest.mark.parametrize("fault", UPLOADS)
def test_what_goes_wrong_on_the_way_there(there, folder, fault):
    is_made = fault.endswith("repos/create")  # may be refused to who may write into one that is there
    for repository in [[], *([] if is_made else [[{}, EARLIER]])]:
        there.commits, there.fault = repository, UPLOADS[fault]
        before = [dict(files) for files in repository]
        with pytest.raises(InputError) as error:
            hub.push(str(folder), REPOSITORY)
        assert is_one_line(error.value)
        assert there.commits in (before, [*before, {}][:1])  # an empty repository may have been made
        there.fault = works
        hub.push(str(folder), REPOSITORY)
        assert len(there.commits) == max(len(before), 1) + 1
        assert {*there.commits[-1]} == {*NAMES, *(["another.bin"] if before else [])}


def test_the_stand_in_keeps_what_is_uploaded_under_its_checksum(pushed, folder):
    for name, data in pushed.commits[-1].items():
        assert data == (folder / name.replace("README", "card")).read_bytes()
        assert not is_large(name) or pushed.large[checksum(name, data)] == data


@pytest.mark.parametrize("status", SAID)
@pytest.mark.usefixtures("own")
def test_the_command_line_says_it_in_one_line(pushed, folder, faig, status):
    pushed.fault = refuses(status)
    for command in (["pull", REPOSITORY], ["push", folder, REPOSITORY]):
        code, out, err = faig("zoo", *command)
        assert (code, out) == (2, "")
        assert err.startswith(f"error: {REPOSITORY}: cannot be ")
        assert err.count("\n") == 1
        assert SAID[status] in err
