"""The time one outside call may take, in all. Nothing a provider does, or leaves undone, holds a worker longer.

Socket timeouts alone are no deadline: a peer that drips a byte every few seconds never meets them, and a name server
that hangs is not even a socket of ours. Standard library only.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")


class Deadline:
    """`left()` says what remains; a socket given to `guard` is shut at the end, in the middle of whatever it does."""

    def __init__(self, total_s: float) -> None:
        self.ends = time.monotonic() + total_s
        self._twins: list[socket.socket] = []
        self._timer = threading.Timer(total_s, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        for twin in self._twins:
            twin.close()

    def left(self) -> float:
        """Seconds that remain; TimeoutError when none do."""
        seconds = self.ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time for this call is used up")
        return seconds

    def guard(self, sock: socket.socket) -> None:
        """Watch over a connection. The twin descriptor stays good when TLS wraps (and detaches) the first."""
        self._twins.append(sock.dup())

    def _cut(self) -> None:
        for twin in self._twins:
            with contextlib.suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)


def within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` gives, or TimeoutError; a call that hangs is left to end by itself in a daemon thread."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, name="within", daemon=True).start()
    return future.result(timeout=seconds)


def dial(host: str, port: int, deadline: Deadline, *, connect_s: float, read_s: float) -> socket.socket:
    """A connected socket under the deadline; OSError if the host has no address or none answers: nothing was sent."""
    ends = time.monotonic() + min(connect_s, deadline.left())
    addresses = resolve(host, port, within_s=connect_s)
    return connected(addresses, deadline, connect_s=max(0.05, ends - time.monotonic()), read_s=read_s)


def resolve(host: str, port: int, *, within_s: float) -> list[tuple[str, int]]:
    """The addresses of a name, in the system's order; OSError where there is none, TimeoutError where nobody says."""
    found = within(within_s, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM))
    return [(str(address[0]), int(address[1])) for *_rest, address in found]


def connected(addresses: Sequence[tuple[str, int]], deadline: Deadline, *, connect_s: float, read_s: float) -> socket.socket:
    """A socket to the first of these that answers, under the deadline; the last one's OSError where none does."""
    ends = time.monotonic() + min(connect_s, deadline.left())
    failure: OSError = OSError("the host has no address")
    for tried, address in enumerate(addresses):
        share = max(0.05, (ends - time.monotonic()) / (len(addresses) - tried))  # a dead IPv6 leaves time for IPv4
        try:
            sock = socket.create_connection(address, timeout=share)
        except OSError as error:
            failure = error
            continue
        sock.settimeout(read_s)
        deadline.guard(sock)
        return sock
    raise failure
