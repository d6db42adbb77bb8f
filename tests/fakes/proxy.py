"""A faulty wire: a TCP proxy before any server, with the troubles links have.

with FaultyWire(("127.0.0.1", port)) as wire:
    wire.fault = Fault(delay_s=2)          # or cut_after=100, black_hole=True, reset=True, bytes_per_s=50
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Self

CHUNK = 65_536


@dataclass(frozen=True)
class Fault:
    """What happens to a connection. Byte counts and rates are those of the server's answer."""

    delay_s: float = 0.0  # before anything is passed on
    cut_after: int | None = None  # bytes of the answer, then a clean close
    black_hole: bool = False  # takes everything, passes nothing, says nothing
    reset: bool = False  # RST as soon as the client has said something
    bytes_per_s: float | None = None  # the answer in single bytes
    stall: bool = False  # nothing passes any more, on open connections too, until it is mended


class FaultyWire:
    """Listens on a free port of loopback; `fault` counts for connections made from now on, `mend()` takes it away."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.fault = Fault()
        self.connections = 0
        self.closing = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        for sock in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def mend(self) -> None:
        self.fault = Fault()

    def cut(self) -> None:
        """Every open connection ends here and now."""
        for sock in list(self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _held_up(self) -> None:
        while self.fault.stall and not self.closing.wait(0.05):
            pass

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._carry, client, self.fault)

    def _carry(self, client: socket.socket, fault: Fault) -> None:
        with client, contextlib.suppress(OSError):
            self._sockets.add(client)
            if fault.reset:
                client.recv(CHUNK)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif fault.black_hole:
                while client.recv(CHUNK):
                    pass
            elif not self.closing.wait(fault.delay_s):
                with socket.create_connection(self.target, timeout=5) as server:
                    server.settimeout(None)
                    self._sockets.add(server)
                    back = self._start(self._pass_back, server, client, fault)
                    self._pass_on(client, server)
                    back.join()
                    self._sockets.discard(server)
            self._sockets.discard(client)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(CHUNK):
                self._held_up()
                server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _pass_back(self, server: socket.socket, client: socket.socket, fault: Fault) -> None:
        left = fault.cut_after
        size = CHUNK if fault.bytes_per_s is None else 1
        with contextlib.suppress(OSError):
            while left != 0 and (data := server.recv(size if left is None else min(size, left))):
                self._held_up()
                client.sendall(data)
                left = None if left is None else left - len(data)
                if fault.bytes_per_s and self.closing.wait(1 / fault.bytes_per_s):
                    break
        for sock in (client, server):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _start(self, run: object, *given: object) -> threading.Thread:
        thread = threading.Thread(target=run, args=given, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()
        return thread
