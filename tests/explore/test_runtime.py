"""What runs networks in a browser comes from its npm package, pinned, or from a folder that holds it."""

import io
import json
import tarfile
import urllib.error
from http.client import IncompleteRead

import pytest

from faig.common.errors import InputError
from faig.explore import runtime


@pytest.fixture
def package(tmp_path):
    """A folder like the unpacked package."""
    folder = tmp_path / "package"
    (folder / "dist").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": runtime.PACKAGE, "version": runtime.VERSION}))
    for name in runtime.FILES:
        (folder / "dist" / name).write_bytes(name.encode())
    return folder


@pytest.fixture
def _no_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime.platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)


def test_a_package_that_lies_there_is_taken(package):
    assert runtime.runtime_files(package) == {name: name.encode() for name in runtime.FILES}


@pytest.mark.parametrize(
    ("described", "said"),
    [
        (None, "package.json: No such file"),
        ("{", "its package.json is not one of npm's"),
        ("[]", "its package.json is not one of npm's"),
        ('{"name": "onnxruntime-web", "version": "1.2.3"}', r"holds onnxruntime-web@1\.2\.3"),
        ('{"name": "left-pad", "version": "1.30.0"}', "holds left-pad@"),
    ],
)
def test_a_folder_that_is_not_the_package_is_refused(package, described, said):
    (package / "package.json").unlink()
    if described is not None:
        (package / "package.json").write_text(described)
    with pytest.raises(InputError, match=f"{said}.*npm pack onnxruntime-web@{runtime.VERSION}"):
        runtime.runtime_files(package)


@pytest.mark.parametrize("name", runtime.FILES)
def test_a_file_that_is_missing_is_named(package, name):
    (package / "dist" / name).unlink()
    with pytest.raises(InputError, match=f"{name}: No such file"):
        runtime.runtime_files(package)


@pytest.mark.usefixtures("_no_cache")
@pytest.mark.parametrize(
    ("error", "said"), [(urllib.error.URLError("no network"), "no network"), (IncompleteRead(b"ab", 9), "2 bytes read")]
)
def test_what_cannot_be_fetched_says_how_to_go_on(monkeypatch, tmp_path, error, said):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(runtime.urllib.request, "urlopen", fail)
    with pytest.raises(InputError, match=f"cannot be fetched: .*{said}.*name its folder") as caught:
        runtime.runtime_files()
    assert caught.value.setting == "runtime"
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]


@pytest.mark.usefixtures("_no_cache")
def test_what_is_fetched_is_what_was_pinned_and_is_kept(monkeypatch, tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in (*runtime.FILES, "other.js"):
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()))
    asked = []

    def answer(url, **_):
        asked.append(url)
        return io.BytesIO(packed.getvalue())

    monkeypatch.setattr(runtime.urllib.request, "urlopen", answer)
    with pytest.raises(InputError, match=f"sha256 is .*, not {runtime.SHA256}"):
        runtime.runtime_files()
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    monkeypatch.setattr(runtime, "SHA256", runtime.hashlib.sha256(packed.getvalue()).hexdigest())
    for _ in range(2):
        assert runtime.runtime_files() == {name: name.encode() for name in runtime.FILES}
    assert asked == [runtime.URL] * 2
