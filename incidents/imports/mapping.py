"""One row of another desk's file as a record of ours, by a map; or what is wrong with it, cell by cell. Pure.

A map is JSON: `source` and `key` name where a ticket comes from and its number there; `columns` says which column (a
dotted path, or words with {columns} in them) fills which of our fields; `values` translates words; `dates` are the
formats tried (`iso` is one), in `zone` where they name none; `empty` are words that mean nothing; `events`: several rows
of one key are its history; `comments` is where the conversation stands; `make` may hold "services".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

FIELDS = {
    "title", "what", "requester", "requester_email", "assignee", "assignee_email", "team", "service", "category", "tags", "severity",
    "state", "created_at", "updated_at", "solved_at", "closed_at", "author",
}  # fmt: skip
NEEDED = ("requester", "state", "created_at")
MOMENTS = ("created_at", "updated_at", "solved_at", "closed_at")
STATES = {"new", "open", "solved", "closed", "waiting:requester", "waiting:vendor", "waiting:approval", "waiting:planned"}
HOLE = re.compile(r"\{([^{}]+)\}")
LONGEST = {"title": 200, "category": 60, "requester": 120, "assignee": 120, "team": 80, "service": 80, "author": 120}
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)


class BadMap(ValueError):
    """The map itself is wrong; the words say where."""


@dataclass(frozen=True, slots=True)
class Map:
    source: str
    key: str
    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, Any]]
    dates: tuple[str, ...]
    empty: frozenset[str]
    zone: str = "UTC"
    rows: str = ""
    events: bool = False
    comments: Mapping[str, Any] = field(default_factory=dict)
    make: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fault:
    """One cell that cannot be used: our field, their column, what stood there, and a code for why."""

    field: str
    column: str
    value: str
    code: str  # missing | date | word | long


@dataclass(slots=True)
class Record:
    """What a row says of a ticket, in our words; a field it says nothing of is missing."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_map(said: Any) -> Map:
    """The map in this JSON. Raises BadMap."""
    if not isinstance(said, dict):
        raise BadMap("A map is a JSON object.")
    for name in ("source", "key", "columns"):
        if not said.get(name):
            raise BadMap(f"The map lacks “{name}”.")
    columns = said["columns"]
    if not isinstance(columns, dict) or not all(isinstance(one, str) for one in columns.values()):
        raise BadMap("“columns” names a column of the file for each field.")
    if unknown := sorted(set(columns) - FIELDS):
        raise BadMap(f"“columns” names fields that tickets do not have: {', '.join(unknown)}. There are: {', '.join(sorted(FIELDS))}.")
    if missing := [name for name in NEEDED if name not in columns]:
        raise BadMap(f"“columns” must say where to find: {', '.join(missing)}.")
    return Map(
        source=str(said["source"])[:30], key=str(said["key"]), columns=columns, values=_values(said),
        dates=tuple(said.get("dates", ["iso"])),
        empty=frozenset({"", *map(str, said.get("empty", []))}), zone=_zone(said), rows=str(said.get("rows", "")),
        events=bool(said.get("events")), comments=said.get("comments", {}), make=frozenset(said.get("make", [])),
    )  # fmt: skip


def _values(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    values = said.get("values", {})
    wrong = [word for word in values.get("state", {}).values() if word not in STATES]
    wrong += [word for word in values.get("severity", {}).values() if word not in (1, 2, 3, 4, None)]
    if wrong:
        raise BadMap(f"“values” leads to words that we do not have: {', '.join(map(str, wrong))}. States: {', '.join(sorted(STATES))}.")
    return {name: {str(key).casefold(): value for key, value in words.items()} for name, words in values.items()}


def _zone(said: dict[str, Any]) -> str:
    zone = str(said.get("zone", "UTC"))
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadMap(f"“{zone}” is no time zone.") from None
    return zone


def record(row: Mapping[str, Any], by: Map) -> Record:
    """What this row says. Every fault of the row is found, not the first alone."""
    found = Record(_text(row, by.key, by)[:80])
    if not found.key:
        found.faults.append(Fault("key", by.key, "", "missing"))
    for name, column in by.columns.items():
        _cell(found, name, column, _raw(row, column, by), by)
    for name in NEEDED:
        if name not in found.values and not any(fault.field == name for fault in found.faults):
            found.faults.append(Fault(name, by.columns[name], "", "missing"))
    if by.comments:
        _comments(found, row, by)
    return found


def _cell(found: Record, name: str, column: str, raw: Any, by: Map) -> None:
    text = _clean(raw)
    if name == "tags":
        found.values["tags"] = [_clean(tag)[:40] for tag in (raw if isinstance(raw, list) else text.split(",")) if _clean(tag)][:20]
    elif text in by.empty:
        return
    elif name in MOMENTS:
        moment = _moment(text, by)
        if moment is None:
            found.faults.append(Fault(name, column, text[:60], "date"))
        else:
            found.values[name] = moment
    elif name in ("state", "severity"):
        _word(found, name, column, text, by)
    else:
        found.values[name] = text[: LONGEST.get(name, 100_000)]


def _word(found: Record, name: str, column: str, text: str, by: Map) -> None:
    words = by.values.get(name, {})
    if text.casefold() in words:
        found.values[name] = words[text.casefold()]
    elif name == "state" and text in STATES:
        found.values[name] = text
    else:
        found.faults.append(Fault(name, column, text[:60], "word"))


def _comments(found: Record, row: Mapping[str, Any], by: Map) -> None:
    """The conversation, oldest first; what has no words or no moment is left out."""
    said = _at(row, str(by.comments.get("path", "")))
    for one in (said if isinstance(said, list) else [])[int(by.comments.get("skip", 0)) :]:
        text, at = _clean(_at(one, by.comments.get("text", ""))), _moment(_clean(_at(one, by.comments.get("at", ""))), by)
        if text and at:
            author, internal = _clean(_at(one, by.comments.get("author", "")))[:120], bool(_at(one, by.comments.get("internal", "")))
            found.comments.append({"author": author, "text": text[:100_000], "at": at, "internal": internal})
    found.comments.sort(key=lambda one: one["at"])


def _raw(row: Mapping[str, Any], column: str, by: Map) -> Any:
    """What stands in that column; of words with {columns} in them, the words with their empty pieces left out."""
    if "{" not in column:
        return _at(row, column)
    pieces = HOLE.split(column)
    filled = [piece if at % 2 == 0 else _text(row, piece, by) for at, piece in enumerate(pieces)]
    return re.sub(r"^[\s·,.:-]+|[\s·,:-]+$", "", re.sub(r"(?:, )+(?=[,.])", "", "".join(filled)))


def _text(row: Mapping[str, Any], column: str, by: Map) -> str:
    text = _clean(_at(row, column))
    return "" if text in by.empty else text


def _at(row: Any, path: str) -> Any:
    """A column by its own name, else step by step along a dotted path; a number is a place in a list."""
    if isinstance(row, Mapping) and path in row:
        return row[path]
    found = row
    for step in path.split(".") if path else []:
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, Sequence) and not isinstance(found, str) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found if path else None


def _clean(raw: Any) -> str:
    if raw is None or isinstance(raw, dict | list):
        return ""
    return str(raw).replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _moment(text: str, by: Map) -> datetime | None:
    for form in by.dates:
        try:
            said = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007  its zone follows
        except ValueError:
            continue
        moment = (said if said.tzinfo else said.replace(tzinfo=ZoneInfo(by.zone))).astimezone(UTC)
        return moment if moment > EARLIEST else None
    return None
