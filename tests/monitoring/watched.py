"""Many checks with a past, as a company of some size has them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from monitoring import intake
from monitoring.models import Check, CheckState, Result, Rollup, Source
from monitoring.normal import Signal
from monitoring.storage import rolling
from servicedesk.directory.models import Service, User

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def hear(check: Check, status: str, at: datetime, summary: str = "", **metric: object) -> None:
    """One result by the ordinary way; `metric`: name, value, unit, warn, crit."""
    metrics = (metric,) if metric else ()
    intake.record(check.source, [Signal(check=check.slug, status=status, summary=summary, metrics=metrics)], raw_id=None, now=at)


def many(number: int, *, now: datetime, owner: User | None = None, services: int = 20, bad: int = 12) -> list[Check]:
    """So many checks over so many services, `bad` of them failing, each with a day of figures by the hour."""
    source = Source.objects.get_or_create(slug="fleet", defaults={"name": "Fleet"})[0]
    fleet = [Service.objects.create(slug=f"s-{n}", name=f"Service {n}", tier=n % 3 + 1, owner=owner) for n in range(services)]
    checks = Check.objects.bulk_create(
        Check(source=source, slug=f"host-{n:04d} disk", service=fleet[n % services], period_s=60, created_at=now) for n in range(number)
    )
    CheckState.objects.bulk_create(_state(check, n, bad, now) for n, check in enumerate(checks))
    Rollup.objects.bulk_create((_hour(check, n, hour, now) for n, check in enumerate(checks) for hour in range(24)), batch_size=2000)
    return checks


def day_of(check: Check, *, now: datetime, days: float = 1, every: timedelta = 5 * MINUTE, crit_before: float = 97) -> None:
    """Readings of a disk that fills: the critical threshold was another one in the first half."""
    number = int(days * 24 * HOUR / every)
    rows = []
    for n in range(number):
        at, crit = now - (number - n) * every, crit_before if n < number / 2 else 95
        value = round(62 + 16 * n / number + math.sin(n / 9), 1)
        metrics = [{"name": "used", "value": value, "unit": "%", "warn": 85, "crit": crit}]
        rows.append(Result(day=at.date(), check_id=check.pk, status="ok", summary="", metrics=metrics, received_at=at))
    Result.objects.bulk_create(rows, batch_size=1000)
    while rolling.roll_due(now=now):
        pass


def _state(check: Check, n: int, bad: int, now: datetime) -> CheckState:
    status = ("critical", "warning", "unknown")[n % 3] if n < bad else "ok"
    words = {"critical": "no answer", "warning": "above 85 %", "unknown": "", "ok": ""}[status]
    return CheckState(
        check_ref=check, status=status, is_settled=status == "ok", since=now - 20 * MINUTE, summary=words, value=f"{60 + n % 30} %",
        last_result_at=now - MINUTE,
    )  # fmt: skip


def _hour(check: Check, n: int, hour: int, now: datetime) -> Rollup:
    value = 60 + n % 30 + 3 * math.sin(n + hour / 2)
    return Rollup(
        check_id=check.pk, metric="used", is_lead=True, step_s=3600, at=now - (24 - hour) * HOUR, n=60, low=value - 1, high=value + 1,
        total=60 * value, unit="%", warn="85", crit="95",
    )  # fmt: skip
