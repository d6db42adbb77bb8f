"""A test client that comes in as a sender does: through the doors before Django, then through Django."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler

from servicedesk.wsgi import DOORS


class Entering(ClientHandler):
    """`took`: how many requests a door answered."""

    took = 0

    def __call__(self, environ: dict[str, Any]) -> Any:
        said: list[Any] = []
        environ.setdefault("HTTP_HOST", "testserver")
        path = environ["PATH_INFO"]
        door = DOORS.get(path) or DOORS.get(path[: path.find("/", 1) + 1])
        body = door(environ, lambda *head: said.extend(head)) if door else None
        if body is None:
            return super().__call__(environ)
        self.took += 1
        answer = HttpResponse(b"".join(body), status=int(said[0][:3]), headers=dict(said[1]))
        answer.wsgi_request = WSGIRequest(environ)  # type: ignore[attr-defined]
        return answer


class ShortWay(Client):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.handler = Entering(enforce_csrf_checks=False)
