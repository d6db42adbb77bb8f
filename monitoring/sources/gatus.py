"""Gatus: its custom alert, with our body or with one text. Pure."""

from __future__ import annotations

import re

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post

STATES = {"triggered": False, "resolved": True}
TEXT = re.compile(r"^\W{0,3}(triggered|resolved)\W{0,3}[:\s-]\s{0,5}(.{1,900})$", re.IGNORECASE | re.DOTALL)


def read(post: Post) -> list[Signal]:
    """Our body: endpoint, group, state ([ALERT_TRIGGERED_OR_RESOLVED]), description, errors, url; or a `text` as below."""
    given = post.json()
    said = TEXT.match(fields.text(given, "text"))
    parts = [part.strip() for part in said[2].split(" - ")] if said else []
    state = (fields.text(given, "state") or (said[1] if said else "")).lower()
    if state not in STATES:
        raise Unreadable(Wrong("state", "unknown_value", "[ALERT_TRIGGERED_OR_RESOLVED]: TRIGGERED or RESOLVED."))
    group = fields.text(given, "group") or (parts[0] if len(parts) > 1 else "")
    name = fields.text(given, "endpoint") or (parts[1] if len(parts) > 1 else parts[0] if parts else "")
    told = words.of(fields.text(given, "severity") or "critical", post.words, is_bad=not STATES[state])
    about = fields.first(fields.text(given, "errors"), fields.text(given, "description"), " ".join(parts[2:]))
    return [
        fields.signal(
            "_".join(filter(None, (group, name))),
            told.status,
            summary=": ".join(filter(None, (name, about))),
            severity=told.severity,
            flag=told.flag,
            given=fields.labels({"group": group, "endpoint": name}),
            link=fields.text(given, "url"),
        )
    ]
