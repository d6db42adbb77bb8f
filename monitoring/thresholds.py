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


def govern(
    metrics: Iterable[Mapping[str, Any]], own: Mapping[str, Mapping[str, str]], crossed: Iterable[str] = ()
) -> tuple[str, tuple[str, ...], list[dict[str, Any]]] | None:
    """The status our own thresholds ask for, the metrics now beyond them, and all metrics with what they were held against.

    `own`: {metric: {warn, crit, clear}}, which go before the sender's. A metric in `crossed` stays a warning at least
    until its value is inside `clear`, and while it is not measured. None: none of the metrics has a threshold of ours. Raises BadRange.
    """
    held = [{**metric, **{name: own[metric["name"]].get(name, "") for name in ("warn", "crit")}} if metric["name"] in own else dict(metric)
            for metric in metrics]  # fmt: skip
    judged = [(metric["name"], _status(metric)) for metric in held if metric["name"] in own]
    if not judged:
        return None
    beyond = {name for name, status in judged if status in ("warning", "critical")}
    back = {metric["name"] for metric in held if metric["name"] in own and _is_back(metric, own[metric["name"]].get("clear", ""))}
    kept = set(crossed) - beyond - back
    asked = {*(status for _name, status in judged), *(["warning"] if kept else [])}
    status = next((one for one in ("critical", "warning", "unknown") if one in asked), "ok")
    return status, tuple(sorted(beyond | kept)), held


def _is_back(metric: Mapping[str, Any], clear: str) -> bool:
    """Whether this value says that a metric which was bad is good again. One that could not be measured does not."""
    value, inside = _number(metric.get("value")), parse(clear)
    return value is not None and not (inside and inside.alerts(value))


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
