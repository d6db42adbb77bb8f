"""Graylog: the HTTP notification of an event (3 and newer), and the callback of a stream's alert before that. Pure.

Neither tells an end: without another event for a day it is over.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post

QUIET = timedelta(days=1)
PRIORITIES = {"4": "critical", "3": "high", "2": "warning", "1": "low", "0": "info"}


def read(post: Post) -> list[Signal]:
    given = post.json()
    event, check = fields.table(given, "event"), fields.table(given, "check_result")
    if not event and not check:
        raise Unreadable(Wrong("event", "required", "Graylog's body has an event, or a check_result."))
    return [_event(given, event, post)] if event else _older(given, check)


def _event(given: Any, event: dict[str, Any], post: Post) -> Signal:
    name = fields.first(fields.text(given, "event_definition_title"), fields.text(event, "message"))
    definition = fields.first(fields.text(given, "event_definition_id"), fields.text(event, "event_definition_id"), name)
    priority = fields.text(event, "priority")
    told = words.bad(PRIORITIES.get(priority, priority), post.words)
    groups = fields.table(event, "group_by_fields") or fields.table(event, "fields")
    one = fields.signal(
        " ".join(filter(None, (f"event {definition}", fields.text(event, "key")))),
        told.status,
        summary=fields.first(fields.text(event, "message"), name),
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"definition": name, "source": fields.text(event, "source")}, groups),
    )
    return one.closing(after=QUIET)


def _older(given: Any, check: dict[str, Any]) -> list[Signal]:
    if fields.at(check, "triggered") is not True:
        return []
    stream, condition = fields.table(given, "stream"), fields.table(check, "triggered_condition")
    number = fields.first(fields.text(condition, "id"), fields.text(stream, "id"))
    summary = fields.text(check, "result_description")
    one = fields.signal(
        f"condition {number}" if number else summary,
        "warning",
        summary=summary,
        given=fields.labels({"stream": fields.text(stream, "title"), "type": fields.text(condition, "type")}),
    )
    return [one.closing(after=QUIET)]
