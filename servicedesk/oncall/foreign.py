"""Schedules as other pagers and calendars write them down: iCal, Grafana OnCall, Opsgenie. Pure: no rows, no clock.

What is read is turns (who follows whom) or single shifts, by the names that stand there; what this desk cannot say is a warning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from servicedesk.oncall import foreign_ical
from servicedesk.oncall.foreign_ical import Shift
from servicedesk.oncall.shifts import Turns

MOST_BYTES = 2_000_000
HIGHEST = 99  # of OnCall's levels: a higher one covers lower ones, as a layer does
KINDS = {"hourly": "hours", "daily": "daily", "weekly": "weekly", "monthly": "monthly"}
DAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
WORDS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class CannotRead(ValueError):
    """Not a schedule of any kind that is known; the text says what is wrong."""


@dataclass(slots=True)
class Foreign:
    """`source` is ical, oncall or opsgenie."""

    source: str
    name: str = ""
    turns: list[Turns[str]] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(content: bytes, *, zone: str, start: datetime, end: datetime) -> Foreign:
    """Whatever of the three this is. Recurring events are read from `start` to `end`; `zone`: where none is said. Raises CannotRead."""
    if len(content) > MOST_BYTES:
        raise CannotRead("The file is larger than 2 MB.")
    text = content.decode("utf-8-sig", "replace").strip()
    if text.startswith("BEGIN:VCALENDAR"):
        name, shifts, warnings = foreign_ical.read(text, zone=zone, start=start, end=end)
        return Foreign("ical", name, shifts=shifts, warnings=warnings)
    try:
        told = json.loads(text)
        return _json(told, zone)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, CannotRead):
            raise
        raise CannotRead("This is neither an iCal file nor a schedule of Grafana OnCall or Opsgenie as JSON.") from error


def _json(told: Any, zone: str) -> Foreign:
    told = told.get("data", told) if isinstance(told, dict) else told
    if isinstance(told, dict) and "rotations" in told:
        return _opsgenie(told, zone)
    if isinstance(told, dict) and isinstance(told.get("results"), list):
        told = {"shifts": told["results"]}
    if isinstance(told, dict) and told.get("shifts") and isinstance(told["shifts"][0], dict):
        return _oncall(told, zone)
    raise CannotRead("The JSON holds neither “rotations” (Opsgenie) nor “shifts” with their fields (Grafana OnCall).")


# Opsgenie: the answer of GET /v2/schedules/<id>?expand=rotation


def _opsgenie(told: Mapping[str, Any], zone: str) -> Foreign:
    found = Foreign("opsgenie", str(told.get("name", "")))
    own = str(told.get("timezone") or zone)
    for rotation in told["rotations"]:
        people = [_opsgenie_person(one) for one in rotation.get("participants", ())]
        if None in people:
            found.warnings.append(f"{rotation.get('name', '')}: teams, escalations and “no one” take no turn here; they are left out.")
        begins = _moment(str(rotation["startDate"]), own)
        found.turns.append(
            Turns(
                tuple(person for person in people if person), begins.date(), _kind(rotation.get("type", "weekly")),
                int(rotation.get("length") or 1), begins.time().replace(second=0, microsecond=0), own,
                **_restriction(rotation, found.warnings),
            )
        )  # fmt: skip
        if rotation.get("endDate"):
            found.warnings.append(f"{rotation.get('name', '')} ends on {rotation['endDate']}; here turns go on until they are changed.")
    return found


def _opsgenie_person(one: Mapping[str, Any]) -> str | None:
    return str(one.get("username") or one.get("name") or "") or None if one.get("type", "user") == "user" else None


def _restriction(rotation: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    """Hours of every day, or of week days that all have the same hours."""
    told, name = rotation.get("timeRestriction"), rotation.get("name") or "A rotation"
    if not told:
        return {}
    parts = [part for part in told.get("restrictions") or [told.get("restriction")] if part]
    read = [_span(part) for part in parts]
    if len({hours for hours, _days in read}) != 1:
        warnings.append(f"{name} counts in several spans of hours; here a rotation has one. They are left out: it counts all day.")
        return {}
    opens, closes = read[0][0]
    if any(opens == closes != _clock(part, "end") for part in parts):
        warnings.append(f"{name} counts over several days on end; here until {opens:%H:%M} of the day on which it ends.")
    days = tuple(sorted({day for _hours, days in read for day in days}))
    return {"opens": opens, "closes": closes, "weekdays": days if len(days) < len(WORDS) else ()}


def _span(part: Mapping[str, Any]) -> tuple[tuple[time, time], list[int]]:
    """From when to when, and on which days that begins. What lasts several days is whole days in a row: never less than it says."""
    opens, closes = _clock(part, "start"), _clock(part, "end")
    if part.get("startDay") not in WORDS:
        return (opens, closes), []
    first, last = WORDS.index(part["startDay"]), WORDS.index(part.get("endDay", part["startDay"]))
    later = (last - first) % len(WORDS) or (len(WORDS) if closes <= opens else 0)
    lasting = later + (closes > opens)  # how many days begin at `opens` within it
    if lasting <= 1:
        return (opens, closes), [first]
    return (opens, opens), [(first + nth) % len(WORDS) for nth in range(lasting)]


def _clock(part: Mapping[str, Any], end: str) -> time:
    return time(int(part[f"{end}Hour"]) % 24, int(part.get(f"{end}Min") or 0))


# Grafana OnCall: GET /api/v1/on_call_shifts/, or a schedule with its shifts written out; users by name, or by id beside a list of users


def _oncall(told: Mapping[str, Any], zone: str) -> Foreign:
    found = Foreign("oncall", str(told.get("name", "")))
    names = {str(user["id"]): str(user.get("email") or user["username"]) for user in told.get("users", ()) if "id" in user}
    own = str(told.get("time_zone") or zone)
    for shift in told["shifts"]:
        begins = _moment(str(shift["start"]), str(shift.get("time_zone") or own))
        if shift.get("type") in ("single_event", "override"):
            found.shifts += _singles(shift, begins, names)
        else:
            found.turns.append(_rolling(shift, begins, names, str(shift.get("time_zone") or own), found.warnings))
    lowest = min((turns.position for turns in found.turns), default=0)
    found.turns = [replace(turns, position=turns.position - lowest) for turns in sorted(found.turns, key=lambda turns: turns.position)]
    return found


def _singles(shift: Mapping[str, Any], begins: datetime, names: Mapping[str, str]) -> Iterator[Shift]:
    ends = begins + timedelta(seconds=int(shift["duration"]))
    for user in _flat(shift.get("users") or shift.get("rolling_users") or ()):
        yield Shift(names.get(user, user), begins, ends)


def _rolling(shift: Mapping[str, Any], begins: datetime, names: Mapping[str, str], zone: str, warnings: list[str]) -> Turns[str]:
    groups = shift.get("rolling_users") or [shift.get("users") or []]
    if any(isinstance(group, list) and len(group) > 1 for group in groups):
        warnings.append(f"{shift.get('name', '')}: several people share a turn; here each has a turn of their own.")
    people = tuple(names.get(user, user) for user in _flat(groups))
    weekdays = tuple(sorted(DAYS[day] for day in shift.get("by_day") or ()))
    length, kind, begun = int(shift.get("interval") or 1), _kind(str(shift.get("frequency", "weekly"))), begins
    ends = (begun + timedelta(seconds=int(shift.get("duration") or 0))).time()
    is_part = bool(weekdays) and 0 < int(shift.get("duration") or 0) < 24 * 3600
    hours = {"opens": begun.time(), "closes": ends} if is_part else {}
    level = max(0, min(int(shift.get("level") or shift.get("priority_level") or 0), HIGHEST))
    return Turns(people, begun.date(), kind, length, begun.time().replace(second=0, microsecond=0), zone, weekdays, position=level, **hours)


def _flat(users: Sequence[Any]) -> list[str]:
    return [str(one) for group in users for one in (group if isinstance(group, list) else [group])]


def _kind(word: str) -> str:
    if word.lower() not in KINDS:
        raise CannotRead(f"Turns counted in “{word}” are not known here.")
    return KINDS[word.lower()]


def _moment(words: str, zone: str) -> datetime:
    """On the clock of the zone; a time without one is that clock's."""
    said = datetime.fromisoformat(words)
    return said.replace(tzinfo=ZoneInfo(zone)) if said.tzinfo is None else said.astimezone(ZoneInfo(zone))
