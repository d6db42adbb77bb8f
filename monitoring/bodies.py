"""Bodies as they come in: bounded, unpacked, kept before anybody reads them."""

from __future__ import annotations

import re
import zlib
from datetime import datetime

from django.http import HttpRequest

from monitoring.models import RawBody, Source
from monitoring.normal import Unreadable, Wrong

CHUNK = 64 * 1024
OWN_TOKEN = re.compile(rb"(msd_[A-Za-z0-9]{8,12}_)[A-Za-z0-9_-]{43}")
SECRET = re.compile(rb'("[A-Za-z_]{0,40}(?:pass|password|secret|token|api_?key)"\s{0,4}:\s{0,4}")(?:[^"\\]|\\.)*+"', re.IGNORECASE)
SECRET_WORDS = (b"pass", b"secret", b"token", b"key")  # without one of these SECRET finds nothing, and is slow at it


class TooLarge(Exception):
    """More than the door takes."""


def read(request: HttpRequest, *, most: int) -> bytes:
    """The body, at most `most` bytes before and after unpacking. Raises TooLarge, Unreadable."""
    if int(request.headers.get("Content-Length") or 0) > most:
        raise TooLarge
    body = request.read(most + 1)
    if len(body) > most:
        raise TooLarge
    return _unzip(body, most) if request.headers.get("Content-Encoding", "").lower() == "gzip" else body


def _unzip(body: bytes, most: int) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    try:
        out = unzip.decompress(body, most + 1)
    except zlib.error as error:
        raise Unreadable(Wrong("", "not_gzip", "The body says gzip but is not.")) from error
    if len(out) > most or unzip.unconsumed_tail:
        raise TooLarge
    if not unzip.eof:
        raise Unreadable(Wrong("", "not_gzip", "The gzip body ends too early."))
    return out


def keep(source: Source | None, body: bytes, *, content_type: str, now: datetime, items: int = 0, problem: str = "") -> RawBody:
    """One row: how many `items` were read in it, or the `problem` with it. Secrets in it are not kept."""
    said = {"items": items, "problem": problem[:500]}
    return RawBody.objects.create(source=source, received_at=now, content_type=content_type[:120], body=masked(body), **said)


def masked(body: bytes) -> bytes:
    """Without our own tokens, and without what other programs call a password, a secret or a token."""
    body, said = OWN_TOKEN.sub(rb"\1***", body), body.lower()
    return SECRET.sub(rb'\1***"', body) if any(word in said for word in SECRET_WORDS) else body


def read_start(request: HttpRequest, *, most: int) -> bytes:
    """The first `most` bytes; what a job printed may be long, and its end is not worth a refusal."""
    return request.read(most) if request.method == "POST" else b""
