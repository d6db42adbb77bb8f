"""The short way into `POST /in/results/` and `/ping/<uuid>`, before Django's middleware: for one plain result, and only for that.

What is not plain, not readable, not allowed or not sure is left to the view, which gives every other answer. So this
door says one thing, 200, and says it only for what is committed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http.request import split_domain_port, validate_host

from monitoring import access, heartbeats, plain
from monitoring.normal import Signal, Unreadable
from monitoring.sources import results
from servicedesk import clock

log = structlog.get_logger(__name__)

MOST_BYTES = 16 * 1024  # one result; what is longer is seldom plain
HEADERS = [
    ("Content-Type", "application/json"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
]
UNSURE = (
    "503 Service Unavailable",
    b'{"type": "about:blank", "title": "Service unavailable", "status": 503, "detail": "The database does not answer. Send it again."}',
    [("Content-Type", "application/problem+json"), ("Retry-After", "10")],
)
PING = re.compile(r"/ping/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
Start = Callable[[str, list[tuple[str, str]]], Any]


def answer(environ: dict[str, Any], start_response: Start) -> Iterable[bytes] | None:
    """The answer, or None: the view is to be asked, and finds the request as it came."""
    body = _body(environ) if _is_simple(environ) else None
    signal = _signal(body) if body else None
    if body is None or signal is None:
        return None
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    try:
        raw_id = _stored(environ, signal, body)
    except (DatabaseError, InterfaceError) as error:
        return _failed(error, start_response)
    if raw_id is None:
        return None
    said = json.dumps({"accepted": 1, "duplicates": 0, "raw_id": str(raw_id)}).encode()
    start_response("200 OK", [*HEADERS, ("Content-Length", str(len(said)))])
    return [said]


def beat(environ: dict[str, Any], start_response: Start) -> Iterable[bytes] | None:
    """The answer to a ping without words of its own; None: the view is to be asked."""
    method, name = environ["REQUEST_METHOD"], PING.fullmatch(environ["PATH_INFO"])
    if name is None or method not in ("GET", "HEAD") or environ.get("CONTENT_LENGTH", "") not in ("", "0") or not _is_let_in(environ):
        return None
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    try:
        if not plain.beat(UUID(name[1]), words=heartbeats.RECEIVED, now=clock.now()):
            return None
    except (DatabaseError, InterfaceError) as error:
        return _failed(error, start_response)
    start_response("200 OK", [("Content-Type", "text/plain"), *HEADERS[1:], ("Content-Length", "2")])
    return [b"" if method == "HEAD" else b"OK"]


def _stored(environ: dict[str, Any], signal: Signal, body: bytes) -> int | None:
    token = access.token_in(environ.get("HTTP_AUTHORIZATION", ""))
    return plain.take(token, signal, body, content_type=environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower(), now=clock.now())


def _is_simple(environ: dict[str, Any]) -> bool:
    """One JSON body of known and small length, from whom the middleware would let pass."""
    form = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    length = environ.get("CONTENT_LENGTH") or ""
    small = length.isascii() and length.isdigit() and 0 < int(length) <= MOST_BYTES
    json_post = environ["REQUEST_METHOD"] == "POST" and form in ("application/json", "") and not environ.get("HTTP_CONTENT_ENCODING")
    return small and json_post and _is_let_in(environ)


def _is_let_in(environ: dict[str, Any]) -> bool:
    """Whether the middleware would neither refuse the host nor send it to https."""
    return _is_secure(environ) and validate_host(_domain(environ.get("HTTP_HOST", "")), settings.ALLOWED_HOSTS)


def _domain(host: str) -> str:
    return split_domain_port(host)[0]


def _is_secure(environ: dict[str, Any]) -> bool:
    """Whether SecurityMiddleware would not send it to https first."""
    header = getattr(settings, "SECURE_PROXY_SSL_HEADER", None)
    told = environ.get(header[0]) == header[1] if header and header[0] in environ else environ.get("wsgi.url_scheme") == "https"
    return told or not settings.SECURE_SSL_REDIRECT


def _body(environ: dict[str, Any]) -> bytes:
    """Read whole, and laid back for the view."""
    body: bytes = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    environ["wsgi.input"] = BytesIO(body)
    return body


def _signal(body: bytes) -> Signal | None:
    """The one result in it; None where there are more, or it is wrong, or its severity is a word only the source knows."""
    try:
        items = results.load(body, lines=False)
        if len(items) != 1 or not isinstance(items[0], dict) or isinstance(items[0].get("severity"), str):
            return None
        signal = results.read(items, now=clock.now())[0]
    except Unreadable:
        return None
    return signal if plain.may_be(signal) else None


def _failed(error: Exception, start_response: Start) -> Iterable[bytes] | None:
    """Refused by a database that answers: surely not stored, the view tries. A lost line leaves that open: ask to repeat."""
    log.warning("a plain result was not stored", error=str(error))
    if connection.is_usable():
        return None
    connection.close()
    status, said, headers = UNSURE
    start_response(status, [*headers, ("Content-Length", str(len(said)))])
    return [said]
