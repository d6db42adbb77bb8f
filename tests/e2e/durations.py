"""Spans and moments as a test writes them: "18h12m", "10m", "45s", "2d"; RFC 3339 with an offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SPAN = re.compile(r"(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?")


def span(text: str) -> timedelta:
    found = SPAN.fullmatch(text.replace(" ", ""))
    if not text or found is None:
        raise ValueError(f"'{text}' is no span of time. Write it like 18h12m, 10m or 45s.")
    return timedelta(**{unit: int(number) for unit, number in found.groupdict(default="0").items()})


def moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is no moment. Write it like 2026-11-24T03:12:00+01:00.") from None
    if at.tzinfo is None:
        raise ValueError(f"'{text}' names no time zone. Write it like 2026-11-24T03:12:00+01:00.")
    return at.astimezone(UTC)


def stamp(at: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace(".000", "").replace("+00:00", "Z") if at else None
