"""Grafana: unified alerting (the form of Alertmanager, version "1") and the older one by rule. Pure."""

from __future__ import annotations

from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import alertmanager, fields, words
from monitoring.sources.posts import Post, bounded

NOT_THE_ALERT = ("DatasourceNoData", "DatasourceError")  # the rule could not be evaluated: not known, rather than bad
OLD_STATES = {"alerting": "critical", "no_data": "unknown", "ok": "ok", "paused": "ok"}


def read(post: Post) -> list[Signal]:
    payload = post.json()
    if isinstance(fields.at(payload, "alerts"), list):
        members = [one for one in bounded(payload["alerts"]) if isinstance(one, dict)]
        return [alertmanager.alert(one, post, outside=fields.text(payload, "externalURL"), status=_unknown(one)) for one in members]
    return [_old(payload, post)] if _old_state(payload) != "pending" else []


def _unknown(one: dict[str, Any]) -> str:
    return "unknown" if fields.text(one, "labels", "alertname") in NOT_THE_ALERT else ""


def _old_state(payload: Any) -> str:
    state = fields.text(payload, "state").lower()
    if state not in (*OLD_STATES, "pending"):
        raise Unreadable(Wrong("state", "unknown_value", "Neither a list of alerts nor a rule's state."))
    return state


def _old(payload: Any, post: Post) -> Signal:
    rule = fields.first(fields.text(payload, "ruleId"), fields.text(payload, "alert_uid"), fields.text(payload, "ruleName"))
    name = fields.first(fields.text(payload, "ruleName"), fields.text(payload, "title"))
    status = OLD_STATES[_old_state(payload)]
    told = words.bad(fields.text(payload, "tags", "severity") or "critical", post.words)
    return fields.signal(
        f"rule {rule}" if rule else name,
        told.status if status == "critical" else status,
        summary=fields.first(fields.text(payload, "message"), name),
        severity=told.severity,
        given=fields.labels(payload.get("tags"), {"rule": name}),
        link=fields.first(fields.text(payload, "ruleUrl"), fields.text(payload, "link_to_upstream_details")),
    )
