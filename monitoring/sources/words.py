"""How bad the sender says it is: its word to a status and a severity. Pure.

The source's own table goes first: a word to ok, warning, critical or unknown, or to a severity from 1 to 4. A word
nobody knows is a warning with a remark, so that it is never taken for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitoring.normal import STATUSES


@dataclass(frozen=True, slots=True)
class Bad:
    """`severity`: the sender's, as a rank from 1 to 4; None where it says none."""

    status: str
    severity: int | None = None
    flag: str = ""


RANKS: Mapping[int, tuple[str, ...]] = {
    1: ("emergency", "emerg", "disaster", "fatal", "panic", "p1", "sev0", "sev1", "security"),
    2: ("critical", "crit", "error", "err", "alert", "high", "major", "page", "severe", "p2", "sev2", "down", "urgent"),
    3: ("warning", "warn", "medium", "average", "moderate", "p3", "sev3", "degraded"),
    4: ("minor", "low", "info", "information", "informational", "notice", "debug", "trace", "none", "p4", "p5", "sev4", "not classified"),
}
KNOWN = {word: rank for rank, words in RANKS.items() for word in words}


def bad(word: str, own: Mapping[str, Any]) -> Bad:
    """What the word of something that is wrong means. No word at all is a warning too."""
    word = word.strip().lower()
    mapped = own.get(word, KNOWN.get(word))
    if isinstance(mapped, str) and mapped in STATUSES:
        return Bad(mapped, KNOWN.get(word))
    if isinstance(mapped, int) and 1 <= mapped <= 4:
        return Bad("critical" if mapped <= 2 else "warning", mapped)
    return Bad("warning", 3, f"unknown severity {word[:40]!r}") if word else Bad("warning", None, "no severity given")


def of(word: str, own: Mapping[str, Any], *, is_bad: bool) -> Bad:
    """As `bad`, or ok: the sender's severity is kept, so that the words of a recovery can name it."""
    told = bad(word, own)
    return told if is_bad else Bad("ok", told.severity)
