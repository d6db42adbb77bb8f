"""Sentry: issue alerts, metric alerts, issues, and the body of its older plugin. Pure.

An issue alert never tells its end: without another event for a day it is over, or when Sentry says the issue is resolved.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post

QUIET = timedelta(days=1)
OVER = ("resolved", "ignored", "archived")


def read(post: Post) -> list[Signal]:
    given = post.json()
    data = fields.table(given, "data")
    if "metric_alert" in data:
        return [_metric(given, data, post)]
    if "issue" in data:
        return _issue(given, data["issue"], post)
    event = fields.table(data, "event") or fields.table(data, "error")
    if event:
        return [_event(event, data, post)]
    if data and fields.text(given, "action"):
        return []  # installations and comments
    return [_plugin(given, post)]


def _metric(given: Any, data: dict[str, Any], post: Post) -> Signal:
    alert, action = fields.table(data, "metric_alert"), fields.text(given, "action")
    told = words.of(action if action != "resolved" else "", post.words, is_bad=action != "resolved")
    return fields.signal(
        f"metric alert {fields.first(fields.text(alert, 'alert_rule', 'id'), fields.text(alert, 'identifier'), fields.text(alert, 'id'))}",
        told.status,
        summary=fields.first(fields.text(data, "description_title"), fields.text(alert, "title")),
        severity=told.severity,
        flag=told.flag if action != "resolved" else "",
        link=fields.text(data, "web_url"),
        occurrence=fields.text(alert, "id"),
    )


def _issue(given: Any, issue: Any, post: Post) -> list[Signal]:
    """An issue as such opens nothing; that it is over closes what its alerts opened."""
    number = fields.text(issue, "id")
    if fields.text(given, "action") not in OVER or not number:
        return []
    return [fields.signal(f"issue {number}", "ok", summary=fields.text(issue, "title"))]


def _event(event: dict[str, Any], data: dict[str, Any], post: Post) -> Signal:
    told = words.bad(fields.text(event, "level"), post.words)
    number = fields.first(fields.text(event, "issue_id"), fields.text(event, "issue", "id"), fields.text(event, "title"))
    return fields.signal(
        f"issue {number}",
        told.status,
        summary=fields.first(fields.text(event, "title"), fields.text(event, "message")),
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"rule": fields.text(data, "triggered_rule"), "culprit": fields.text(event, "culprit")}),
        link=fields.text(event, "web_url"),
    ).closing(after=QUIET)


def _plugin(given: Any, post: Post) -> Signal:
    if not fields.text(given, "project") and not fields.text(given, "project_name") and not fields.table(given, "event"):
        raise Unreadable(Wrong("data", "required", "Sentry's body has data, or a project and an event."))
    told = words.bad(fields.text(given, "level"), post.words)
    summary = fields.first(fields.text(given, "message"), fields.text(given, "event", "title"), fields.text(given, "culprit"))
    number = fields.first(fields.text(given, "id"), fields.text(given, "event", "event_id"), summary)
    one = fields.signal(
        f"issue {number}", told.status, summary=summary, severity=told.severity, flag=told.flag, link=fields.text(given, "url")
    )
    return one.closing(after=QUIET)
