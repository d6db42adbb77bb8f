"""Pings: a job says that it ran, began, or failed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.db import transaction

from monitoring import bodies, judging
from monitoring.models import Check, CheckState, Result, Source
from monitoring.normal import Signal

MOST_BODY = 100_000
MOST_MADE = 100  # heartbeats of one source a day
SLUG = re.compile(r"[a-z0-9_-]{1,100}")
RECEIVED = "signal received"
WORDS = ("success", "start", "fail", "log")


class TooMany(Exception):
    """So many were made within a day that a program is more likely mistaken than busy."""


def made(source: Source, slug: str, *, now: datetime) -> bool:
    """A heartbeat of this name where there is none and the name may be one. Raises TooMany."""
    if not SLUG.fullmatch(slug) or Check.objects.filter(source=source, slug=slug).exists():
        return False
    if Check.objects.filter(source=source, created_at__gt=now - timedelta(days=1)).count() >= MOST_MADE:
        raise TooMany(f"{MOST_MADE} checks were made with this key in a day.")
    usual = {"kind": Check.Kind.HEARTBEAT, "service_id": source.service_id, "period_s": 86_400, "grace_s": 3600, "created_at": now}
    return Check.objects.get_or_create(source=source, slug=slug, defaults=usual)[1]


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
    words = f"exit code {signal}" if signal.isdigit() else "the job said it failed" if failed else RECEIVED
    return Signal(check=check.slug, status="critical" if failed else "ok", summary=words)
