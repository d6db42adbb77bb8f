"""Pings: a job says that it ran, began, or failed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from monitoring import bodies, judging
from monitoring.models import Check, CheckState, Result
from monitoring.normal import Signal

MOST_BODY = 100_000
WORDS = ("success", "start", "fail", "log")


def is_signal(word: str) -> bool:
    """success, start, fail, log, or an exit code 0 to 255."""
    return word in WORDS or (word.isascii() and word.isdigit() and len(word) <= 3 and int(word) <= 255)


@transaction.atomic
def ping(check: Check, signal: str, *, body: bytes, now: datetime) -> None:
    """Record one ping: `start` begins a run, `log` is only kept, `fail` or an exit code above 0 is down at once."""
    raw_id = bodies.keep(check.source, body, content_type="text/plain", now=now).pk if body else None
    CheckState.objects.get_or_create(check_ref=check)
    if signal == "start":
        judging.started(check.pk, now=now)
    reading = _reading(check, signal)
    told = judging.judge({check.pk: [reading]}, now=now).get(id(reading)) if signal not in ("start", "log") else None
    status = "unknown" if signal in ("start", "log") else reading.status
    row = Result(day=now.date(), check_id=check.pk, status=status, summary=signal, received_at=now, raw_id=raw_id)
    row.change, row.why = (told.change, [list(reason) for reason in told.why]) if told else ("", [])
    row.save()


def _reading(check: Check, signal: str) -> Signal:
    failed = signal == "fail" or (signal.isdigit() and int(signal) > 0)
    words = f"exit code {signal}" if signal.isdigit() else "the job said it failed" if failed else "signal received"
    return Signal(check=check.slug, status="critical" if failed else "ok", summary=words)
