"""CloudEvents 1.0 over HTTP: structured, batched and binary. Pure.

`source` and `id` name one event; `source` and `subject` (else the type's beginning) name what it is about. An event that
says neither by a word of its own nor by the end of its type how things are is kept and opens nothing.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, states, words
from monitoring.sources.posts import Post, read_json

MOST_DATA = 256 * 1024
SAID = ("status", "state", "severity", "level", "priority")


def read(post: Post) -> list[Signal]:
    events = [_binary(post)] if post.headers.get("ce-specversion") else post.items()
    return [signal for one in events for signal in _event(fields.table(one), post)]


def _binary(post: Post) -> dict[str, Any]:
    """The attributes stand in headers, the body is the data."""
    names = ("specversion", "id", "source", "type", "subject", "time", "severity", "status")
    given = {name: post.headers[f"ce-{name}"] for name in names if post.headers.get(f"ce-{name}")}
    return given | {"data": post.json() if post.body and "json" in post.form else None}


def _event(one: dict[str, Any], post: Post) -> list[Signal]:
    missing = [name for name in ("specversion", "id", "source", "type") if not fields.text(one, name)]
    if missing:
        raise Unreadable(*[Wrong(name, "required", f"'{name}' is missing.") for name in missing])
    data, kind = _data(one), fields.text(one, "type")
    ending = kind.rpartition(".")[2]
    word = fields.first(*(fields.text(where, name) for where in (one, data) for name in SAID), ending if states.known(ending) else "")
    if not word:
        return []
    told = states.read(word, post.words)
    source, subject = fields.text(one, "source"), fields.text(one, "subject")
    signal = fields.signal(
        " ".join((source, subject or kind.rpartition(".")[0] or kind)),
        told.status,
        summary=fields.first(*(fields.text(data, name) for name in ("summary", "message", "title", "description")), f"{kind} {subject}"),
        severity=told.severity or words.bad(fields.text(data, "severity"), post.words).severity,
        flag=told.flag,
        given=fields.labels({"type": kind, "subject": subject}, data),
        link=fields.first(fields.web(fields.text(data, "url")), fields.web(source)),
        started_at=fields.past(one.get("time"), post.now),
    )
    return [replace(signal, event_id=fields.digest(source, fields.text(one, "id")), is_repeatable=False)]


def _data(one: dict[str, Any]) -> Any:
    if isinstance(one.get("data"), dict):
        return one["data"]
    packed = one.get("data_base64")
    if not isinstance(packed, str) or len(packed) > MOST_DATA:
        return {}
    try:
        return read_json(base64.b64decode(packed, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError, Unreadable):
        return {}
