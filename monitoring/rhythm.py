"""How long a source may be quiet before it counts as silent: twice the longest pause of its last seven days. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

DAYS = 7
LEAST_S = 15 * 60
# A source that is quiet for longer as a habit speaks when something happens, and its silence tells nothing.
REGULAR_S = 6 * 3600
GROWN = 1.25  # a longest pause is written again when it grew by so much


def limit_s(pauses: Mapping[str, int], own_s: int | None, today: date) -> int | None:
    """Seconds of quiet that are silence; None: nobody can say. `own_s`: what somebody set, 0 for never.

    `pauses`: the longest pause of each day (ISO date), in seconds; a week of them is needed, a weekend in it.
    """
    if own_s is not None:
        return own_s or None
    week = [pauses.get((today - timedelta(days=n)).isoformat()) for n in range(1, DAYS + 1)]
    known = [pause for pause in week if pause is not None]
    if len(known) < DAYS or max(known) > REGULAR_S:
        return None
    return max(LEAST_S, 2 * max(*known, pauses.get(today.isoformat(), 0)))


def noted(pauses: Mapping[str, int], pause_s: float, today: date) -> dict[str, int] | None:
    """The pauses with this one in them, and none older than the days that count; None where it changes nothing."""
    longest = pauses.get(today.isoformat())
    if longest is not None and pause_s <= longest * GROWN:
        return None
    first = (today - timedelta(days=DAYS)).isoformat()
    return {day: pause for day, pause in pauses.items() if day >= first} | {today.isoformat(): max(1, round(pause_s))}


def after_silence(pauses: Mapping[str, int], limit: int, today: date) -> dict[str, int]:
    """A silence is no habit: what it added today must not make the next one pass unnoticed."""
    return dict(pauses) | {today.isoformat(): min(pauses.get(today.isoformat(), 1), limit // 2)}
