"""An e-mail service with one answer to everything: what matters is what our side makes of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

DRIP = (0, b"H")
SILENCE = (0, b"")


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """The address of a server that answers each POST so; status 0 repeats the body for ever and ends no answer."""
    over = threading.Event()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            while not status and not over.wait(0.1):
                self.wfile.write(body)
            self.send_response(status or 500)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the standard library's)
            pass

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            over.set()
            server.shutdown()
            thread.join()
