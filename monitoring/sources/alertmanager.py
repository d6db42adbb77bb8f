"""Prometheus: the webhook of Alertmanager (version 4 and older), and what Prometheus itself posts to an Alertmanager. Pure.

Each alert speaks for itself: the state of the group hides resolved members, and a member that is left out (cut off by
`truncatedAlerts`, or told once already) is neither firing nor resolved.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post, bounded

RESOLVE_TIMEOUT = timedelta(minutes=5)  # Alertmanager's own, for an alert posted without an end


def read(post: Post) -> list[Signal]:
    """Of a webhook."""
    payload = post.json()
    alerts = fields.at(payload, "alerts")
    if not isinstance(alerts, list):
        raise Unreadable(Wrong("alerts", "required", "An Alertmanager's body has a list of alerts."))
    return [alert(one, post, outside=fields.text(payload, "externalURL")) for one in _objects(bounded(alerts))]


def read_api(post: Post) -> list[Signal]:
    """Of POST /api/v2/alerts: firing until its end, which Prometheus moves on each time it posts it again."""
    payload = post.json()
    if not isinstance(payload, list):
        raise Unreadable(Wrong("", "not_a_list", "A list of alerts with labels."))
    return [_posted(one, post) for one in _objects(bounded(payload), must="labels")]


def _objects(given: list[Any], must: str = "") -> list[dict[str, Any]]:
    wrong = [n for n, one in enumerate(given) if not isinstance(one, dict) or (must and not fields.labels(one.get(must)))]
    if wrong:
        raise Unreadable(*[Wrong(f"[{n}]", "not_an_alert", "An alert is an object with labels.") for n in wrong[:50]])
    return given


def key(labels: dict[str, str], fingerprint: str = "") -> str:
    """The alert's name to read, and what makes it this one: the fingerprint, else the labels."""
    own = fingerprint or fields.digest(*(f"{name}={value}" for name, value in sorted(labels.items())))
    return f"{labels.get('alertname', 'alert')[:80]} {own[:32]}"


def words_of(one: dict[str, Any], labels: dict[str, str]) -> str:
    notes = fields.table(one, "annotations")
    told = fields.first(*(fields.text(notes, name) for name in ("summary", "message", "description")))
    return fields.first(told, labels.get("alertname", ""), " ".join(f"{name}={value}" for name, value in labels.items()))


def links(one: dict[str, Any], outside: str = "") -> str:
    own = [fields.text(one, name) for name in ("dashboardURL", "generatorURL")]
    return fields.first(*map(fields.web, (fields.text(one, "annotations", "runbook_url"), *own, outside)))


def alert(one: dict[str, Any], post: Post, *, outside: str = "", status: str = "") -> Signal:
    """One member of a group. `status`: what it is when it fires, where the severity does not say it."""
    labels = fields.labels(one.get("labels"))
    fires = fields.text(one, "status").lower() != "resolved"
    told = words.of(labels.get("severity", ""), post.words, is_bad=fires)
    started, ended = fields.past(one.get("startsAt"), post.now), fields.past(one.get("endsAt"), post.now)
    return fields.signal(
        key(labels, fields.text(one, "fingerprint")),
        (status or told.status) if fires else "ok",
        summary=words_of(one, labels),
        severity=told.severity,
        flag=told.flag,
        given=labels,
        link=links(one, outside),
        service=labels.get("service", ""),
        started_at=started if fires else _over_at(started, ended),
        ended_at=None if fires else ended,
        occurrence=started.isoformat() if started else "",
    )


def _over_at(started: datetime | None, ended: datetime | None) -> datetime | None:
    """What orders a resolve. Where start and end are one, the start was moved to fit the end: it tells no order."""
    return None if started == ended else ended or started


def _posted(one: dict[str, Any], post: Post) -> Signal:
    ends = fields.moment(one.get("endsAt"))
    state = "resolved" if ends and ends <= post.now else "firing"
    # Read late, a short end has passed and the alert goes on all the same: no end told here is the last word.
    told = replace(alert({**one, "status": state}, post), occurrence="")
    if told.status == "ok":
        return told
    return told.closing(after=max((ends - post.now) if ends else RESOLVE_TIMEOUT, timedelta(seconds=30)))
