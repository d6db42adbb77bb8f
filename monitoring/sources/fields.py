"""Reading what strangers send: every look gives a value of the asked kind or an empty one, and never an error. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources.results import AHEAD, storable

MOST_LABELS = 64
MOST_KEY = 120  # Check.slug
HASHED = 16
# Seconds, milliseconds, microseconds, nanoseconds since 1970: what is beyond the first limit is of the next kind.
EPOCHS = ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
FRACTION = re.compile(r"(\.\d{6})\d+")
FIRST_YEAR, LAST_YEAR = 1971, 9000  # 0001, 1970 and 9999 are senders' words for "none"


def at(given: Any, *path: str | int) -> Any:
    """What stands at this path of objects and lists; None where the way ends early."""
    for step in path:
        if isinstance(given, dict):
            given = given.get(step)
        elif isinstance(given, list) and isinstance(step, int) and -len(given) <= step < len(given):
            given = given[step]
        else:
            return None
    return given


def text(given: Any, *path: str | int) -> str:
    """A text, or a number in words; empty for anything else."""
    found = at(given, *path)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return storable(str(found)).strip()


def first(*words: str) -> str:
    return next(filter(None, words), "")


def table(given: Any, *path: str | int) -> dict[str, Any]:
    found = at(given, *path)
    return found if isinstance(found, dict) else {}


def rows(given: Any, *path: str | int) -> list[dict[str, Any]]:
    found = at(given, *path)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def moment(given: Any, *, zone: tzinfo = UTC) -> datetime | None:
    """RFC 3339 with any fraction, or seconds to nanoseconds since 1970; a time without zone stands in `zone`."""
    words = str(given).strip() if isinstance(given, str | int | float) and not isinstance(given, bool) else ""
    try:
        found = _since_1970(float(words)) if re.fullmatch(r"\d{1,20}(\.\d{1,12})?", words) else _written(words, zone)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found and FIRST_YEAR <= found.year < LAST_YEAR else None


def past(given: Any, now: datetime, *, zone: tzinfo = UTC) -> datetime | None:
    """As `moment`, but a time far ahead of our clock is none."""
    found = moment(given, zone=zone)
    return found if found and found <= now + AHEAD else None


def _since_1970(number: float) -> datetime | None:
    return next((datetime.fromtimestamp(number / part, tz=UTC) for limit, part in EPOCHS if number < limit), None)


def _written(words: str, zone: tzinfo) -> datetime:
    found = datetime.fromisoformat(FRACTION.sub(r"\1", words[:40]))
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def labels(*given: Any) -> dict[str, str]:
    """Texts and numbers by name, the first MOST_LABELS; an empty one is a missing one."""
    found: dict[str, str] = {}
    for one in given:
        for name in list(table(one))[:1000]:
            value = text(one, name)
            if value and len(found) < MOST_LABELS:
                found[storable(str(name))[:120]] = value[:500]
    return found


def named(key: str) -> str:
    """A check's name from the sender's key: as it is where it fits, else its beginning and its hash."""
    key = " ".join(storable(key).split())
    if not key:
        raise Unreadable(Wrong("", "no_identity", "Nothing in it says which alert this is."))
    return key if len(key) <= MOST_KEY else f"{key[: MOST_KEY - HASHED - 1]}-{digest(key)}"


def digest(*words: str) -> str:
    """A short hash that tells ("ab", "c") from ("a", "bc")."""
    return hashlib.sha256("\x00".join(words).encode()).hexdigest()[:HASHED]


def web(link: str) -> str:
    """A link people may follow; nothing else."""
    return link[:500] if link.startswith(("https://", "http://")) else ""


def signal(
    key: str,
    status: str,
    *,
    summary: str,
    severity: int | None = None,
    flag: str = "",
    given: Mapping[str, str] | None = None,
    link: str = "",
    service: str = "",
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    occurrence: str = "",
    closes_after: timedelta | None = None,
    metrics: tuple[Mapping[str, Any], ...] = (),
) -> Signal:
    """One signal within the limits of our tables. With an occurrence, saying the same again is a repeat."""
    check = named(key)
    kept = dict(given or {})
    if web(link):
        kept["link"] = web(link)
    told = (check, status, summary, occurrence, str(severity), str(started_at), str(ended_at), repr(sorted(kept.items())))
    return Signal(
        check=check,
        status=status,
        summary=storable(summary)[:1024],
        severity=severity,
        flag=flag[:80],
        labels=kept,
        link=web(link),
        service=service[:50],
        started_at=started_at,
        ended_at=ended_at,
        event_id=digest(*told) if occurrence else "",
        is_repeatable=not occurrence,
        occurrence=f"{check}:{digest(occurrence)}" if occurrence else "",
        closes_after=closes_after,
        metrics=metrics,
    )
