"""The server as a process: bound, announced, and ended by Ctrl-C."""

import contextlib
import errno
import socket
from collections.abc import Callable

import uvicorn

from faig.common.errors import InputError
from faig.explore.explorer import Explorer
from faig.explore.server import Server

AT_ONCE = 64  # connections
ENDING = 2  # seconds for answers that are under way when it ends


class _Process(uvicorn.Server):
    """Ends what computes as soon as it is told to end: an answer that is under way would be waited for."""

    def __init__(self, config: uvicorn.Config, server: Server) -> None:
        super().__init__(config)
        self.explore = server

    def handle_exit(self, sig: int, frame: object) -> None:
        """Told by a signal."""
        self.explore.turns.end()
        super().handle_exit(sig, frame)  # type: ignore[arg-type]


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: a name or an address of this machine.
        port: 0 for any that is free.

    Raises:
        InputError: the port is in use, or the host is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError, ValueError) as error:  # the last two: no name can be so
        reason = error.strerror if isinstance(error, OSError) else "no name of a host can be so"
        raise InputError(f"{host}: is no host: {reason}", setting="host") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be listened on: {error.strerror}"
        raise InputError(
            f"{host}:{port}: {reason}; choose another port, or 0 for any that is free", setting="port"
        ) from None
    return listening


def serve(explorer: Explorer, listening: socket.socket, host: str, ready: Callable[[str], None]) -> None:
    """Answer until Ctrl-C.

    Args:
        explorer: what computes.
        listening: from `bound`.
        host: that it was bound to.
        ready: called with the address, before the first answer.
    """
    server = Server(explorer, host)
    port = listening.getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    ready(f"http://{name}:{port}/")
    with contextlib.closing(listening), contextlib.suppress(KeyboardInterrupt):
        _Process(settings(server), server).run(sockets=[listening])


def settings(server: Server) -> uvicorn.Config:
    """How uvicorn is to run a server."""
    return uvicorn.Config(
        server.app,
        log_config=None,
        access_log=False,
        server_header=False,
        http="h11",
        ws="none",
        lifespan="off",
        limit_concurrency=AT_ONCE,
        timeout_graceful_shutdown=ENDING,
    )
