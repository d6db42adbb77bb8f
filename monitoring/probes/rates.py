"""Counters into rates. A counter that went back was reset: that is no drop and no burst, but one reading without a rate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

LONGEST_S = 86_400.0  # an older reading says nothing of now


def note(counters: Mapping[str, float], now: datetime, **more: Any) -> dict[str, Any]:
    """For the memory: what the next run compares with."""
    return {"at": now.isoformat(), "counters": dict(counters), **more}


def per_second(counters: Mapping[str, float], memory: Mapping[str, Any], now: datetime) -> tuple[dict[str, float], float]:
    """Rates of those counters that were read before and did not go back, and the seconds between the two readings (0: no earlier one)."""
    try:
        seconds = (now - datetime.fromisoformat(str(memory["at"]))).total_seconds()
        before: Mapping[str, float] = memory["counters"]
    except (KeyError, ValueError, TypeError):
        return {}, 0.0
    if not 0.5 <= seconds <= LONGEST_S:
        return {}, 0.0
    return {name: (value - before[name]) / seconds for name, value in counters.items() if name in before and value >= before[name]}, seconds
