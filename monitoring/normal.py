"""The normal form every sender's words are turned into. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

STATUSES = ("ok", "warning", "critical", "unknown")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing wrong with a body: where ("[3].status"), a code for machines, a sentence for people."""

    field: str
    code: str
    message: str


class Unreadable(Exception):
    """A body that cannot be read: refused whole, with every field that is wrong."""

    def __init__(self, *wrong: Wrong) -> None:
        super().__init__("; ".join(f"{w.field}: {w.message}" if w.field else w.message for w in wrong))
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Signal:
    """One reading of one check, as a sender gave it. `started_at` and `ended_at` are the sender's clock.

    `is_repeatable`: saying it again is new, though check and start are the same. `occurrence`: what names this one
    trouble from its start to its end; once its end was heard, what tells of it comes too late. `closes_after`: for a
    sender that tells no end, how long without a word until it is over.
    """

    check: str
    status: str
    summary: str = ""
    detail: str = ""
    service: str = ""
    severity: int | None = None
    flag: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Mapping[str, Any], ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    link: str = ""
    event_id: str = ""
    dedup_key: str = ""
    is_repeatable: bool = False
    occurrence: str = ""
    closes_after: timedelta | None = None

    def closing(self, *, after: timedelta) -> Signal:
        """As this one, heard each time it is said, and over when it is not said again for so long."""
        return replace(self, closes_after=after, event_id="", is_repeatable=True)

    @property
    def identity(self) -> str:
        """What makes a repeat a repeat: the sender's event id, else check and start; empty: each one is new."""
        if self.event_id:
            return f"e:{self.event_id}"
        if self.is_repeatable:
            return ""
        return f"s:{self.check}:{self.started_at.isoformat()}" if self.started_at else ""

    @property
    def value(self) -> str:
        """The first metric in words, for a line on a page."""
        if not self.metrics:
            return ""
        first = self.metrics[0]
        return f"{first['value']:g} {first.get('unit', '')}".strip()
