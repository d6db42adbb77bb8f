"""Alerta: alerts as its clients post them. Pure.

Events that name each other in `correlate` are states of one trouble. An alert is over by its severity, by its status,
or when its timeout has passed without another word.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post

GOOD = ("normal", "ok", "cleared")
OVER = ("closed", "expired")
TIMEOUT_S = 86_400  # Alerta's own default
MOST_S = 30 * 86_400


def read(post: Post) -> list[Signal]:
    return [_alert(fields.table(one), post) for one in post.items()]


def _alert(one: dict[str, Any], post: Post) -> Signal:
    resource, event = fields.text(one, "resource"), fields.text(one, "event")
    if not resource or not event:
        raise Unreadable(Wrong("resource", "required", "Missing mandatory value for 'resource' or 'event'."))
    related = sorted({event, *(fields.text(name) for name in (fields.at(one, "correlate") or [])[:50])} - {""})
    name = f"{related[0]} {fields.digest(*related)}" if len(related) > 1 else event
    word = fields.text(one, "severity").lower()
    is_bad = word not in GOOD and fields.text(one, "status").lower() not in OVER
    told = words.of("" if word in GOOD else word or "warning", post.words, is_bad=is_bad)
    given = fields.labels({"environment": fields.text(one, "environment"), "event": event, "group": fields.text(one, "group")})
    signal = fields.signal(
        " ".join(filter(None, (fields.text(one, "environment"), resource, name))),
        told.status,
        summary=fields.first(fields.text(one, "text"), f"{event} on {resource}"),
        severity=told.severity,
        flag=told.flag if is_bad else "",
        given=given,
        link=fields.text(one, "attributes", "moreInfo"),
        service=fields.text(one, "service", 0).lower(),
        started_at=fields.past(one.get("createTime"), post.now),
    )
    seconds = fields.text(one, "timeout")
    lasts = min(int(seconds), MOST_S) if seconds.isdecimal() and len(seconds) < 9 else TIMEOUT_S
    return signal.closing(after=timedelta(seconds=max(lasts, 30))) if is_bad and lasts else signal
