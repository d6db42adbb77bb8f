"""When a heartbeat is late. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim


def overdue(
    *,
    last_at: datetime | None,
    started_at: datetime | None = None,
    period_s: int | None = None,
    grace_s: int = 0,
    cron: str = "",
    zone: str = "UTC",
    early_s: int = 60,
    run_s: int | None = None,
) -> datetime | None:
    """The next moment a heartbeat is late; None: never, or nothing was heard yet.

    `last_at`: last success. `started_at`: last start; a run under way may take `run_s` (else the grace). A signal up
    to `early_s` before its slot fills that slot. `cron` goes before `period_s` and may raise CronSimError.
    """
    due = _expected(last_at, period_s, cron, zone, early_s) if last_at else None
    late = due + timedelta(seconds=grace_s) if due else None
    if started_at is None or (last_at is not None and started_at <= last_at):
        return late
    # A job that starts again and again and never ends is late too, so only the first start can move the moment.
    return min(started_at, late or started_at) + timedelta(seconds=grace_s if run_s is None else run_s)


def _expected(last_at: datetime, period_s: int | None, cron: str, zone: str, early_s: int) -> datetime | None:
    if cron:
        return _slot(last_at.astimezone(ZoneInfo(zone)), cron, early_s)
    return last_at + timedelta(seconds=period_s) if period_s else None


def _slot(local: datetime, cron: str, early_s: int) -> datetime | None:
    """The slot after this signal in UTC, so that adding a grace to it is safe on the night clocks change."""
    slots = CronSim(cron, local)
    due, then = _in_utc(next(slots, None)), _in_utc(next(slots, None))
    if due is None or then is None:
        return due
    early = min(timedelta(seconds=early_s), (then - due) / 2)
    return then if due - local.astimezone(UTC) <= early else due


def _in_utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None
