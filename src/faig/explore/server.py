"""``faig explore``: the page and what computes behind it, over HTTP."""

import asyncio
import functools
import json
import mimetypes
import re
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Annotated, Any

from pydantic import Field
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from faig.common.errors import InputError, lacks_memory
from faig.common.plain import plain
from faig.common.settings import one_of, validated
from faig.explore.commands import commands
from faig.explore.description import describe, describe_unit
from faig.explore.downloads import KINDS, downloaded
from faig.explore.explorer import Explorer, png
from faig.explore.guard import Guard
from faig.explore.messages import Change, Input, Message, Name
from faig.explore.photos import BYTES
from faig.explore.pictures import Pictures
from faig.explore.running import Check, Stopped
from faig.explore.turns import Busy, Turns

LONGEST = 8_000_000  # bytes of JSON: every second unit of a large network brushed
UPLOADS = 2  # that are read at once: each may take all the bytes that are allowed
PATIENCE = 60.0  # seconds for a request to come in
NAME = re.compile(r"\w[\w.-]{0,63}(/\w[\w.-]{0,63}){0,3}")  # of a file of the page: no way out of its folder
PAGE, SHARED = "faig.explore", "faig.web"

Answer = Callable[[Request], Awaitable[Response]]


class Prepare(Message):
    """``POST /api/prepare``."""

    page: Name
    serial: int = Field(ge=0, lt=2**53)
    input: Input
    full: bool = False


class Alter(Prepare):
    """``POST /api/alter``."""

    change: Change
    numbers: bool = False


class Commands(Message):
    """``POST /api/commands``."""

    input: Input
    change: Change


class Download(Commands):
    """``POST /api/download``."""

    kind: Annotated[str, one_of(KINDS)]


class Server:
    """The endpoints of one explorer.

    Args:
        explorer: what computes.
        host: that the server is bound to.
    """

    def __init__(self, explorer: Explorer, host: str) -> None:
        self.explorer, self.turns, self.pictures = explorer, Turns(), Pictures()
        self.uploads = asyncio.Semaphore(UPLOADS)
        routes: list[tuple[str, str, Answer]] = [
            ("GET", "/api/pair", self.pair),
            ("GET", "/api/examples/{name}.png", self.photo),
            ("GET", "/api/photos/{name}.png", self.photo),
            ("POST", "/api/photos", self.add_photo),
            ("POST", "/api/prepare", self.prepare),
            ("POST", "/api/alter", self.alter),
            ("GET", "/api/picture/{key}.png", self.picture),
            ("GET", "/api/unit/{index:int}", self.unit),
            ("GET", "/api/curves", self.curves),
            ("POST", "/api/download", self.download),
            ("POST", "/api/commands", self.commands),
            ("GET", "/{path:path}", self.file),
        ]
        self.app = Starlette(
            routes=[Route(path, _one_line(answer), methods=[method]) for method, path, answer in routes],
            middleware=[Middleware(Guard, host=host)],
            exception_handlers={HTTPException: _refused, Exception: _failed},
        )

    async def pair(self, request: Request) -> Response:  # noqa: ARG002 - as the others are called
        """What the page knows of the pair."""
        return _json(await run_in_threadpool(describe, self.explorer))

    async def photo(self, request: Request) -> Response:
        """A photo as it is."""
        name = request.path_params["name"]
        return _png(await run_in_threadpool(lambda: png(self.explorer.photos.image(name))))

    async def add_photo(self, request: Request) -> Response:
        """Take a photo in."""
        async with self.uploads:
            content = await _body(request, BYTES)
        name, width, height = await self._turn(request, lambda check: self.explorer.photos.add(content))
        return _json({"id": name, "width": width, "height": height})

    async def prepare(self, request: Request) -> Response:
        """What both networks make of a photo."""
        asked = validated(Prepare, await _body(request, LONGEST), "the request")

        def work(check: Check) -> dict[str, Any]:
            return self.pictures.linked(self.explorer.prepare(asked.input, full=asked.full, check=check))

        return _json(await self._turn(request, work, page=asked.page, kind="prepare", serial=asked.serial))

    async def alter(self, request: Request) -> Response:
        """What the altered network makes of it."""
        asked = validated(Alter, await _body(request, LONGEST), "the request")

        def work(check: Check) -> dict[str, Any]:
            alter = functools.partial(self.explorer.alter, asked.input, asked.change, full=asked.full)
            return self.pictures.linked(alter(numbers=asked.numbers, check=check))

        kind = "numbers" if asked.numbers else "alter"
        return _json(await self._turn(request, work, page=asked.page, kind=kind, serial=asked.serial))

    async def picture(self, request: Request) -> Response:
        """A picture that an answer named."""
        content = self.pictures.get(request.path_params["key"])
        if content is None:
            raise HTTPException(404, "the picture is not kept any more; ask for it again")
        return _png(content, "private, max-age=86400, immutable")

    async def unit(self, request: Request) -> Response:
        """One unit of the network."""
        index = request.path_params["index"]
        return _json(await run_in_threadpool(describe_unit, self.explorer.subject, index))

    async def curves(self, request: Request) -> Response:
        """What each function does at every strength: point by point, so that others' work comes between."""
        curves = self.explorer.curves
        while missing := curves.missing():
            await self._turn(request, functools.partial(curves.measure, missing[0]))
        return _json(curves.measured())

    async def download(self, request: Request) -> Response:
        """What a visitor takes away, as a file."""
        asked = validated(Download, await _body(request, LONGEST), "the request")
        make = functools.partial(downloaded, self.explorer, asked.input, asked.change, asked.kind)
        name, content = await self._turn(request, make)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})

    async def commands(self, request: Request) -> Response:
        """Lines that do the same."""
        asked = validated(Commands, await _body(request, LONGEST), "the request")
        return _json(await run_in_threadpool(commands, self.explorer, asked.input, asked.change))

    async def file(self, request: Request) -> Response:
        """The page itself, and what it consists of."""
        name = request.path_params["path"].removeprefix("assets/") or "index.html"
        content = page_file(name) if NAME.fullmatch(name) else None
        if content is None:
            raise HTTPException(404, "there is no such page")
        return Response(content, media_type=mimetypes.guess_type(name)[0] or "application/octet-stream")

    async def _turn(self, request: Request, work: Callable[[Check], Any], **whose: Any) -> Any:
        return await self.turns.take(work, request.is_disconnected, **whose)


def page_file(name: str) -> bytes | None:
    """A file of the page, or of what pages share; None where there is none, or where it is a module of Python."""
    if name.endswith(".py"):
        return None
    for folder in (resources.files(PAGE).joinpath("page"), resources.files(SHARED)):
        file = folder.joinpath(*name.split("/"))
        if file.is_file():
            return file.read_bytes()
    return None


def _one_line(answer: Answer) -> Answer:
    """Answers what goes wrong with one line, in which no path of this machine is."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except InputError as error:
            return _error(" ".join(str(error).split()), 400)
        except Stopped:
            return _error("superseded", 409)
        except Busy:
            return _error("too much is asked for at once; wait a moment", 503)
        except ClientDisconnect:
            return _error("gone", 400)
        except Exception as error:
            if not lacks_memory(error):
                raise
            return _error("memory does not hold this; crop the photo", 413)

    return answered


async def _body(request: Request, most: int) -> bytes:
    """The body of a request, of so many bytes at most."""
    size, parts = 0, []
    stated = request.headers.get("content-length", "0")
    if stated.isdecimal() and int(stated) > most:
        raise HTTPException(413, f"{int(stated):,} bytes are sent, and {most:,} are allowed")
    try:
        async with asyncio.timeout(PATIENCE):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise HTTPException(413, f"more than {most:,} bytes are sent, which is all that is allowed")
                parts.append(part)
    except TimeoutError:
        raise HTTPException(408, f"the rest of the request did not come within {PATIENCE:g} seconds") from None
    return b"".join(parts)


def _json(value: Any, status: int = 200) -> Response:
    content = json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(content.encode(), status, media_type="application/json")


def _png(content: bytes, cache: str = "no-store") -> Response:
    return Response(content, media_type="image/png", headers={"cache-control": cache})


def _error(line: str, status: int) -> Response:
    return JSONResponse({"error": line}, status)


async def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as Starlette calls it
    assert isinstance(error, HTTPException)
    return _error(error.detail, error.status_code)


async def _failed(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as Starlette calls it
    return _error(f"a fault of this program: {type(error).__name__}; its terminal says more", 500)
