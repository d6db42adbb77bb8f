"""Incidents: proposed, declared, grown and ended. The only way in for other modules."""

from __future__ import annotations

from incidents.incidents.corrections import CannotMerge, demote, merge
from incidents.incidents.deciding import ReasonNeeded, accept, reject
from incidents.incidents.endings import TooLate, is_past, mitigate, recur, reopen, resolve
from incidents.incidents.grounds import Grounds, Opened
from incidents.incidents.growth import (
    NotTheirs,
    alert_cleared,
    detach_alert,
    link_alert,
    link_ticket,
    lower_severity,
    note,
    pin,
    raise_severity,
    reword,
    unlink_ticket,
)
from incidents.incidents.openings import declare, part_of, propose
from incidents.incidents.sweep import decide_due

__all__ = [
    "CannotMerge",
    "Grounds",
    "NotTheirs",
    "Opened",
    "ReasonNeeded",
    "TooLate",
    "accept",
    "alert_cleared",
    "decide_due",
    "declare",
    "demote",
    "detach_alert",
    "is_past",
    "link_alert",
    "link_ticket",
    "lower_severity",
    "merge",
    "mitigate",
    "note",
    "part_of",
    "pin",
    "propose",
    "raise_severity",
    "recur",
    "reject",
    "reopen",
    "resolve",
    "reword",
    "unlink_ticket",
]
