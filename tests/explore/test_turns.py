"""One computation at a time; what is superseded, or whose visitor has gone, stops."""

import asyncio
import socket
import threading
import time

import pytest

from faig.explore import turns as module
from faig.explore.running import Stopped
from faig.explore.turns import STOPS, Busy, Turns

KINDS = [*STOPS, "", "download"]


async def here() -> bool:
    return False


async def left() -> bool:
    return True


class Work:
    """Goes on until it is stopped, or let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()
        self.ended = ""

    def __call__(self, check) -> str:
        self.begun.set()
        try:
            while not self.let_go.wait(0.005):
                check()
        except Stopped:
            self.ended = "stopped"
            raise
        self.ended = "done"
        return "done"


async def until(event: threading.Event) -> None:
    while not event.is_set():
        await asyncio.sleep(0.005)


async def outcome(task) -> str:
    try:
        return await task
    except Stopped:
        return "stopped"


@pytest.mark.parametrize("newer", KINDS)
@pytest.mark.parametrize("older", KINDS)
@pytest.mark.parametrize("same_page", [True, False])
def test_a_newer_request_of_a_page_stops_older_ones(older, newer, same_page):
    async def scene() -> tuple[str, str]:
        turns, first, second = Turns(), Work(), Work()
        pages = ("a", "a") if same_page else ("a", "b")
        task = asyncio.create_task(turns.take(first, here, page=pages[0], kind=older, serial=1))
        await until(first.begun)
        other = asyncio.create_task(turns.take(second, here, page=pages[1], kind=newer, serial=2))
        await asyncio.sleep(0.05)
        first.let_go.set()
        second.let_go.set()
        ended = await outcome(task), await outcome(other)
        assert turns._under_way == {}
        turns.end()
        return ended

    stops = same_page and older in STOPS.get(newer, ())
    assert asyncio.run(scene()) == ("stopped" if stops else "done", "done")


def test_what_waits_is_stopped_before_it_begins():
    async def scene() -> None:
        turns, works = Turns(), [Work() for _ in range(4)]
        first = asyncio.create_task(turns.take(works[0], here, page="other", kind="alter", serial=9))
        await until(works[0].begun)
        later = [
            asyncio.create_task(turns.take(work, here, page="a", kind="alter", serial=serial))
            for serial, work in enumerate(works[1:])
        ]
        await asyncio.sleep(0.05)
        works[0].let_go.set()
        works[3].let_go.set()
        assert [await outcome(task) for task in (first, *later)] == ["done", "stopped", "stopped", "done"]
        assert [work.begun.is_set() for work in works] == [True, False, False, True]
        turns.end()

    asyncio.run(scene())


def test_a_request_that_comes_late_is_not_begun():
    async def scene() -> None:
        turns, work = Turns(), Work()
        work.let_go.set()
        assert await turns.take(work, here, page="a", kind="alter", serial=5) == "done"
        late = Work()
        for kind, serial in (("alter", 4), ("numbers", 4)):
            assert await outcome(turns.take(late, here, page="a", kind=kind, serial=serial)) == "stopped"
        assert not late.begun.is_set()
        assert await turns.take(work, here, page="a", kind="alter", serial=5) == "done"  # asked for again
        assert await turns.take(work, here, page="b", kind="alter", serial=1) == "done"
        turns.end()

    asyncio.run(scene())


def test_one_at_a_time():
    async def scene() -> None:
        turns, running, most = Turns(), [], []

        def work(check) -> None:
            check()
            running.append(1)
            most.append(len(running))
            time.sleep(0.01)
            running.pop()

        await asyncio.gather(*(turns.take(work, here, page=str(page)) for page in range(8)))
        assert most == [1] * 8
        turns.end()

    asyncio.run(scene())


def test_work_of_a_visitor_who_has_gone_stops(monkeypatch):
    monkeypatch.setattr(module, "POLL", 0.01)

    async def scene() -> None:
        turns, work = Turns(), Work()
        assert await outcome(turns.take(work, left, page="a")) == "stopped"
        assert work.ended == "stopped"
        turns.end()

    asyncio.run(scene())


def test_too_much_at_once_is_refused_and_ended(monkeypatch):
    monkeypatch.setattr(module, "WAITING", 3)

    async def scene() -> None:
        turns, works = Turns(), [Work() for _ in range(3)]
        tasks = [asyncio.create_task(turns.take(work, here, page=str(work))) for work in works]
        await until(works[0].begun)
        with pytest.raises(Busy):
            await turns.take(Work(), here, page="one too many")
        turns.end()
        assert [await outcome(task) for task in tasks] == ["stopped"] * 3
        assert await outcome(turns.take(Work(), here)) == "stopped"

    asyncio.run(scene())


def test_an_error_reaches_who_asked_and_the_next_is_done():
    async def scene() -> None:
        turns = Turns()

        def fails(_) -> None:
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await turns.take(fails, here, page="a", kind="alter", serial=1)
        assert await turns.take(lambda check: 7, here, page="a", kind="alter", serial=2) == 7
        turns.end()

    asyncio.run(scene())


def test_the_newest_serials_are_remembered_of_so_many_pages_only(monkeypatch):
    monkeypatch.setattr(module, "PAGES", 10)

    async def scene() -> None:
        turns = Turns()
        for page in range(50):
            await turns.take(lambda check: 0, here, page=str(page), kind="alter", serial=1)
        assert len(turns._newest) == 10
        turns.end()

    asyncio.run(scene())


def test_a_superseded_request_is_answered(served):
    """Over HTTP: the older one is told so, the newer one is done."""
    shown = {"photo": "chelsea", "crop": None, "worse": {"blur": 1.0}}
    begun, let_go = threading.Event(), threading.Event()
    ends = served.explorer.prepare
    answers: dict = {}

    def slow(*arguments, check, **more):
        begun.set()
        while not let_go.wait(0.005):
            check()
        return ends(*arguments, check=check, **more)

    def ask(serial: int) -> None:
        request = {"page": "slow", "serial": serial, "input": shown}
        answers[serial] = served.client.post("/api/prepare", request)

    served.explorer.prepare = slow
    try:
        threads = [threading.Thread(target=ask, args=[serial]) for serial in (1, 2)]
        threads[0].start()
        assert begun.wait(20)
        threads[1].start()
        threads[0].join(20)
        let_go.set()
        threads[1].join(60)
    finally:
        served.explorer.prepare = ends
    assert (answers[1].status, answers[1].json) == (409, {"error": "superseded"})
    assert answers[2].status == 200
    assert served.server.turns._under_way == {}


def test_work_stops_when_the_connection_is_closed(served):

    stopped, begun = threading.Event(), threading.Event()
    ends = served.explorer.prepare

    def slow(*_, check, **__):
        begun.set()
        try:
            while True:
                check()
                time.sleep(0.005)
        finally:
            stopped.set()

    served.explorer.prepare = slow
    try:
        body = b'{"page": "gone", "serial": 1, "input": {"photo": "chelsea"}}'
        with socket.create_connection(("127.0.0.1", served.client.port)) as connection:
            head = f"POST /api/prepare HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            assert begun.wait(20)
        assert stopped.wait(20)
    finally:
        served.explorer.prepare = ends
