"""Watchers from outside: Healthchecks, Pingdom, StatusCake, UptimeRobot, updown. Pure."""

from __future__ import annotations

from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields
from monitoring.sources.posts import Post

STATES = {"up": "ok", "ok": "ok", "2": "ok", "down": "critical", "1": "critical"}


def _told(key: str, state: str, summary: str, *, link: str = "", when: str = "", post: Post) -> Signal:
    status = STATES.get(state.lower())
    if status is None:
        raise Unreadable(Wrong("status", "unknown_value", "up or down."))
    return fields.signal(key, status, summary=summary, link=link, started_at=fields.past(when, post.now), occurrence=when)


def healthchecks(post: Post) -> list[Signal]:
    """A check of Healthchecks, as its API writes one and as templates send it; or a list of them."""
    given = post.json()
    rows = fields.rows(given, "checks") or [fields.table(given)]
    return [_health(row, post) for row in rows if fields.text(row, "status") not in ("new", "paused", "started", "grace")]


def _health(row: dict[str, Any], post: Post) -> Signal:
    name = fields.first(fields.text(row, "name"), fields.text(row, "slug"))
    key = fields.first(*(fields.text(row, word) for word in ("uuid", "unique_key", "code")), name)
    return _told(key, fields.text(row, "status"), f"{name} is {fields.text(row, 'status')}", link=fields.text(row, "update_url"), post=post)


def pingdom(post: Post) -> list[Signal]:
    given = post.json()
    name = fields.text(given, "check_name")
    summary = fields.first(fields.text(given, "long_description"), fields.text(given, "description"))
    link, when = fields.text(given, "check_params", "full_url"), fields.text(given, "state_changed_timestamp")
    return [
        _told(
            fields.text(given, "check_id") or name,
            fields.text(given, "current_state"),
            f"{name}: {summary}",
            link=link,
            when=when,
            post=post,
        )
    ]


def statuscake(post: Post) -> list[Signal]:
    """A form; its Token is an MD5 of secrets, and no part of the key."""
    given = post.fields() if "form" in post.form else post.json()
    name, url = fields.text(given, "Name"), fields.text(given, "URL")
    code = fields.text(given, "StatusCode")
    said = f"{name} is {fields.text(given, 'Status').lower()}" + (f" ({'timeout' if code == '0' else code})" if code else "")
    return [_told(f"{name} {url}", fields.text(given, "Status"), said, link=url, post=post)]


def uptimerobot(post: Post) -> list[Signal]:
    """alertType 1 is down, 2 is up, 3 speaks of a certificate. Macros that were not replaced stand between asterisks."""
    given = post.json() if "form" not in post.form else post.fields()
    if fields.text(given, "alertType") == "3":
        return []
    name, url = fields.text(given, "monitorFriendlyName"), fields.text(given, "monitorURL")
    key = fields.first(fields.text(given, "monitorID"), name)
    return [_told(key, fields.text(given, "alertType"), f"{name}: {fields.text(given, 'alertDetails')}", link=url, post=post)]


def updown(post: Post) -> list[Signal]:
    events = [event for event in post.items() if fields.text(event, "event") in ("check.down", "check.up")]
    return [_updown(event, post) for event in events]


def _updown(event: dict[str, Any], post: Post) -> Signal:
    check, downtime = fields.table(event, "check"), fields.table(event, "downtime")
    url, state = fields.text(check, "url"), fields.text(event, "event").removeprefix("check.")
    when = fields.text(downtime, "ended_at" if state == "up" else "started_at")
    name = fields.first(fields.text(check, "alias"), url)
    return _told(
        fields.text(check, "token") or url,
        state,
        f"{name} is {state} {fields.text(downtime, 'error')}".strip(),
        link=url,
        when=when,
        post=post,
    )
