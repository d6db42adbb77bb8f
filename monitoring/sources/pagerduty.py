"""PagerDuty's Events API, versions 2 and 1: what a sender posts there, read as signals. Pure.

Acknowledging there changes nothing here; a change event is kept and opens nothing. A trigger without a key gets one
from its own words, so that saying it twice is one trouble.
"""

from __future__ import annotations

from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post

ACTIONS = ("trigger", "acknowledge", "resolve")


def key_of(given: Any) -> str:
    """The event's own key, else one from what it says."""
    own = fields.first(fields.text(given, "dedup_key"), fields.text(given, "incident_key"))
    parts = [fields.text(given, "payload", name) for name in ("source", "component", "group", "class", "summary")]
    return own or fields.digest(*parts, fields.text(given, "description"))


def read(post: Post) -> list[Signal]:
    """Version 2."""
    given = post.json()
    action = _action(given, "event_action", need_key="dedup_key")
    if action == "acknowledge":
        return []
    inside = fields.table(given, "payload")
    missing = [name for name in ("summary", "source", "severity") if not fields.text(inside, name)] if action == "trigger" else []
    if missing:
        raise Unreadable(*[Wrong(f"payload.{name}", "required", f"'payload.{name}' is missing or blank") for name in missing])
    told = words.of(fields.text(inside, "severity"), post.words, is_bad=action == "trigger")
    source = fields.text(inside, "source")
    one = fields.signal(
        key_of(given),
        told.status,
        summary=fields.text(inside, "summary"),
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"source": source, "component": fields.text(inside, "component")}, inside.get("custom_details")),
        link=fields.first(
            *(fields.web(fields.text(link, "href")) for link in fields.rows(given, "links")), fields.text(given, "client_url")
        ),
        started_at=None,  # `timestamp` is when the event was made, and a resolve has none
    )
    return [one]


def _links(given: Any) -> list[str]:
    return [fields.web(fields.text(link, "href")) for link in fields.rows(given, "links")]


def read_v1(post: Post) -> list[Signal]:
    given = post.json()
    action = _action(given, "event_type", need_key="incident_key")
    if action == "acknowledge":
        return []
    summary = fields.text(given, "description")
    if action == "trigger" and not summary:
        raise Unreadable(Wrong("description", "required", "'description' is missing or blank"))
    status = "critical" if action == "trigger" else "ok"
    details = fields.labels(given.get("details"))
    return [fields.signal(key_of(given), status, summary=summary, given=details, link=fields.text(given, "client_url"))]


def read_change(post: Post) -> list[Signal]:
    if not fields.text(post.json(), "payload", "summary"):
        raise Unreadable(Wrong("payload.summary", "required", "'payload.summary' is missing or blank"))
    return []


def _action(given: Any, name: str, *, need_key: str) -> str:
    action = fields.text(given, name)
    if action not in ACTIONS:
        raise Unreadable(Wrong(name, "unknown_value", f"'{name}' must be one of {', '.join(ACTIONS)}"))
    if action != "trigger" and not fields.text(given, need_key):
        raise Unreadable(Wrong(need_key, "required", f"'{need_key}' is missing or blank"))
    return action
