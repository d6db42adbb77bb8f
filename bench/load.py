"""A small HTTP load: some kept connections, one prepared request after the other, and how long each took."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Sequence


def requests_for(seconds: float, port: int, made: Callable[[int], bytes], connections: int = 8) -> list[float]:
    """Milliseconds of each answered request. Raises on an answer that is not 2xx."""
    took: list[float] = []
    wrong: list[bytes] = []
    numbers = itertools.count()
    ends = time.monotonic() + seconds

    def line() -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=120) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.monotonic() < ends and not wrong:
                began = time.perf_counter()
                sock.sendall(made(next(numbers)))
                answer = whole(sock)
                took.append((time.perf_counter() - began) * 1000)
                if not answer.startswith(b"HTTP/1.1 2"):
                    wrong.append(answer)

    threads = [threading.Thread(target=line) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[0][:400]
    assert took, "nothing was answered"
    return took


def until_done(port: int, requests: Sequence[bytes], connections: int) -> tuple[float, int]:
    """Seconds until each of these was answered, and how many were sent again because a line broke. Raises on an answer that is not 2xx."""
    numbers, wrong, again = itertools.count(), list[bytes](), list[int]()

    def line() -> None:
        mine: int | None = None
        while not wrong:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    while not wrong and (mine := next(numbers) if mine is None else mine) < len(requests):
                        sock.sendall(requests[mine])
                        if not (answer := whole(sock)).startswith(b"HTTP/1.1 2"):
                            wrong.append(answer)
                        mine = None
                    return
            except OSError:
                again.append(port)

    began = time.monotonic()
    threads = [threading.Thread(target=line) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[0][:400]
    return time.monotonic() - began, len(again)


def whole(sock: socket.socket) -> bytes:
    """One answer with a Content-Length."""
    got = _more(sock)
    while b"\r\n\r\n" not in got:
        got += _more(sock)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += _more(sock)
    return head + body


def _more(sock: socket.socket) -> bytes:
    got = sock.recv(65_536)
    if not got:
        raise ConnectionResetError("the line was closed in the middle of an answer")
    return got


def post(path: str, body: bytes, token: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return (head + (f"Authorization: Bearer {token}\r\n" if token else "") + "\r\n").encode() + body
