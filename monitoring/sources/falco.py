"""Falco and Falcosidekick: one event a body. Pure.

Falco knows no state: an event is over when the same rule, host and process were not told again for an hour. That it
drops system calls is its own health, and has a name of its own whatever the numbers in it are.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post

QUIET = timedelta(hours=1)
WHO = ("container.id", "k8s.pod.name", "k8s.ns.name", "proc.name", "user.name", "fd.name")
OWN = "Falco internal"


def read(post: Post) -> list[Signal]:
    return [_event(fields.table(one), post) for one in post.items()]


def _event(one: dict[str, Any], post: Post) -> Signal:
    rule, priority = fields.text(one, "rule"), fields.text(one, "priority")
    if not rule or not priority:
        raise Unreadable(Wrong("rule", "required", "A Falco event has a rule and a priority."))
    host, given = fields.text(one, "hostname"), fields.table(one, "output_fields")
    who = [] if rule.startswith(OWN) else [fields.text(given, name) for name in WHO]
    told = words.bad(priority, post.words)
    return fields.signal(
        " ".join(filter(None, (rule, host, *who))),
        told.status,
        summary=fields.text(one, "output"),
        severity=told.severity,
        flag=told.flag,
        given=fields.labels({"host": host, "source": fields.text(one, "source")}, given),
    ).closing(after=QUIET)
