"""One computation at a time; what is superseded, or whose visitor has gone, stops."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from faig.explore.running import Check, Stopped

Result = TypeVar("Result")

PAGES = 1000  # of which the newest serial is remembered
WAITING = 32  # computations at most, the running one among them
POLL = 0.1  # seconds between looks whether the visitor is still there

# What a newer request of the same page makes stop: of these kinds.
STOPS = {
    "prepare": {"prepare", "alter", "numbers"},
    "alter": {"alter", "numbers"},
    "numbers": {"numbers"},
}


class Busy(Exception):
    """More is waiting than can be done soon."""


class _Work:
    def __init__(self, kind: str, serial: int) -> None:
        self.kind, self.serial = kind, serial
        self.unwanted = threading.Event()

    def check(self) -> None:
        if self.unwanted.is_set():
            raise Stopped


class Turns:
    """Runs computations in a thread, one after the other; for one event loop."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="faig explore")
        self._newest: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._under_way: dict[str, list[_Work]] = {}
        self._waiting = 0
        self._ended = False

    async def take(
        self,
        work: Callable[[Check], Result],
        gone: Callable[[], Awaitable[bool]],
        *,
        page: str = "",
        kind: str = "",
        serial: int = 0,
    ) -> Result:
        """Do some work when its turn comes.

        Args:
            work: given what it has to ask from time to time.
            gone: whether nobody waits for it any more.
            page: whose work; the newest serial of a page makes older ones of the kinds in `STOPS` stop.
            kind: of the work.
            serial: counts up in a page.

        Raises:
            Stopped: it was superseded, or nobody waits for it.
            Busy: there is too much to do.
        """
        mine = _Work(kind, serial)
        if kind in STOPS:
            self._supersede(page, mine)
        if self._waiting >= WAITING:
            raise Busy
        if self._ended:
            raise Stopped
        self._waiting += 1
        self._under_way.setdefault(page, []).append(mine)

        def turn() -> Result:
            mine.check()
            return work(mine.check)

        future = asyncio.get_running_loop().run_in_executor(self._thread, turn)
        try:
            while not (await asyncio.wait({future}, timeout=POLL))[0]:
                if await gone():
                    mine.unwanted.set()
            if future.cancelled():  # all has ended
                raise Stopped
            return future.result()
        finally:
            mine.unwanted.set()  # the waiting itself may have been cancelled
            self._waiting -= 1
            self._under_way[page].remove(mine)
            if not self._under_way[page]:
                del self._under_way[page]

    def end(self) -> None:
        """Stop all that is under way, and take no more."""
        self._ended = True
        for works in list(self._under_way.values()):
            for work in works:
                work.unwanted.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _supersede(self, page: str, mine: _Work) -> None:
        for kind, stops in STOPS.items():
            if mine.kind in stops and self._newest.get((page, kind), -1) > mine.serial:
                raise Stopped
        self._newest[page, mine.kind] = mine.serial
        self._newest.move_to_end((page, mine.kind))
        while len(self._newest) > PAGES:
            self._newest.popitem(last=False)
        for work in self._under_way.get(page, []):
            if work.kind in STOPS[mine.kind] and work.serial < mine.serial:
                work.unwanted.set()
