"""How each state looks and reads: a symbol of the sprite, a tone, a word. No state is told by colour alone."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Look(NamedTuple):
    icon: str
    tone: str
    word: str | Promise


QUEUED = Look("clock", "mute", _("Queued"))

STATES: dict[str, dict[str, Look]] = {
    "ticket": {
        "new": Look("flag", "ink", _("New")),
        "open": Look("open", "ink", _("Open")),
        "waiting": Look("state-paused", "mute", _("Waiting")),
        "solved": Look("done", "ok", _("Solved")),
        "closed": Look("check", "mute", _("Closed")),
        "merged": Look("merge", "mute", _("Merged")),
    },
    "request": {
        "received": Look("open", "ink", _("Received")),
        "working": Look("half", "ink", _("Being worked on")),
        "waiting": Look("reply", "warn", _("Waiting for you")),
        "solved": Look("done", "ok", _("Solved")),
    },
    "incident": {
        "proposed": Look("help", "warn", _("Proposed")),
        "triggered": Look("incident", "bad", _("Triggered")),
        "acknowledged": Look("done", "ok", _("Acknowledged")),
        "mitigated": Look("half", "info", _("Mitigated")),
        "resolved": Look("check", "ok", _("Resolved")),
        "closed": Look("lock", "mute", _("Closed")),
        "rejected": Look("ban", "mute", _("Rejected")),
        "merged": Look("merge", "mute", _("Merged")),
    },
    "check": {
        "ok": Look("state-ok", "ok", _("OK")),
        "warning": Look("state-degraded", "warn", _("Degraded")),
        "critical": Look("state-down", "bad", _("Down")),
        "unknown": Look("state-nodata", "mute", _("No data")),
        "paused": Look("state-paused", "mute", _("Paused")),
        "maintenance": Look("state-maintenance", "mute", _("Maintenance")),
    },
    "job": {
        "queued": Look("clock", "mute", _("Waiting")),
        "running": Look("half", "info", _("Running")),
        "done": Look("done", "ok", _("Done")),
        "failed": Look("alert", "bad", _("Failed")),
        "cancelled": Look("ban", "mute", _("Cancelled")),
    },
    "message": {
        "planned": QUEUED,
        "held": Look("lock", "mute", _("Held")),
        "queued": QUEUED,
        "sending": QUEUED,
        "unknown": Look("help", "warn", _("Not known")),
        "sent": Look("arrow-right", "ink", _("Sent")),
        "delivered": Look("delivered", "ink", _("Delivered")),
        "seen": Look("seen", "ink", _("Seen")),
        "answered": Look("phone", "warn", _("Answered")),
        "acted": Look("done", "ok", _("Acted")),
        "cancelled": Look("ban", "mute", _("Cancelled")),
        "bundled": Look("merge", "mute", _("Bundled")),
        "failed": Look("cross", "bad", _("Failed")),
        "expired": Look("ban", "mute", _("Expired")),
        "dead": Look("cross", "bad", _("Given up")),
    },
}

CHANNELS: dict[str, Look] = {
    "sms": Look("sms", "ink", _("SMS")),
    "voice": Look("oncall", "ink", _("Call")),
    "email": Look("mail", "ink", _("E-mail")),
    "push": Look("bell", "ink", _("Browser")),
    "apprise": Look("services", "ink", _("Other service")),
    "chat": Look("note", "ink", _("Chat")),
    "webhook": Look("link", "ink", _("Webhook")),
}

SEVERITIES: dict[int, str | Promise] = {1: _("Critical"), 2: _("Major"), 3: _("Non-critical"), 4: _("Minor")}
