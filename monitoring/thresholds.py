"""Nagios threshold ranges, and the status a set of metrics asks for. Pure.

`10` alerts outside 0 to 10, `10:` below 10, `~:10` above 10, `10:20` outside, `@10:20` inside; ends belong to the range.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
SHAPE = re.compile(rf"(?P<inside>@)?(?:(?P<low>~|{NUMBER})?(?P<colon>:))?(?P<high>{NUMBER})?", re.ASCII)


class BadRange(ValueError):
    """Not a threshold range: 10, 10:, ~:10, 10:20 or @10:20."""


@dataclass(frozen=True, slots=True)
class Range:
    low: float
    high: float
    inside: bool = False

    def alerts(self, value: float) -> bool:
        return (self.low <= value <= self.high) == self.inside


def parse(text: str) -> Range | None:
    """None for an empty text: no threshold."""
    text = text.strip()
    if not text:
        return None
    found = SHAPE.fullmatch(text)
    if found is None or (found["high"] is None and not found["colon"]):
        raise BadRange(text)
    low, high = _low(found["low"]), math.inf if found["high"] is None else float(found["high"])
    if low > high:
        raise BadRange(text)
    return Range(low, high, inside=bool(found["inside"]))


def judge(metrics: Iterable[Mapping[str, Any]]) -> str:
    """The worst of metrics {value, warn, crit}; unknown if one could not be measured and none is bad.

    `warn` and `crit` are ranges or plain numbers. Raises BadRange.
    """
    asked = {_status(metric) for metric in metrics}
    return next((status for status in ("critical", "warning", "unknown") if status in asked), "ok")


def _status(metric: Mapping[str, Any]) -> str:
    value = _number(metric.get("value"))
    crit, warn = _range(metric.get("crit")), _range(metric.get("warn"))
    if value is None:
        return "unknown"
    if crit is not None and crit.alerts(value):
        return "critical"
    return "warning" if warn is not None and warn.alerts(value) else "ok"


def _range(threshold: object) -> Range | None:
    return None if threshold is None else parse(str(threshold))


def _number(value: object) -> float | None:
    """None for what is no measurement: missing, Nagios' U, not a number, infinite."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _low(text: str | None) -> float:
    return -math.inf if text == "~" else float(text or 0)
