"""Our own format: `POST /in/results/`. Pure: payload in, signals out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.normal import STATUSES, Signal, Unreadable, Wrong
from monitoring.thresholds import BadRange, judge, parse

MOST_ITEMS = 5_000
AHEAD = timedelta(hours=24)
TEXTS = {"check": 120, "summary": 1024, "detail": 20_000, "service": 50, "link": 1000, "event_id": 200}
FIELDS = {*TEXTS, "status", "severity", "labels", "metrics", "started_at", "ended_at"}
SHORT = frozenset({"check", "status", "summary", "service", "event_id"})  # texts alone: the commonest form
METRIC_FIELDS = {"name", "value", "unit", "warn", "crit"}


def _refuse_constant(word: str) -> float:
    raise Unreadable(Wrong("", "not_finite", f"{word} is not a number. Leave the metric out instead."))


def load(body: bytes, *, lines: bool) -> list[Any]:
    """The items of a JSON list, one JSON object, or NDJSON lines. Raises Unreadable."""
    try:
        text = body.decode("utf-8")
        read = [json.loads(line, parse_constant=_refuse_constant) for line in text.splitlines() if line.strip()] if lines else None
        items = read if read is not None else json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise Unreadable(Wrong("", "not_utf8", "The body is not UTF-8.")) from error
    except json.JSONDecodeError as error:
        raise Unreadable(Wrong("", "not_json", f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}.")) from error
    except ValueError as error:  # a number of thousands of digits
        raise Unreadable(Wrong("", "not_json", "Not JSON that can be read: a number is too long.")) from error
    except RecursionError as error:
        raise Unreadable(Wrong("", "too_deep", "The JSON is nested too deeply.")) from error
    items = items if isinstance(items, list) else [items]
    if len(items) > MOST_ITEMS:
        raise Unreadable(Wrong("", "too_many", f"{len(items)} items; send at most {MOST_ITEMS} at once."))
    return items


def read(items: list[Any], *, now: datetime, severity_map: Mapping[str, Any] | None = None) -> list[Signal]:
    """Signals of all items, or Unreadable naming every wrong field: a batch is taken whole or not at all."""
    wrong: list[Wrong] = []
    signals = [_short(item) or _signal(f"[{n}]", item, now, severity_map or {}, wrong) for n, item in enumerate(items)]
    if wrong:
        raise Unreadable(*wrong[:50])
    return [signal for signal in signals if signal]


def _short(item: Any) -> Signal | None:
    """As `_signal`, in a tenth of the time, where there are only short texts in which nothing is wrong; None: look closely."""
    if type(item) is not dict or not item.keys() <= SHORT:
        return None
    for name, value in item.items():
        # what is printable has neither NUL nor halves of characters
        if type(value) is not str or len(value) > TEXTS.get(name, TEXTS["check"]) or not value.isprintable():
            return None
    check, status = item.get("check", "").strip(), item.get("status")
    if not check or status not in STATUSES:
        return None
    summary, service, event_id = (item.get(name, "").strip() for name in ("summary", "service", "event_id"))
    return Signal(check=check, status=status, summary=summary, service=service, event_id=event_id)


def _signal(at: str, item: Any, now: datetime, severity_map: Mapping[str, Any], wrong: list[Wrong]) -> Signal | None:
    if not isinstance(item, dict):
        wrong.append(Wrong(at, "not_an_object", "Each item is an object with at least check and status."))
        return None
    before = len(wrong)
    wrong += [
        Wrong(f"{at}.{name}", "unknown_field", f"Unknown field. Known are {', '.join(sorted(FIELDS))}.")
        for name in sorted(set(item) - FIELDS)
    ]
    texts = {name: _text(at, name, item, longest, wrong) for name, longest in TEXTS.items()}
    if not texts["check"] and len(wrong) == before:
        wrong.append(Wrong(f"{at}.check", "required", "Name the check."))
    metrics = _metrics(at, item.get("metrics", []), wrong)
    severity, flag = _severity(at, item.get("severity"), severity_map, wrong)
    started_at, ended_at = (_time(at, name, item.get(name), now, wrong) for name in ("started_at", "ended_at"))
    labels = _labels(at, item.get("labels", {}), wrong)
    status = _status(at, item.get("status"), metrics, wrong)
    if len(wrong) > before:
        return None
    signal = Signal(check=texts["check"], status=status, severity=severity, flag=flag, labels=labels, metrics=metrics)
    return replace(signal, **texts, started_at=started_at, ended_at=ended_at)  # type: ignore[arg-type]


def _text(at: str, name: str, item: Mapping[str, Any], longest: int, wrong: list[Wrong]) -> str:
    value = item.get(name, "")
    if not isinstance(value, str):
        wrong.append(Wrong(f"{at}.{name}", "not_text", "Must be a text."))
        return ""
    if len(value) > longest:
        wrong.append(Wrong(f"{at}.{name}", "too_long", f"{len(value)} characters; at most {longest}."))
    return storable(value).strip()


def storable(words: str) -> str:
    """Without what no database keeps: NUL, and halves of characters (they become a question mark)."""
    return words.replace("\x00", "").encode("utf-8", "replace").decode()


def _status(at: str, given: Any, metrics: tuple[Mapping[str, Any], ...], wrong: list[Wrong]) -> str:
    if given is None:
        if any("warn" in metric or "crit" in metric for metric in metrics):
            return judge(metrics)
        wrong.append(Wrong(f"{at}.status", "required", "Give a status, or a metric with warn or crit."))
        return ""
    if given not in STATUSES:
        wrong.append(Wrong(f"{at}.status", "unknown_value", "Use ok, warning, critical or unknown."))
        return ""
    return str(given)


def _severity(at: str, given: Any, severity_map: Mapping[str, Any], wrong: list[Wrong]) -> tuple[int | None, str]:
    """A rank 1-4, or the sender's own word through the source's map; an unknown word is SEV3 (a warning) and a flag."""
    if given is None:
        return None, ""
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= 4:
        return given, ""
    if not isinstance(given, str):
        wrong.append(Wrong(f"{at}.severity", "unknown_value", "Use 1 to 4, or a word."))
        return None, ""
    mapped = severity_map.get(given.strip().lower())
    return (mapped, "") if isinstance(mapped, int) else (3, f"unknown severity {given[:40]!r}")


def _labels(at: str, given: Any, wrong: list[Wrong]) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(v, str | int | float | bool) for v in given.values()):
        wrong.append(Wrong(f"{at}.labels", "not_labels", "An object of names with texts or numbers."))
        return {}
    if len(given) > 64:
        wrong.append(Wrong(f"{at}.labels", "too_many", "At most 64 labels."))
    return {storable(str(k))[:120]: storable(str(v))[:500] for k, v in given.items() if v != ""}


def _metrics(at: str, given: Any, wrong: list[Wrong]) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(given, list) or len(given) > 64:
        wrong.append(Wrong(f"{at}.metrics", "not_metrics", "A list of at most 64 objects with name and value."))
        return ()
    return tuple(metric for n, item in enumerate(given) if (metric := _metric(f"{at}.metrics[{n}]", item, wrong)))


def _metric(at: str, item: Any, wrong: list[Wrong]) -> Mapping[str, Any] | None:
    if not isinstance(item, dict):
        wrong.append(Wrong(at, "not_an_object", "A metric is an object with name and value."))
        return None
    checks: list[tuple[str, Callable[[Any], bool], str]] = [
        ("name", lambda v: isinstance(v, str) and 0 < len(v) <= 120, "Name the metric in at most 120 characters."),
        ("value", lambda v: isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v), "Must be a finite number."),
        ("unit", lambda v: v is None or (isinstance(v, str) and len(v) <= 20), "At most 20 characters."),
        ("warn", _is_range, "A range such as 10, 10:, ~:10, 10:20 or @10:20."),
        ("crit", _is_range, "A range such as 10, 10:, ~:10, 10:20 or @10:20."),
    ]
    found = [Wrong(f"{at}.{name}", "unknown_field", "Unknown field.") for name in sorted(set(item) - METRIC_FIELDS)]
    found += [Wrong(f"{at}.{name}", "bad_value", words) for name, good, words in checks if not good(item.get(name))]
    wrong += found
    kept = {name: storable(value) if isinstance(value, str) else value for name, value in item.items()}
    return None if found else {name: value for name, value in kept.items() if value not in (None, "")}


def _is_range(given: Any) -> bool:
    if given in (None, ""):
        return True
    try:
        return isinstance(given, str) and parse(given) is not None
    except BadRange:
        return False


def _time(at: str, name: str, given: Any, now: datetime, wrong: list[Wrong]) -> datetime | None:
    if given is None:
        return None
    moment: datetime | None = None
    try:
        local = datetime.fromisoformat(given)
        moment = local.astimezone(UTC) if local.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        pass
    if moment is None:
        wrong.append(Wrong(f"{at}.{name}", "not_a_time", "Use RFC 3339 with a zone, such as 2026-11-23T08:00:00Z."))
    elif moment > now + AHEAD:
        wrong.append(Wrong(f"{at}.{name}", "in_the_future", "More than 24 hours ahead of our clock."))
    return moment
