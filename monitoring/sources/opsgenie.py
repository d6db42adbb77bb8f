"""Opsgenie's Alert API: what is posted to create and to close an alert. Pure."""

from __future__ import annotations

from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post


def key_of(given: Any) -> str:
    """The alias, else one from what the alert says."""
    said = [fields.text(given, name) for name in ("source", "entity", "message")]
    return fields.text(given, "alias") or fields.digest(*said)


def read(post: Post) -> list[Signal]:
    given = post.json()
    summary = fields.text(given, "message")
    if not summary:
        raise Unreadable(Wrong("message", "required", "Message can not be empty."))
    told = words.bad(fields.text(given, "priority") or "P3", post.words)
    details = fields.table(given, "details")
    one = fields.signal(
        key_of(given),
        told.status,
        summary=summary,
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"entity": fields.text(given, "entity"), "source": fields.text(given, "source")}, details),
        link=fields.text(details, "url"),
    )
    return [one]


def closed(alias: str, said: str) -> Signal:
    return fields.signal(alias, "ok", summary=said or "Closed by its sender")
