"""Shifts of a calendar (RFC 5545), as far as rotas need it: events with a person in their summary, once, by day or by week. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
STEP = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
MOST = 1_000  # shifts of one calendar
LEVEL = re.compile(r"^\[[^\]]*\]\s*")  # OnCall writes "[L1] ana"


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch of duty of a person, by the name that stands in the file."""

    person: str
    starts_at: datetime
    ends_at: datetime


Lines = dict[str, tuple[str, dict[str, str]]]


def read(text: str, *, zone: str, start: datetime, end: datetime) -> tuple[str, list[Shift], list[str]]:
    """The calendar's name, its shifts that touch the span, in order, and what could not be read."""
    name, found = "", list[Shift]()
    warnings: list[str] = []
    for event in _events(text):
        if "X-WR-CALNAME" in event:
            name = event["X-WR-CALNAME"][0]
        if "DTSTART" in event:
            try:
                found += [one for one in _shifts(event, zone, end, warnings) if one.ends_at > start and one.starts_at < end]
            except (ValueError, KeyError) as error:
                warnings.append(f"An event cannot be read: {error}.")
    if len(found) > MOST:
        warnings.append(f"Only the first {MOST} shifts are read.")
    return name, sorted(found, key=lambda one: (one.starts_at, one.person))[:MOST], list(dict.fromkeys(warnings))


def _events(text: str) -> Iterator[Lines]:
    """The calendar's own lines, then each event's; a folded line begins with a space."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    current: Lines = {}
    for line in unfolded.splitlines():
        head, _colon, value = line.partition(":")
        key, *parameters = head.split(";")
        if line == "BEGIN:VEVENT" or line == "END:VEVENT":
            yield current
            current = {}
        else:
            told = dict(part.partition("=")[::2] for part in parameters)
            clean = value.replace("\\n", " ").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
            current.setdefault(key.upper(), (clean, {name.upper(): said.strip('"') for name, said in told.items()}))


def _shifts(event: Lines, zone: str, end: datetime, warnings: list[str]) -> Iterator[Shift]:
    begins, length = _moment(event["DTSTART"], zone, warnings), _length(event, zone, warnings)
    left_out = {_moment((one, event["EXDATE"][1]), zone, warnings) for one in event["EXDATE"][0].split(",")} if "EXDATE" in event else set()
    for person in _people(event):
        for at in _moments(event, begins, end, warnings):
            if at not in left_out:
                yield Shift(person, at.astimezone(UTC), (at + length).astimezone(UTC))


def _people(event: Lines) -> list[str]:
    """Who: the invited where there is one, else the summary."""
    value, told = event.get("ATTENDEE", ("", {}))
    address = value.lower().removeprefix("mailto:")
    summary = LEVEL.sub("", event.get("SUMMARY", ("", {}))[0]).strip()
    said = address if "@" in address else told.get("CN") or summary.rpartition(":")[2].strip()
    return [one.strip() for one in said.split(",") if one.strip()]


def _length(event: Lines, zone: str, warnings: list[str]) -> timedelta:
    begins = _moment(event["DTSTART"], zone, warnings)
    if "DTEND" in event:
        return _moment(event["DTEND"], zone, warnings).astimezone(UTC) - begins.astimezone(UTC)
    return timedelta(days=1)


def _moments(event: Lines, begins: datetime, end: datetime, warnings: list[str]) -> Iterator[datetime]:
    """Each time it comes round, by the clock of its zone."""
    if "RRULE" not in event:
        yield begins
        return
    rule = dict(part.partition("=")[::2] for part in event["RRULE"][0].upper().split(";"))
    if rule.get("FREQ") not in STEP or set(rule) - {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"}:
        warnings.append(f"“{event['RRULE'][0]}” is not known here: only the first time is read.")
        yield begins
        return
    until = _moment((rule["UNTIL"], {}), str(begins.tzinfo), warnings) if "UNTIL" in rule else end
    for count, at in enumerate(_round(rule, begins)):
        if at > min(until, end) or count >= int(rule.get("COUNT", MOST)):
            return
        yield at


def _round(rule: Mapping[str, str], begins: datetime) -> Iterator[datetime]:
    step = STEP[rule["FREQ"]] * int(rule.get("INTERVAL", 1))
    days = sorted(DAYS.index(day) for day in rule.get("BYDAY", "").split(",") if day) if rule["FREQ"] == "WEEKLY" else []
    monday = begins - timedelta(days=begins.weekday())
    for turn in range(MOST):
        if not days:
            yield begins + turn * step
        yield from (at for day in days if (at := monday + timedelta(days=day) + turn * step) >= begins)


def _moment(told: tuple[str, Mapping[str, str]], zone: str, warnings: list[str]) -> datetime:
    value, parameters = told
    if len(value) == len("20261123"):
        day = date(int(value[:4]), int(value[4:6]), int(value[6:]))
        return datetime.combine(day, time(), _zone(parameters.get("TZID", zone), zone, warnings))
    if value.endswith("Z"):
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    naive = datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007  (its zone follows)
    return naive.replace(tzinfo=_zone(parameters.get("TZID", zone), zone, warnings))


def _zone(name: str, usual: str, warnings: list[str]) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        warnings.append(f"The time zone “{name}” is not known here; {usual} is taken.")
        return ZoneInfo(usual)
