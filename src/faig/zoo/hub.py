"""Pairs to and from a Hugging Face hub repository, or a local folder."""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faig import zoo
from faig.attribution.files.ranking_file import networks_said
from faig.attribution.files.score_files import load_scores
from faig.common.errors import InputError, first_line
from faig.common.files import new_folder
from faig.networks.fingerprint import ends_fingerprints
from faig.zoo.card import CARD, with_front_matter
from faig.zoo.learned import LEARNED, load_learned
from faig.zoo.predictor import PREDICTOR
from faig.zoo.scores import SCORES

README = "README.md"  # the card's name at a place
NEEDED = ("baseline.safetensors", "target.safetensors")
FILES = {name: name for name in (*NEEDED, SCORES, LEARNED, PREDICTOR, "curve.png")} | {CARD: README}  # name at a place
HUB = "hf://"
SHA256 = 64  # digits
SHORT = """# {0}

A target network and the baseline that it was fine-tuned from, for [faig](https://arxiv.org/abs/2108.01070):
`faig zoo pull OWNER/{0}`, or `faig.Pair.from_pretrained("OWNER/{0}")`.
"""  # the card of a pair that has none


def push(
    pair: str, location: str, *, private: bool = False, token: str | None = None, message: str | None = None
) -> list[str]:
    """Copy a pair to a hub repository, which is made where it does not exist, or to a folder: in one commit, or whole.

    Args:
        pair: a pair of the zoo, or a folder with ``baseline.safetensors`` and ``target.safetensors``; scores,
            a predictor and a curve go along where they are there, and those of an earlier pair at the location go.
            A pair without a card gets a short one.
        location: ``OWNER/REPOSITORY`` on the hub, or the path of a folder.
        private: make the repository private, where it is made.
        token: of the hub; else that of ``hf auth login``.
        message: of the commit.

    Returns:
        The files at the location.

    Raises:
        InputError: there is no such pair, or the location cannot be written; then nothing new stays there, but an empty
            repository where it was made.
    """
    source = zoo.folder(pair) if pair in zoo.pairs() else Path(pair)
    missing = [name for name in NEEDED if not (source / name).is_file()]
    if missing:
        raise InputError(f"{pair}: is no pair of the zoo ({', '.join(zoo.pairs())}) and no folder with {missing[0]}")
    check(source)
    root = _root(location)
    there = [name for here, name in FILES.items() if (source / here).is_file() or here == CARD]
    if not root.startswith(HUB):
        with new_folder(Path(root), force=True, ours=tuple(FILES.values())) as folder:
            _copy_out(source, folder)
        return [str(Path(root) / name) for name in there]
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    repository = root.removeprefix(HUB)
    with tempfile.TemporaryDirectory() as staged, _hub_errors(location, "written"):
        _copy_out(source, Path(staged))
        api = HfApi(token=token)
        api.create_repo(repository, private=private, exist_ok=True)
        earlier = {*FILES.values()} & {*api.list_repo_files(repository)} - {*there}
        api.create_commit(  # upload_folder may make several
            repository,
            [
                *(CommitOperationAdd(name, str(Path(staged) / name)) for name in there),
                *(CommitOperationDelete(name) for name in sorted(earlier)),
            ],
            commit_message=message or f"{source.name}, by faig",
        )
    return [f"{root}/{name}" for name in there]


def pull(location: str, name: str | None = None, *, force: bool = False) -> str:
    """Copy a pair from a hub repository, or a folder, into the user's zoo.

    Args:
        location: ``OWNER/REPOSITORY`` on the hub, or the path of a folder.
        name: what to call it; the last part of ``location`` where it is not named.
        force: replace a pulled pair of that name.

    Returns:
        The pair's name.

    Raises:
        InputError: the location cannot be read or holds no pair, a file of it does not load, or the name is taken.
    """
    root = _root(location)
    name = name if name is not None else root.rstrip("/").rpartition("/")[2]
    if not re.fullmatch(r"\w[\w.+-]*", name):
        message = f"{name!r} cannot be the name of a pair; choose one of letters, digits and _.+-"
        raise InputError(message, setting="name")
    if (zoo.FOLDER / name).exists():
        raise InputError(f"{name}: ships with the package; choose another name", setting="name")
    with new_folder(zoo.own_folder() / name, force, ours=tuple(FILES)) as folder:
        with _downloaded(root, location) as source:
            _copy_in(source, folder, location)
        try:
            check(folder)
        except InputError as error:
            raise InputError(str(error).replace(str(folder), location.rstrip("/"))) from None
    return name


def fetch(location: str, **download: Any) -> Path:
    """The folder of a pair: of the zoo by name, a folder itself, or a hub repository's, kept in the hub's own cache.

    Args:
        location: name of a pair, path, or ``OWNER/REPOSITORY``.
        download: ``revision``, ``token``, ``cache_dir``, ``force_download``, ``local_files_only``, as
            `huggingface_hub.snapshot_download` takes them.

    Raises:
        InputError: there is no such pair, or it cannot be downloaded.
    """
    if location in zoo.pairs():
        return zoo.folder(location)
    root = _root(location)
    folder = _snapshot(root, location, **download) if root.startswith(HUB) else Path(root)
    _check_complete(folder, location)
    return folder


def check(folder: Path) -> None:
    """Raise InputError unless the networks in a folder are a pair, and the scores, if any, are theirs."""
    target, baseline = zoo.load_networks(target=str(folder / NEEDED[1]), baseline=str(folder / NEEDED[0]))
    networks = ends_fingerprints(target, baseline)
    for name, load in ((SCORES, load_scores), (LEARNED, load_learned)):
        if (folder / name).is_file() and networks_said(folder / name, load(folder / name)[1]) != networks:
            raise InputError(f"{folder / name}: these scores are of other networks")


def _root(location: str) -> str:
    """``OWNER/REPOSITORY`` is on the hub; anything else is a path."""
    if not location.strip():
        raise InputError("name a place: OWNER/REPOSITORY on the hub, or a path that begins with / or .")
    if "://" in location.removeprefix(HUB):
        raise InputError(f"{location}: is neither OWNER/REPOSITORY on the hub nor the path of a folder")
    if not re.fullmatch(r"\w[\w.-]*/[\w.-]+", location):
        return location
    if Path(location).parent.exists():
        raise InputError(
            f"{location}: is this the folder ./{location} or the repository {HUB}{location}? Write it as here"
        )
    return f"{HUB}{location}"


@contextmanager
def _downloaded(root: str, location: str) -> Iterator[Path]:
    """The folder that a location is, or a copy of the repository, which goes when the block ends."""
    if not root.startswith(HUB):
        yield Path(root)
        return
    with tempfile.TemporaryDirectory() as copy:
        yield _snapshot(root, location, cache_dir=copy)


def _snapshot(root: str, location: str, **download: Any) -> Path:
    """A repository's files in a cache of the hub's, each of the content that it is kept under the checksum of."""
    from huggingface_hub import snapshot_download

    with _hub_errors(location, "read", download.get("revision")):
        folder = Path(snapshot_download(root.removeprefix(HUB), allow_patterns=list(FILES.values()), **download))
    for file in filter(Path.is_file, (folder / name for name in FILES.values())):
        if file.is_symlink() and not _has_checksum(file, Path(os.readlink(file)).name):  # no links: no checksums either
            file.resolve().unlink()
            file.unlink()
            raise InputError(f"{location}: {file.name} did not arrive as it is there; try again")
    return folder


def _has_checksum(file: Path, checksum: str) -> bool:
    """Whether a file has the SHA-256 of the hub's large file storage, or the SHA-1 that git has for it."""
    git = hashlib.sha1(b"blob %d\0" % file.stat().st_size, usedforsecurity=False)
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, hashlib.sha256 if len(checksum) == SHA256 else lambda: git)
    return digest.hexdigest() == checksum


@contextmanager
def _hub_errors(location: str, verb: str, revision: str | None = None) -> Iterator[None]:
    """Anything that goes wrong between here and the hub as one line."""
    try:
        yield
    except Exception as error:  # no login, no network, no such repository, ...
        raise InputError(f"{location}: cannot be {verb}: {_reason(error, revision)}") from None


def _reason(error: BaseException, revision: str | None) -> str:
    """Why, and what to do."""
    from huggingface_hub import errors

    of_http = errors.HTTPError  # type: ignore[attr-defined] # of the library that it has for that, which changes
    while not isinstance(error, of_http) and error.__cause__:
        error = error.__cause__
    if isinstance(error, errors.RevisionNotFoundError):
        return f"has no revision {revision!r}"
    if isinstance(error, errors.GatedRepoError):
        return "its owner has to let you in; ask there, and log in with hf auth login"
    if isinstance(error, errors.RepositoryNotFoundError):
        return "there is no such repository, or it is private: log in with hf auth login"
    if isinstance(error, errors.LocalEntryNotFoundError):
        return "not all of it is in the cache; load it once from the hub"
    if not isinstance(error, errors.HfHubHTTPError):
        return f"{'the hub cannot be reached: ' if isinstance(error, of_http) else ''}{first_line(error)}"
    status = error.response.status_code
    if status in (401, 403):
        return f"you are not let in ({status}); log in with hf auth login as who may"
    if status == 429:
        return "too many requests: wait some minutes (429)"
    return f"the hub does not work ({status}); try later" if status >= 500 else first_line(error)


def _copy_out(source: Path, folder: Path) -> None:
    """A pair's files under their names at a location, and a card where there is none."""
    for here, there in FILES.items():
        if (source / here).is_file():
            shutil.copyfile(source / here, folder / there)
    if not (source / CARD).is_file():
        (folder / README).write_text(with_front_matter(source.name, SHORT.format(source.name)), encoding="utf-8")


def _copy_in(source: Path, folder: Path, location: str) -> None:
    """The reverse of `_copy_out`."""
    _check_complete(source, location)
    for here, there in FILES.items():
        if (source / there).is_file():
            shutil.copyfile(source / there, folder / here)


def _check_complete(source: Path, location: str) -> None:
    missing = [name for name in NEEDED if not (source / name).is_file()]
    if missing:
        raise InputError(f"{location}: holds no pair: {missing[0]} is not there")
