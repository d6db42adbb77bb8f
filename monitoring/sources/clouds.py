"""Monitoring by others' clouds: Datadog, New Relic, CloudWatch through SNS, Azure, Google Cloud. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post, read_json

DATADOG = {"triggered": "bad", "re-triggered": "bad", "warn": "warning", "re-warn": "warning", "no data": "unknown", "recovered": "ok",
           "re-notify": "bad", "renotify": "bad"}  # fmt: skip
ALARMS = {"ALARM": "critical", "OK": "ok", "INSUFFICIENT_DATA": "unknown"}
QUIET = timedelta(days=1)
ENVELOPES = ("SubscriptionConfirmation", "UnsubscribeConfirmation")


def _wrong(field: str, words_: str) -> Unreadable:
    return Unreadable(Wrong(field, "unknown_value", words_))


def datadog(post: Post) -> list[Signal]:
    """A body of the user's own template. Its title changes with each state, so it is a key only without its prefix."""
    given = post.json()
    title = fields.text(given, "title")
    prefix, _end, name = title.partition("] ") if title.startswith("[") else ("", "", title)
    transition = fields.first(fields.text(given, "transition"), fields.text(given, "alert_transition"), prefix.strip("[")).lower()
    if transition.startswith("muted"):
        return []
    scopes = fields.first(fields.text(given, "scope"), fields.text(given, "alert_scope"), fields.text(given, "scopes", 0))
    monitor = fields.first(fields.text(given, "aggregate"), fields.text(given, "alert_cycle_key"), fields.text(given, "monitor_id"), name)
    if not monitor:
        raise _wrong("aggregate", "Send $AGGREG_KEY, $ALERT_ID or a title.")
    told = words.bad(_priority(given), post.words)
    status = DATADOG.get(transition, "bad")
    one = fields.signal(
        f"{monitor} {scopes}",
        told.status if status == "bad" else status,
        summary=fields.first(name, fields.text(given, "message")),
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"transition": transition, "tags": fields.text(given, "tags")}),
        link=fields.first(fields.text(given, "link"), fields.text(given, "url")),
        started_at=fields.past(fields.first(fields.text(given, "date"), fields.text(given, "last_updated")), post.now),
        occurrence=fields.text(given, "id"),
    )
    return [one]


def _priority(given: Any) -> str:
    word = fields.first(fields.text(given, "alert_priority"), fields.text(given, "priority"), fields.text(given, "alert_type"))
    return f"p{word}" if word.isdigit() else word


def newrelic(post: Post) -> list[Signal]:
    """A workflow's issue, or an older incident, as JSON or as a form."""
    given = read_json(post.fields().get("alert", "null")) if "form" in post.form else post.json()
    state = fields.first(fields.text(given, "state"), fields.text(given, "current_state")).lower()
    if not state and fields.text(given, "severity") and fields.text(given, "message"):
        state = "open"  # the oldest form tells none
    if state in ("acknowledged", "test"):
        return []
    if state not in ("created", "activated", "open", "closed"):
        raise _wrong("state", "CREATED, ACTIVATED, ACKNOWLEDGED or CLOSED.")
    told = words.of(fields.first(fields.text(given, "priority"), fields.text(given, "severity")), post.words, is_bad=state != "closed")
    incident, own = fields.text(given, "incident_id").strip("0"), fields.text(given, "id")
    condition = fields.first(fields.text(given, "condition_name"), fields.text(given, "application_name"), fields.text(given, "title"))
    key = f"issue {own}" if own else f"incident {incident}" if incident else condition
    one = fields.signal(
        key,
        told.status,
        summary=fields.first(*(fields.text(given, name) for name in ("title", "details", "message")), condition),
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"condition": condition, "policy": fields.text(given, "policy_name")}),
        link=fields.first(fields.text(given, "issueUrl"), fields.text(given, "incident_url"), fields.text(given, "alert_url")),
        occurrence=own or incident,
    )
    return [one]


def cloudwatch(post: Post) -> list[Signal]:
    """An alarm in an SNS envelope, in Lambda's, or bare. A request to confirm a subscription is kept, and nobody follows it."""
    given = post.json()
    envelope = fields.table(given, "Records", 0, "Sns") or given
    if fields.text(envelope, "Type") in ENVELOPES:
        raise _wrong(
            "Type",
            "A subscription asks to be confirmed: open its SubscribeURL yourself if you made it, or name its topic at the source.",
        )
    message = fields.at(envelope, "Message")
    alarm = read_json(message) if isinstance(message, str) and message.lstrip().startswith("{") else envelope
    status = ALARMS.get(fields.text(alarm, "NewStateValue"))
    if status is None:
        raise _wrong("NewStateValue", "This is no CloudWatch alarm: ALARM, OK or INSUFFICIENT_DATA.")
    parts = (fields.text(alarm, name) for name in ("AWSAccountId", "Region", "AlarmName"))
    when = fields.text(alarm, "StateChangeTime")
    one = fields.signal(
        fields.text(alarm, "AlarmArn") or " ".join(filter(None, parts)),
        status,
        summary=": ".join(filter(None, (fields.text(alarm, "AlarmName"), fields.text(alarm, "NewStateReason")))),
        given=fields.labels({"alarm": fields.text(alarm, "AlarmName"), "region": fields.text(alarm, "Region")}),
        started_at=fields.past(when, post.now),
        occurrence=when,
    )
    return [one]


def azure(post: Post) -> list[Signal]:
    """The common alert schema and the two before it."""
    given = post.json()
    known = fields.table(given, "data", "essentials")
    older = fields.table(given, "data", "context") or fields.table(given, "context")
    state = fields.first(fields.text(known, "monitorCondition"), fields.text(given, "data", "status"), fields.text(given, "status")).lower()
    if state not in ("fired", "activated", "resolved", "deactivated"):
        raise _wrong("data.essentials.monitorCondition", "Fired or Resolved.")
    is_bad = state in ("fired", "activated")
    older_word = fields.text(older, "severity")
    told = words.of(fields.text(known, "severity") or (f"sev{older_word}" if older_word else ""), AZURE | dict(post.words), is_bad=is_bad)
    name = fields.first(fields.text(known, "alertRule"), fields.text(older, "name"))
    started = fields.past(fields.first(fields.text(known, "firedDateTime"), fields.text(older, "timestamp")), post.now)
    ended = fields.past(known.get("resolvedDateTime"), post.now)
    one = fields.signal(
        fields.first(fields.text(known, "originAlertId"), fields.text(known, "alertId"), fields.text(older, "id"), name),
        told.status,
        summary=": ".join(filter(None, (name, fields.first(fields.text(known, "description"), fields.text(older, "description"))))),
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"rule": name, "target": fields.text(known, "configurationItems", 0)}),
        link=fields.first(fields.text(given, "data", "alertContext", "linkToSearchResultsUI"), fields.text(older, "portalLink")),
        started_at=started if is_bad else ended or started,
        occurrence=fields.text(known, "alertId"),
    )
    return [one]


AZURE = {"sev0": 1, "sev1": 2, "sev2": 3, "sev3": 4, "sev4": 4}


def stackdriver(post: Post) -> list[Signal]:
    """An incident of Google Cloud Monitoring."""
    incident = fields.table(post.json(), "incident")
    state, number = fields.text(incident, "state").lower(), fields.text(incident, "incident_id")
    if state not in ("open", "closed"):
        raise _wrong("incident.state", "open or closed.")
    told = words.of(fields.text(incident, "severity") or "critical", post.words, is_bad=state == "open")
    began, ended = fields.past(incident.get("started_at"), post.now), fields.past(incident.get("ended_at"), post.now)
    one = fields.signal(
        f"incident {number}" if number else fields.text(incident, "policy_name"),
        told.status,
        summary=fields.first(fields.text(incident, "summary"), fields.text(incident, "condition_name")),
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"policy": fields.text(incident, "policy_name"), "resource": fields.text(incident, "resource_name")}),
        link=fields.text(incident, "url"),
        started_at=began if state == "open" else ended or began,
        occurrence=number,
    )
    return [one]
