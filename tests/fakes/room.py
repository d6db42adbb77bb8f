"""A chat room's incoming webhook: takes JSON, keeps it, and answers as it is told (`204`, `404`, `429:30`, `302:http://…`, `hang`)."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Room:
    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.letters: list[tuple[dict[str, str], str]] = []  # the headers and the body as it came
        self.verb = "200"
        self.closing = threading.Event()
        room = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                room.letters.append(({name.lower(): value for name, value in self.headers.items()}, body))
                room.said.append(json.loads(body))
                status, _, detail = room.verb.partition(":")
                if status == "hang":
                    room.closing.wait()
                    return
                self.send_response(int(status))
                if detail:
                    self.send_header("Retry-After" if status == "429" else "Location", detail)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hooks/T0/B0/secret"

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
