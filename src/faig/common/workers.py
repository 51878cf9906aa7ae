"""Processes that share the work of this one: they leave Ctrl-C to it, and end when it ends."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from faig.common.process import is_prepared, prepare


@contextmanager
def worker_pool(count: int, begin: Callable[[], object] | None = None) -> Iterator[ProcessPoolExecutor]:
    """So many processes; after an error, or Ctrl-C, they are ended in the middle of what they do.

    Args:
        count: how many.
        begin: what each of them calls first: a function of a module, or a partial of one.
    """
    others = multiprocessing.active_children()
    # A fork would copy torch's threads half.
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=_begin, initargs=(is_prepared(), begin)) as pool:
        try:
            with _deaf_to_interrupts():
                while len(set(multiprocessing.active_children()) - set(others)) < count:
                    pool.submit(int)  # starts one, where none is idle
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                if process not in others:
                    process.terminate()
            raise


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started in the block hear no Ctrl-C, not even while they begin."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(of_a_command: bool, begin: Callable[[], object] | None) -> None:
    if of_a_command:
        prepare()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if begin:
        begin()


def _end_with_parent() -> None:
    """A process that was killed tells nobody; its workers would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)
