"""When the engine was silent: it writes that down itself as soon as it goes on, for the review of the plan."""

from __future__ import annotations

from datetime import datetime, timedelta

from incidents.reviews.evidence.delivery import SILENT
from servicedesk.audit import trail
from servicedesk.directory.models import Organisation
from servicedesk.operations import standstill

LEAST = timedelta(minutes=3)


def note(*, since: datetime, now: datetime) -> int:
    """1 where it was silent for long enough to be asked about. On hold the desk pages nobody anyway: that is kept with it."""
    row = Organisation.current()
    if row is None or now - since < LEAST:
        return 0
    after = {"since": since.isoformat(), "seconds": round((now - since).total_seconds()), "on_hold": standstill.is_on()}
    trail.record(row, SILENT, actor=None, now=now, after=after)
    return 1
