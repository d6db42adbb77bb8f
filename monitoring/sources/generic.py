"""Any JSON or form, read by a mapping of ours: our field to a dotted path in the body. Pure.

{"items": "alerts", "check": "labels.name", "status": "state", "summary": "text", …}. A path walks objects by name and
lists by number ("alerts.0.name"); a text after "=" stands for itself. `items` is the list of signals, where there is one;
the other paths then start at each of its members, or at the whole body with a leading "/".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from monitoring.normal import Signal, Unreadable, Wrong
from monitoring.sources import fields, states, words
from monitoring.sources.posts import Post, bounded

PATHS = ("items", "check", "status", "severity", "summary", "service", "link", "started_at", "event_id", "value")
REQUIRED = ("check", "status")
MOST_STEPS, LONGEST = 12, 200


def wrong_in(mapping: Mapping[str, Any]) -> list[Wrong]:
    """What is wrong with a mapping, before any body comes."""
    found = [Wrong(name, "unknown_field", f"Unknown. Known are {', '.join(PATHS)}.") for name in mapping if name not in PATHS]
    found += [Wrong(name, "required", "A path is needed.") for name in REQUIRED if not mapping.get(name)]
    for name in PATHS:
        path = mapping.get(name, "")
        if not isinstance(path, str) or len(path) > LONGEST or path.count(".") >= MOST_STEPS:
            found.append(Wrong(name, "bad_path", f"A path of at most {MOST_STEPS} steps and {LONGEST} characters."))
    return found


def read(post: Post) -> list[Signal]:
    if bad := wrong_in(post.paths):
        raise Unreadable(*[replace(one, field=f"mapping.{one.field}") for one in bad])
    whole: Any = post.fields() if "form" in post.form else post.json()
    path = str(post.paths.get("items") or "")
    members = walk(whole, path, whole) if path else whole
    if path and not isinstance(members, list):
        raise Unreadable(Wrong(path, "not_a_list", "The path of `items` leads to no list."))
    found = bounded(members if isinstance(members, list) else [members])
    return [_signal(one, whole, f"{path}[{n}]" if path else "", post) for n, one in enumerate(found)]


def walk(given: Any, path: str, whole: Any) -> Any:
    """What stands at a path; None where the way ends early. Names that hold dots are found too, the longest first."""
    if path.startswith("="):
        return path[1:]
    if path.startswith("/"):
        given, path = whole, path[1:]
    return _steps(given, path.split(".")[:MOST_STEPS]) if path else given


def _steps(given: Any, steps: list[str]) -> Any:
    if not steps:
        return given
    if isinstance(given, list):
        number = steps[0].lstrip("-")
        return _steps(fields.at(given, int(steps[0])), steps[1:]) if number.isdecimal() and len(number) < 5 else None
    for length in range(len(steps), 0, -1):
        name = ".".join(steps[:length])
        if isinstance(given, dict) and name in given:
            return _steps(given[name], steps[length:])
    return None


def _signal(one: Any, whole: Any, at: str, post: Post) -> Signal:
    said = {name: fields.text(walk(one, str(post.paths[name]), whole)) for name in PATHS[1:] if post.paths.get(name)}
    missing = [name for name in REQUIRED if not said.get(name)]
    if missing:
        raise Unreadable(
            *[Wrong(f"{at}{'.' if at else ''}{post.paths[name]}", "required", f"Nothing there for `{name}`.") for name in missing]
        )
    state = states.read(said["status"], post.words)
    severity = words.bad(said["severity"], post.words) if said.get("severity") else None
    status = severity.status if severity and state.status == "critical" and severity.status != "critical" else state.status
    signal = fields.signal(
        said["check"],
        status,
        summary=said.get("summary") or f"{said['check']}: {said['status']}",
        severity=severity.severity if severity else state.severity,
        flag=state.flag or (severity.flag if severity else ""),
        link=said.get("link", ""),
        service=said.get("service", "").lower(),
        started_at=fields.past(said.get("started_at"), post.now),
        metrics=_metric(said.get("value", "")),
    )
    return replace(signal, event_id=said["event_id"][:200], is_repeatable=False) if said.get("event_id") else signal


def _metric(word: str) -> tuple[Mapping[str, Any], ...]:
    try:
        value = float(word)
    except ValueError:
        return ()
    return ({"name": "value", "value": value},) if abs(value) < 1e300 else ()
