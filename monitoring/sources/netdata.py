"""Netdata: an agent's notification by a body of one's own, and the webhook of Netdata Cloud. Pure.

A removed alarm is no longer watched, which is not a recovery. Its templates leave the status without quotes, which is
no JSON: bare words are read as texts.
"""

from __future__ import annotations

import re
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post, read_json

BARE = re.compile(r'("[^"\\]{1,60}"\s{0,9}:\s{0,9})([A-Za-z_]{1,40})(?=\s{0,9}[,}\n])')
JSON_WORDS = ("true", "false", "null")
SAYS_NOTHING = ("removed", "uninitialized")


def read(post: Post) -> list[Signal]:
    given = _payload(post)

    def say(*names: str) -> str:
        return fields.first(*(fields.text(given, name) for name in names))

    state = say("status", "severity", "new_status").lower()
    if state in SAYS_NOTHING:
        return []
    host, name, number = say("host", "hostname", "node"), say("name", "alert", "alarm"), say("alarm_id")
    chart, when = say("chart"), say("when", "date")
    if not state or not (name or number):
        raise Unreadable(Wrong("status", "required", "Send status, host, and name or alarm_id."))
    told = words.of("" if state == "undefined" else state, post.words, is_bad=state not in ("clear", "ok", "normal"))
    key = " ".join(filter(None, (host, f"alarm {number}" if number else f"{chart} {name}".strip())))
    one = fields.signal(
        key,
        "unknown" if state == "undefined" else told.status,
        summary=": ".join(filter(None, (name, fields.first(say("message", "info"), say("value"))))),
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"host": host, "chart": chart, "alarm": name, "value": say("value", "value_string")}),
        link=say("alert_url", "goto_url", "url"),
        started_at=fields.past(when, post.now),
        occurrence=fields.first(say("unique_id", "event_id"), when),
    )
    return [one]


def _payload(post: Post) -> Any:
    text = post.text()
    try:
        return read_json(text)
    except Unreadable:
        return read_json(BARE.sub(lambda found: found[1] + (found[2] if found[2] in JSON_WORDS else f'"{found[2]}"'), text))
