"""A stand-in for a Hugging Face hub: one repository by the hub's own HTTP interface, and what goes wrong on request."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

REPOSITORY = "jane/tiny-x2"
WEB = "https://huggingface.co"
CODES = {401: "RepoNotFound", 403: "GatedRepo", 404: "RepoNotFound"}
Files = dict[str, bytes]


def commit_id(number: int) -> str:
    """The name of a commit."""
    return f"{number:040x}"


def is_large(name: str) -> bool:
    """Whether the hub keeps a file in its large file storage, under its SHA-256."""
    return name.endswith(".safetensors")


def checksum(name: str, data: bytes) -> str:
    """What the hub calls a file's content."""
    return (
        hashlib.sha256(data).hexdigest()
        if is_large(name)
        else hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    )


class Request(BaseHTTPRequestHandler):
    """One request; what a fault does to it comes first."""

    server: "Hub"
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        self.where = unquote(urlsplit(self.path).path)
        self.content = self.received()
        self.server.asked.append(f"{self.command} {self.where}")
        if not self.server.fault(self):
            self.answer()

    def received(self) -> bytes:
        """The content of the request: of a length that is told, or in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while length := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    do_GET = do_HEAD = do_POST = do_PUT = handle_any

    def answer(self) -> None:
        hub, (_, *parts) = self.server, self.where.split("/")
        match parts:
            case ["api", "repos", "create"]:
                made, told = hub.commits == [], json.loads(self.content)
                hub.private = told.get("private") is True or told.get("visibility") == "private"
                if made:
                    hub.commits.append({})
                self.json({"url": f"{WEB}/{REPOSITORY}"}, 200 if made else 409)
            case ["api", "validate-yaml"]:
                assert json.loads(self.content)["content"].startswith("---\nlibrary_name: faig\n")
                self.json({"errors": [], "warnings": []})
            case ["upload", name]:
                assert hashlib.sha256(self.content).hexdigest() == name
                hub.large[name] = self.content
                self.json({})
            case _ if REPOSITORY not in self.where or not hub.commits:
                self.refuse(404)
            case ["jane", "tiny-x2.git", "info", "lfs", "objects", "batch"]:
                objects = json.loads(self.content)["objects"]
                for each in objects:
                    each["actions"] = {"upload": {"href": f"{hub.endpoint}/upload/{each['oid']}"}}
                self.json({"objects": objects, "transfer": "basic"})
            case ["jane", "tiny-x2", "resolve", revision, name]:
                self.file(revision, name)
            case ["api", "models", "jane", "tiny-x2", *what]:
                self.about(*what)

    def about(self, what: str = "revision", revision: str = "main") -> None:
        """Everything that is under ``/api/models/OWNER/REPOSITORY``."""
        hub = self.server
        if (files := hub.files(revision)) is None:
            self.refuse(404, "RevisionNotFound")
        elif what == "revision":
            name = revision if revision != "main" else commit_id(len(hub.commits) - 1)
            self.json({"id": REPOSITORY, "sha": name, "siblings": [{"rfilename": name} for name in files]})
        elif what == "tree":
            self.json([hub.entry(name, data) for name, data in files.items()])
        elif what == "preupload":
            named = [file["path"] for file in json.loads(self.content)["files"]]
            self.json({"files": [hub.mode(name, files) for name in named]})
        elif what == "commit":
            hub.commits.append(hub.changed(files, self.content))
            name = commit_id(len(hub.commits) - 1)
            self.json({"commitUrl": f"{WEB}/{REPOSITORY}/commit/{name}", "commitOid": name})

    def file(self, revision: str, name: str, data: bytes | None = None, sent: int | None = None) -> None:
        """A file's content: other bytes than it is named by, or less of it than is told, where that is wanted."""
        files = self.server.files(revision)
        if files is None or name not in files:
            self.refuse(404, "EntryNotFound" if files else "RevisionNotFound")
            return
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        data = files[name] if data is None else data
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(data) - begin))
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        self.send_header("ETag", f'"{checksum(name, files[name])}"')
        self.send_header("X-Repo-Commit", commit_id(len(self.server.commits) - 1) if revision == "main" else revision)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[begin:sent])
        self.close_connection = sent is not None

    def json(self, value: Any, status: int = 200, **headers: str) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def refuse(self, status: int, code: str | None = None) -> None:
        code = code or CODES.get(status)
        self.json({"error": "as asked for"}, status, **({"X-Error-Code": code} if code else {}))

    def log_message(self, *_: object) -> None:
        pass


class Hub(ThreadingHTTPServer):
    """A hub.

    Attributes:
        commits: the files of each, the first one empty; none where the repository is not there.
        large: what was uploaded to the large file storage, by its SHA-256.
        private: as it was asked for.
        fault: is given each request; true where it has dealt with it.
        asked: methods and paths, in order.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.commits: list[Files] = []
        self.large: Files = {}
        self.private = False
        self.fault: Callable[[Request], bool] = works
        self.asked: list[str] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def files(self, revision: str) -> Files | None:
        """Those of a commit, or of the last one."""
        named = {commit_id(number): files for number, files in enumerate(self.commits)}
        return named.get(revision, self.commits[-1] if revision == "main" else None)

    @staticmethod
    def entry(name: str, data: bytes) -> dict[str, Any]:
        """A file as a listing has it."""
        entry = {"type": "file", "path": name, "size": len(data), "oid": checksum(name, data)}
        large = {"oid": checksum(name, data), "size": len(data), "pointerSize": 1}
        return entry | ({"lfs": large} if is_large(name) else {})

    @staticmethod
    def mode(name: str, files: Files) -> dict[str, Any]:
        """How a file is to be uploaded, and what is there of it."""
        there = checksum(name, files[name]) if name in files else None
        return {"path": name, "uploadMode": "lfs" if is_large(name) else "regular", "shouldIgnore": False, "oid": there}

    def changed(self, files: Files, content: bytes) -> Files:
        """The files after a commit."""
        files = dict(files)
        for line in map(json.loads, content.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.large[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        return files


def works(_: Request) -> bool:
    """No fault."""
    return False


def refuses(status: int, part: str = "") -> Callable[[Request], bool]:
    """Answers with a status to every request whose path has the part."""

    def fault(request: Request) -> bool:
        if part in request.where:
            request.refuse(status)
        return part in request.where

    return fault


def hangs_up(part: str = "") -> Callable[[Request], bool]:
    """Ends the connection without a word."""

    def fault(request: Request) -> bool:
        request.close_connection = part in request.where
        return part in request.where

    return fault


def breaks_off(name: str, at: int, times: int = 10**9) -> Callable[[Request], bool]:
    """Ends the connection after so many bytes of a file, so many times."""
    left = iter(range(times))

    def fault(request: Request) -> bool:
        is_it = request.command == "GET" and request.where.endswith(f"/{name}") and next(left, None) is not None
        if is_it:
            request.file(request.where.split("/")[4], name, sent=at)
        return is_it

    return fault


def alters(name: str, alter: Callable[[bytes], bytes]) -> Callable[[Request], bool]:
    """Sends another content than the one that the file's checksum and size are of."""

    def fault(request: Request) -> bool:
        is_it = request.command == "GET" and request.where.endswith(f"/{name}")
        if is_it:
            files = request.server.files("main")
            request.file(request.where.split("/")[4], name, data=alter(files[name]))
        return is_it

    return fault


@contextmanager
def running(monkeypatch, folder) -> Iterator[Hub]:
    """A hub that `huggingface_hub` takes for the hub; its cache and its tokens are in a folder."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between attempts
    with Hub() as hub:
        for name, value in {
            "ENDPOINT": hub.endpoint,
            "HUGGINGFACE_CO_URL_TEMPLATE": f"{hub.endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}",
            "HF_HUB_CACHE": str(folder / "cache"),
            "HF_TOKEN_PATH": str(folder / "token"),
            "HF_HUB_DISABLE_XET": True,  # a protocol of its own, which is not spoken here
        }.items():
            monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
        thread = threading.Thread(target=hub.serve_forever)
        thread.start()
        yield hub
        hub.shutdown()
        thread.join()
