"""The outgoing webhooks of the pager that is still in use: whom it paged, who answered, and that it is over. Pure.

PagerDuty (webhooks v1, v2 and v3), Opsgenie and Grafana OnCall. What they say of other things is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from monitoring.normal import Unreadable, Wrong
from monitoring.sources import fields
from monitoring.sources.posts import Post

Deed = Literal["paged", "acknowledged", "ended"]
URGENT, QUIET = 2, 3  # where no priority is said
PAGERDUTY: dict[str, Deed] = {
    "trigger": "paged", "triggered": "paged", "assign": "paged", "reassigned": "paged", "escalate": "paged", "escalated": "paged",
    "delegate": "paged", "delegated": "paged", "unacknowledge": "paged", "unacknowledged": "paged", "reopened": "paged",
    "acknowledge": "acknowledged", "acknowledged": "acknowledged", "resolve": "ended", "resolved": "ended",
}  # fmt: skip
OPSGENIE: dict[str, Deed] = {
    "create": "paged", "escalate": "paged", "escalatenext": "paged", "addrecipient": "paged", "addresponder": "paged",
    "assignownership": "paged",
    "acknowledge": "acknowledged", "takeownership": "acknowledged", "close": "ended", "delete": "ended",
}  # fmt: skip
ONCALL: dict[str, Deed] = {
    "alert group created": "paged", "created": "paged", "firing": "paged", "escalation": "paged", "unacknowledge": "paged",
    "acknowledge": "acknowledged", "acknowledged": "acknowledged", "resolve": "ended", "resolved": "ended",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One thing the other pager did. `reference` is its own number; `people` were paged, or acknowledged; severity 1 to 4."""

    pager: str
    reference: str
    deed: Deed
    at: datetime
    title: str
    service: str
    severity: int
    people: tuple[str, ...]


def read(post: Post) -> list[Told]:
    """Whatever of the three this is; a body that tells nothing of pages is read as nothing. Raises Unreadable."""
    given = post.json()
    if fields.rows(given, "messages"):
        found = [_pagerduty(message, post.now) for message in fields.rows(given, "messages")]
    elif fields.text(given, "event", "event_type"):
        found = [_pagerduty_v3(given, post.now)]
    elif fields.table(given, "alert_group"):
        found = [_oncall(given, post.now)]
    elif fields.table(given, "alert") and fields.text(given, "action"):
        found = [_opsgenie(given, post.now)]
    else:
        raise Unreadable(Wrong("", "unknown", "This is no webhook of PagerDuty, Opsgenie or Grafana OnCall."))
    return [told for told in found if told is not None and told.reference]


def _pagerduty(message: dict[str, Any], now: datetime) -> Told | None:
    """Version 2, or 1, which names its parts otherwise."""
    event = fields.first(fields.text(message, "event"), fields.text(message, "type"))
    incident = fields.table(message, "incident") or fields.table(message, "data", "incident")
    deed = PAGERDUTY.get(event.partition(".")[2])
    if deed is None:
        return None
    people = {"paged": _assigned(incident), "acknowledged": _acknowledged(incident), "ended": ()}[deed]
    title = fields.first(fields.text(incident, "title"), fields.text(incident, "trigger_summary_data", "subject"))
    service = fields.first(fields.text(incident, "service", "name"), fields.text(incident, "service", "summary"))
    at = fields.past(fields.text(message, "created_on"), now) or now
    return Told("pagerduty", fields.text(incident, "id"), deed, at, title, service, _rank(incident), people)


def _assigned(incident: dict[str, Any]) -> tuple[str, ...]:
    new = [_name(row.get("assignee")) for row in fields.rows(incident, "assignments")]
    old = [_name(row.get("object")) for row in fields.rows(incident, "assigned_to")] or [_name(incident.get("assigned_to_user"))]
    return _names(new or old)


def _acknowledged(incident: dict[str, Any]) -> tuple[str, ...]:
    new = [_name(row.get("acknowledger")) for row in fields.rows(incident, "acknowledgements")]
    old = [_name(row.get("object")) for row in fields.rows(incident, "acknowledgers")]
    return _names(new or old or [_name(incident.get("last_status_change_by"))])


def _pagerduty_v3(given: dict[str, Any], now: datetime) -> Told | None:
    event, incident = fields.table(given, "event"), fields.table(given, "event", "data")
    deed = PAGERDUTY.get(fields.text(event, "event_type").partition(".")[2])
    if deed is None or not fields.text(event, "event_type").startswith("incident."):
        return None
    paged = [_name(row) for row in fields.rows(incident, "assignees")]
    people = {"paged": _names(paged), "acknowledged": _names([_name(event.get("agent"))]), "ended": ()}[deed]
    at, service = fields.past(fields.text(event, "occurred_at"), now) or now, fields.text(incident, "service", "summary")
    return Told("pagerduty", fields.text(incident, "id"), deed, at, fields.text(incident, "title"), service, _rank(incident), people)


def _rank(incident: dict[str, Any]) -> int:
    priority = fields.first(fields.text(incident, "priority", "summary"), fields.text(incident, "priority", "name"))
    return _priority(priority, QUIET if fields.text(incident, "urgency") == "low" else URGENT)


def _opsgenie(given: dict[str, Any], now: datetime) -> Told | None:
    """Times are milliseconds, or nanoseconds where it was changed."""
    alert, action = fields.table(given, "alert"), fields.text(given, "action").lower()
    deed = OPSGENIE.get(action)
    if deed is None:
        return None
    people = {"paged": _opsgenie_paged(given, alert), "acknowledged": _names([fields.text(alert, "username")]), "ended": ()}[deed]
    said = fields.text(alert, "createdAt") if action == "create" else fields.text(alert, "updatedAt")
    service = fields.first(fields.text(alert, "entity"), fields.text(alert, "source"))
    rank = _priority(fields.text(alert, "priority"), URGENT)
    return Told(
        "opsgenie", fields.text(alert, "alertId"), deed, fields.past(said, now) or now, fields.text(alert, "message"), service, rank, people
    )


def _opsgenie_paged(given: dict[str, Any], alert: dict[str, Any]) -> tuple[str, ...]:
    """Recipients, users among the responders, whom an escalation notifies, who was added or made the owner."""
    listed = alert.get("recipients")
    found = [fields.text(one) for one in listed] if isinstance(listed, list) else []
    found += [
        fields.first(fields.text(row, "username"), fields.text(row, "name"))
        for row in fields.rows(alert, "responders")
        if row.get("type") == "user"
    ]
    if fields.text(given, "escalationNotify", "entity") == "user":
        found.append(fields.text(given, "escalationNotify", "name"))
    return _names([*found, fields.text(alert, "recipient"), fields.text(alert, "owner")])


def _oncall(given: dict[str, Any], now: datetime) -> Told | None:
    event, group = fields.table(given, "event"), fields.table(given, "alert_group")
    deed = ONCALL.get(fields.text(event, "type").lower())
    if deed is None:
        return None
    paged = [_name(row) for row in [*fields.rows(given, "notified_users"), *fields.rows(given, "users_to_be_notified")]]
    people = {"paged": _names(paged), "acknowledged": _names([_name(given.get("user"))]), "ended": ()}[deed]
    labels = fields.table(group, "labels")
    service = fields.first(fields.text(labels, "service"), fields.text(given, "integration", "name"))
    at = fields.past(fields.text(event, "time"), now) or now
    rank = _priority(fields.text(labels, "severity"), URGENT)
    return Told("oncall", fields.text(group, "id"), deed, at, fields.text(group, "title"), service, rank, people)


def _name(given: Any) -> str:
    """A person as they are named: by address where it is said. Services and integrations are nobody."""
    kind = fields.text(given, "type")
    if kind and not kind.startswith("user"):
        return ""
    return fields.first(*(fields.text(given, part) for part in ("email", "summary", "name", "username")))


def _names(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name[:120] for name in found if name))


def _priority(words: str, usual: int) -> int:
    """P1 to P5, SEV1 to SEV4, or a number; another word says nothing."""
    digits = words.lower().removeprefix("sev").removeprefix("p").strip(" -")
    known = {"critical": 1, "high": 2, "warning": 3, "low": 4, "info": 4}
    return min(int(digits), 4) if digits in ("1", "2", "3", "4", "5") else known.get(words.lower(), usual)


def facts(told: list[Told]) -> Iterator[dict[str, Any]]:
    """Each as the desk takes it."""
    return ({name: getattr(one, name) for name in Told.__slots__} for one in told)
