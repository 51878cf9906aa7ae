"""Pairs to and from a Hugging Face hub repository, or any other place that fsspec reaches: a local folder, S3, ..."""

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from faig import zoo
from faig.attribution.score_files import load_scores
from faig.common.errors import InputError
from faig.common.files import new_folder
from faig.networks.fingerprint import network_fingerprint
from faig.zoo.predictor import PREDICTOR
from faig.zoo.scores import SCORES

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

CARD = "card.md"
README = "README.md"  # the card's name on the hub
FILES = ("baseline.safetensors", "target.safetensors", SCORES, PREDICTOR, "curve.png", CARD)
NEEDED = FILES[:2]
HUB = "hf://"


def push(pair: str, place: str, *, private: bool = False) -> list[str]:
    """Copy a pair to a hub repository, which is made where it does not exist.

    Args:
        pair: a pair of the zoo, or a folder with ``baseline.safetensors`` and ``target.safetensors``; a card, scores,
            a predictor and a curve go along where they are there, and those of an earlier pair at the place go.
        place: ``OWNER/REPOSITORY`` on the hub, or a URL or path.
        private: make the repository private, where it is made.

    Returns:
        The URLs or paths of the files at the place.

    Raises:
        InputError: there is no such pair, or the place cannot be written; then nothing new stays there.
    """
    source = zoo.folder(pair) if pair in zoo.pairs() else Path(pair)
    missing = [name for name in NEEDED if not (source / name).is_file()]
    if missing:
        raise InputError(f"{pair}: is no pair of the zoo ({', '.join(zoo.pairs())}) and no folder with {missing[0]}")
    check(source)
    url = _url(place)
    written: list[str] = []
    try:
        system, root = _open(url)
        if url.startswith(HUB):
            from huggingface_hub import create_repo

            create_repo("/".join(root.split("/")[:2]), exist_ok=True, private=private)
        system.makedirs(root, exist_ok=True)
        for name in FILES:
            there = f"{root}/{README if name == CARD else name}"
            if not (source / name).is_file():
                if system.exists(there):
                    system.rm_file(there)
                continue
            written.append(there)
            if name == CARD:
                text = _front_matter(source.name) + (source / name).read_text(encoding="utf-8")
                system.pipe_file(there, text.encode())
            else:
                system.put_file(str(source / name), there)
    except ModuleNotFoundError:
        raise
    except Exception as error:  # every store has its own; each means the same to the user
        for there in written:
            with suppress(Exception):
                system.rm_file(there)
        raise InputError(f"{place}: cannot be written: {_first_line(error)}") from None
    return [system.unstrip_protocol(there) for there in written]


def pull(place: str, name: str | None = None, *, force: bool = False) -> str:
    """Copy a pair from a hub repository into the user's zoo.

    Args:
        place: ``OWNER/REPOSITORY`` on the hub, or a URL or path.
        name: what to call it; the last part of ``place`` where it is not given.
        force: replace a pulled pair of that name.

    Returns:
        The pair's name.

    Raises:
        InputError: the place cannot be read or holds no pair, a file of it does not load, or the name is taken.
    """
    url = _url(place)
    name = name if name is not None else url.rstrip("/").rpartition("/")[2]
    if not re.fullmatch(r"\w[\w.+-]*", name):
        raise InputError(f"{name!r} cannot be the name of a pair; give one of letters, digits and _.+- with --name")
    if (zoo.FOLDER / name).exists():
        raise InputError(f"{name}: ships with the package; choose another name with --name")
    with new_folder(zoo.own_folder() / name, force, ours=FILES) as folder:
        try:
            system, root = _open(url)
            there = {path.rpartition("/")[2] for path in system.find(root, maxdepth=1)}
            missing = [file for file in NEEDED if file not in there]
            if missing:
                raise InputError(f"{place}: holds no pair: {missing[0]} is not there")
            for file in (*FILES[:-1], README):
                if file in there:
                    system.get_file(f"{root}/{file}", str(folder / (CARD if file == README else file)))
        except (ModuleNotFoundError, InputError):
            raise
        except Exception as error:  # every store has its own; each means the same to the user
            raise InputError(f"{place}: cannot be read: {_first_line(error)}") from None
        try:
            check(folder)
        except InputError as error:
            raise InputError(str(error).replace(str(folder), place.rstrip("/"))) from None
        if (folder / CARD).is_file():
            text = (folder / CARD).read_text(encoding="utf-8")
            (folder / CARD).write_text(re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S), encoding="utf-8")
    return name


def check(folder: Path) -> None:
    """Raise InputError unless the networks in a folder are a pair, and the scores, if any, are theirs."""
    target, baseline = zoo.load_pair(str(folder / NEEDED[1]), str(folder / NEEDED[0]))
    if (folder / SCORES).is_file():
        told = load_scores(folder / SCORES)[1].get("fingerprint", {})
        if told != {"target": network_fingerprint(target), "baseline": network_fingerprint(baseline)}:
            raise InputError(f"{folder / SCORES}: these scores are of other networks")


def _url(place: str) -> str:
    """``OWNER/REPOSITORY`` is on the hub; a path begins with a slash or a dot."""
    if not place.strip():
        raise InputError("name a place: OWNER/REPOSITORY, a path that begins with / or ., or a URL")
    if not re.fullmatch(r"\w[\w.-]*/[\w.-]+", place):
        return place
    if Path(place).parent.exists():
        raise InputError(f"{place}: is this the folder ./{place} or the repository {HUB}{place}? Write it as here")
    return f"{HUB}{place}"


def _open(url: str) -> "tuple[AbstractFileSystem, str]":
    import fsspec

    if url.startswith(HUB):
        import huggingface_hub  # noqa: F401 - said by name where it is missing

    return fsspec.core.url_to_fs(url)


def _front_matter(name: str) -> str:
    told = {"library_name": "faig", "tags": ["super-resolution", "image-restoration"], "model_name": name}
    return f"---\n{yaml.safe_dump(told, sort_keys=False)}---\n"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
