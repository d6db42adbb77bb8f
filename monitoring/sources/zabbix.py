"""Zabbix: the body of our media type, and bodies people write from Zabbix's macros. Pure.

The problem's id comes again with its recovery. Dates are without zone, so they order nothing here.
"""

from __future__ import annotations

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post

BY_NUMBER = {"5": "disaster", "4": "high", "3": "average", "2": "warning", "1": "information", "0": "not classified"}
BAD, GOOD = ("1", "problem", "update", "alerting", "down"), ("0", "ok", "resolved", "recovery", "up")


def read(post: Post) -> list[Signal]:
    given = post.json()

    def say(*names: str) -> str:
        return fields.first(*(fields.text(given, name) for name in names))

    state = say("event_value", "event_status", "status", "value", "state").lower()
    if state not in (*BAD, *GOOD):
        raise Unreadable(Wrong("event_value", "unknown_value", "Send {EVENT.VALUE}: 1 for a problem, 0 for a recovery."))
    word = say("nseverity", "event_nseverity", "event_severity", "severity")
    told = words.of(BY_NUMBER.get(word, word), post.words, is_bad=state in BAD)
    host, problem = say("host", "host_name", "hostname", "host_id"), say("event_id", "eventid", "alert_uid")
    name = say("event_name", "trigger", "trigger_name", "trigger_description", "title", "name")
    trigger = say("trigger_id", "triggerid")
    one = fields.signal(
        " ".join(filter(None, (host, f"trigger {trigger}" if trigger else f"problem {problem}" if problem else name))),
        told.status,
        summary=fields.first(name, say("message", "item")),
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"host": host, "item": say("item"), "event_id": problem}, fields.table(given, "tags")),
        link=say("link", "url", "trigger_url", "link_to_upstream_details"),
        service=say("service"),
        occurrence=problem,
    )
    return [one]
