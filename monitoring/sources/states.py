"""Words for how something is, as strangers write them: ok, bad with a severity, or unknown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitoring.sources import words

GOOD = frozenset(
    {"ok", "up", "good", "normal", "clear", "cleared", "green", "healthy", "passed", "pass", "success", "successful", "succeeded"}
    | {"resolved", "resolve", "recovered", "recovery", "closed", "deactivated", "inactive", "true", "0"}
)
BAD = frozenset(
    {"down", "bad", "red", "failed", "failure", "fail", "firing", "problem", "alerting", "alarm", "triggered", "trigger", "open", "opened"}
    | {"activated", "active", "unhealthy", "outage", "false", "1"}
)
UNKNOWN = frozenset({"unknown", "no data", "nodata", "undefined", "insufficient_data", "indeterminate"})


def known(word: str) -> bool:
    word = word.strip().lower()
    return word in GOOD | BAD | UNKNOWN or word in words.KNOWN


def read(word: str, own: Mapping[str, Any]) -> words.Bad:
    """The source's own table first. A word nobody knows is a warning with a remark, as is none."""
    word = word.strip().lower()
    if word in own:
        return words.Bad("ok") if own[word] == "ok" else words.bad(word, own)
    if word in GOOD:
        return words.Bad("ok")
    if word in UNKNOWN:
        return words.Bad("unknown")
    return words.Bad("critical") if word in BAD else words.bad(word, own)
