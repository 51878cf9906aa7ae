"""What a page needs of others comes from npm, pinned, or from a folder that holds it."""

import dataclasses
import io
import json
import tarfile
import urllib.error
from http.client import IncompleteRead

import pytest

from faig.common.errors import InputError
from faig.explore import runtime

FILES = {name: name.encode() for package in runtime.PACKAGES for name in package.files}


@pytest.fixture
def modules(tmp_path):
    """A folder like those that npm fills."""
    for package in runtime.PACKAGES:
        folder = tmp_path / package.name
        (folder / "dist").mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps({"name": package.name, "version": package.version}))
        for name in package.files:
            (folder / "dist" / name).write_bytes(FILES[name])
    return tmp_path


@pytest.fixture
def _no_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime.platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)


def test_packages_that_lie_there_are_taken(modules):
    assert runtime.runtime_files(modules) == FILES


@pytest.mark.parametrize("package", runtime.PACKAGES, ids=str)
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
def test_a_folder_that_is_not_the_package_is_refused(modules, package, described, said):
    (modules / package.name / "package.json").unlink()
    if described is not None:
        (modules / package.name / "package.json").write_text(described)
    with pytest.raises(InputError, match=f"{package.name}: .*{said}.*npm install onnxruntime-web@"):
        runtime.runtime_files(modules)


@pytest.mark.parametrize("package", runtime.PACKAGES, ids=str)
def test_a_file_that_is_missing_is_named(modules, package):
    for name in package.files:
        (modules / package.name / "dist" / name).rename(modules / name)
        with pytest.raises(InputError, match=f"{name}: No such file"):
            runtime.runtime_files(modules)
        (modules / name).rename(modules / package.name / "dist" / name)


@pytest.mark.usefixtures("_no_cache")
@pytest.mark.parametrize(
    ("error", "said"), [(urllib.error.URLError("no network"), "no network"), (IncompleteRead(b"ab", 9), "2 bytes read")]
)
def test_what_cannot_be_fetched_says_how_to_go_on(monkeypatch, tmp_path, error, said):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(runtime.urllib.request, "urlopen", fail)
    with pytest.raises(InputError, match=f"cannot be fetched: .*{said}.*name its node_modules") as caught:
        runtime.runtime_files()
    assert caught.value.setting == "runtime"
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]


@pytest.mark.usefixtures("_no_cache")
def test_what_is_fetched_is_what_was_pinned_and_is_kept(monkeypatch, tmp_path):
    served = {package.url: _packed(package.files) for package in runtime.PACKAGES}
    asked = []

    def answer(url, **_):
        asked.append(url)
        return io.BytesIO(served[url])

    monkeypatch.setattr(runtime.urllib.request, "urlopen", answer)
    with pytest.raises(InputError, match=f"sha256 is .*, not {runtime.PACKAGES[0].sha256}"):
        runtime.runtime_files()
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    pinned = [
        dataclasses.replace(package, sha256=runtime.hashlib.sha256(served[package.url]).hexdigest())
        for package in runtime.PACKAGES
    ]
    monkeypatch.setattr(runtime, "PACKAGES", pinned)
    asked.clear()
    for _ in range(2):
        assert runtime.runtime_files() == FILES
    assert asked == [package.url for package in pinned]


def _packed(files: tuple[str, ...]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in (*files, "other.js"):
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()))
    return packed.getvalue()
