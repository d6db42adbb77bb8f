"""Uptime Kuma's webhook, as JSON, as a form with JSON in `data`, or in the query. Pure.

A test and a notice of a certificate have no heartbeat and say nothing of a check. Pending says nothing yet. After a
maintenance no recovery is told, so its beginning closes what is open: what is still down is told again after it.
"""

from __future__ import annotations

from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, posts
from monitoring.sources.posts import Post

STATUSES = {"0": "critical", "1": "ok", "3": "ok"}


def read(post: Post) -> list[Signal]:
    given = _payload(post)
    status = STATUSES.get(fields.text(given, "heartbeat", "status"))
    if "heartbeat" not in fields.table(given):
        raise Unreadable(Wrong("heartbeat", "required", "Uptime Kuma's body has a monitor and a heartbeat."))
    if status is None:
        return []
    name, number = fields.text(given, "monitor", "name"), fields.text(given, "monitor", "id")
    when = fields.first(fields.text(given, "heartbeat", "time"), _local(given))
    said = fields.first(fields.text(given, "heartbeat", "msg"), fields.text(given, "msg"))
    one = fields.signal(
        f"monitor {number}" if number else name,
        status,
        summary=f"{name}: {said}" if name and said else fields.first(said, name),
        given=fields.labels({"monitor": name, "url": fields.text(given, "monitor", "url")}),
        link=fields.text(given, "monitor", "url"),
        started_at=fields.past(when, post.now),
        occurrence=when,
    )
    return [one]


def _payload(post: Post) -> Any:
    if "form" in post.form:
        return posts.read_json(post.fields().get("data", ""))
    return posts.read_json(post.query.get("data", "")) if not post.body and post.query else post.json()


def _local(given: Any) -> str:
    return fields.text(given, "heartbeat", "localDateTime") + fields.text(given, "heartbeat", "timezoneOffset")
