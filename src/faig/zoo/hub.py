"""Pairs to and from a Hugging Face hub repository, or any other place that fsspec reaches: a local folder, S3, ..."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from faig import zoo
from faig.errors import InputError
from faig.files import new_folder
from faig.zoo.scores import SCORES

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

CARD = "card.md"
README = "README.md"  # the card's name on the hub
FILES = ("baseline.safetensors", "target.safetensors", SCORES, "curve.png", CARD)
NEEDED = FILES[:2]
HUB = "hf://"


def push(pair: str, place: str) -> list[str]:
    """Copy a pair to a hub repository, which is made where it does not exist.

    Args:
        pair: a pair of the zoo, or a folder with ``baseline.safetensors`` and ``target.safetensors``; a card, scores
            and a curve go along where they are there.
        place: ``OWNER/REPOSITORY`` on the hub, or a URL or path.

    Returns:
        The files at the place.

    Raises:
        InputError: there is no such pair, or the place cannot be written.
    """
    source = zoo.folder(pair) if pair in zoo.pairs() else Path(pair)
    missing = [name for name in NEEDED if not (source / name).is_file()]
    if missing:
        raise InputError(f"{pair}: is no pair of the zoo ({', '.join(zoo.pairs())}) and no folder with {missing[0]}")
    zoo.load_pair(str(source / NEEDED[1]), str(source / NEEDED[0]))
    url = _url(place)
    try:
        system, root = _open(url)
        if url.startswith(HUB):
            from huggingface_hub import create_repo

            create_repo("/".join(root.split("/")[:2]), exist_ok=True)
        system.makedirs(root, exist_ok=True)
        written = []
        for name in FILES:
            if not (source / name).is_file():
                continue
            if name == CARD:
                text = _front_matter(source.name) + (source / name).read_text(encoding="utf-8")
                system.pipe_file(f"{root}/{README}", text.encode())
                written.append(README)
            else:
                system.put_file(str(source / name), f"{root}/{name}")
                written.append(name)
    except ModuleNotFoundError:
        raise
    except Exception as error:  # every store has its own; each means the same to the user
        raise InputError(f"{place}: cannot be written: {_first_line(error)}") from None
    return written


def pull(place: str, name: str | None = None, *, force: bool = False) -> str:
    """Copy a pair from a hub repository into the user's zoo.

    Args:
        place: ``OWNER/REPOSITORY`` on the hub, or a URL or path.
        name: what to call it; the last part of ``place`` where it is not given.
        force: replace a pulled pair of that name.

    Returns:
        The pair's name.

    Raises:
        InputError: the place cannot be read or holds no pair, or the name is taken.
    """
    url = _url(place)
    name = name or url.rstrip("/").rpartition("/")[2]
    if (zoo.FOLDER / name).is_dir():
        raise InputError(f"{name}: ships with the package; choose another name with --name")
    with new_folder(zoo.own_folder() / name, force) as folder:
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
        zoo.load_pair(str(folder / NEEDED[1]), str(folder / NEEDED[0]))
        if (folder / CARD).is_file():
            text = (folder / CARD).read_text(encoding="utf-8")
            (folder / CARD).write_text(re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S), encoding="utf-8")
    return name


def _url(place: str) -> str:
    """``OWNER/REPOSITORY`` is on the hub; a path begins with a slash or a dot."""
    return f"{HUB}{place}" if re.fullmatch(r"\w[\w.-]*/[\w.-]+", place) else place


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
