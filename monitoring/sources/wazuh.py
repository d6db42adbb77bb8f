"""Wazuh: alerts as its integrator posts them, one or a line each, bare or inside `all_fields`. Pure.

Wazuh knows no state: an alert is over when the same rule, agent and address were not told again for an hour.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, words
from monitoring.sources.posts import Post

QUIET = timedelta(hours=1)
# Wazuh's rule levels: 12 and more is of high importance, 7 to 11 is worth a look.
LEVELS = ((12, 1), (10, 2), (7, 3), (0, 4))


def read(post: Post) -> list[Signal]:
    return [_alert(fields.table(one, "all_fields") or fields.table(one), post) for one in post.items()]


def _alert(one: dict[str, Any], post: Post) -> Signal:
    rule, level = fields.text(one, "rule", "id"), fields.text(one, "rule", "level")
    if not rule or not level.isdecimal():
        raise Unreadable(Wrong("rule.level", "required", "A Wazuh alert has a rule with id and level."))
    agent = fields.first(fields.text(one, "agent", "name"), fields.text(one, "agent", "id"))
    address = fields.first(fields.text(one, "data", "srcip"), fields.text(one, "data", "src_ip"))
    rank = next(rank for least, rank in LEVELS if int(level[:3]) >= least)
    told = words.bad(f"level {level}", post.words) if f"level {level}" in post.words else words.bad(f"sev{rank}", {})
    said = fields.first(fields.text(one, "rule", "description"), fields.text(one, "full_log"))
    return fields.signal(
        " ".join(filter(None, (f"rule {rule}", agent, address))),
        told.status,
        summary=f"{said} ({agent})" if agent else said,
        severity=told.severity,
        given=fields.labels({"level": level, "agent": agent, "srcip": address, "user": fields.text(one, "data", "dstuser")}),
    ).closing(after=QUIET)
