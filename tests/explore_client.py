"""A server of `faig explore` on this machine, and a client that sends requests as they are."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import torch
import uvicorn

from faig.explore.explorer import Explorer
from faig.explore.server import Server
from faig.explore.serving import bound, settings
from faig.explore.subject import Subject


class Client:
    """Sends requests to a server, as they are."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> SimpleNamespace:
        """An answer: status, headers, content, and what is in it where it is JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        content = json.dumps(body).encode() if isinstance(body, dict | list) else body
        try:
            connection.request(method, path, content, headers or {}, encode_chunked=hasattr(content, "__next__"))
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        is_json = answer.headers.get("content-type") == "application/json"
        told = json.loads(data) if is_json else None
        return SimpleNamespace(status=answer.status, headers=answer.headers, content=data, json=told)

    def get(self, path: str, **headers: str) -> SimpleNamespace:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> SimpleNamespace:
        return self.ask("POST", path, body, headers)

    def picture(self, path: str) -> torch.Tensor:
        """A picture as an image in [0, 1]."""
        answer = self.get(path)
        assert answer.status == 200, answer.json
        return read_png(answer.content)


def read_png(content: bytes) -> torch.Tensor:
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    assert pixels.dtype == np.uint8
    assert pixels.shape[2] == 3
    return torch.from_numpy(pixels[..., ::-1].copy()).permute(2, 0, 1).float() / 255


@contextmanager
def serving(subject: Subject) -> Iterator[SimpleNamespace]:
    """A server under way: its client, and what is behind it."""
    listening = bound("127.0.0.1", 0)
    server = Server(Explorer(subject), "127.0.0.1")
    process = uvicorn.Server(settings(server))
    thread = threading.Thread(target=process.run, args=[[listening]])
    thread.start()
    yield SimpleNamespace(client=Client(listening.getsockname()[1]), server=server, explorer=server.explorer)
    server.turns.end()
    process.should_exit = True
    thread.join(timeout=30)
    listening.close()
    assert not thread.is_alive()
