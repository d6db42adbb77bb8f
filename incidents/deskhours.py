"""When the desk is open, and how desk time passes. Pure calendar arithmetic: no models, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from servicedesk import walltime

Span = tuple[datetime, datetime]

DAY = timedelta(days=1)
FOR_EVER = datetime(9000, 1, 1, tzinfo=UTC)
FARTHEST = 400  # days looked ahead: a desk that does not open within them does not open


@dataclass(frozen=True, slots=True)
class Desk:
    """Opening times by week day (0 is Monday), on the wall clock of `zone`; none at all means round the clock.

    `country` names the public holidays on which it is closed; empty: none.
    """

    zone: str
    days: tuple[tuple[tuple[time, time], ...], ...]
    country: str = ""

    @property
    def is_round_the_clock(self) -> bool:
        return not any(self.days)

    def is_open(self, at: datetime) -> bool:
        return any(start <= at for start, _end in self._within(at))

    def opens_at(self, at: datetime) -> datetime | None:
        """`at` itself while it is open, else its next opening; None where it does not open again."""
        return next((max(start, at) for start, _end in self.spans(at)), None)

    def next_change(self, at: datetime) -> datetime | None:
        """The next opening or closing after `at`; None where nothing changes any more."""
        start, end = next(self.spans(at), (FOR_EVER, FOR_EVER))
        change = start if start > at else end
        return None if change >= FOR_EVER else change

    def spans(self, since: datetime) -> Iterator[Span]:
        """Its opening times that end after `since`, in order, adjoining ones joined."""
        if self.is_round_the_clock:
            yield since, FOR_EVER
            return
        joined: Span | None = None
        for start, end in self._openings(since):
            if joined is not None and start > joined[1]:
                yield joined
                joined = None
            joined = (joined[0], max(end, joined[1])) if joined else (start, end)
        if joined is not None:
            yield joined

    def _within(self, at: datetime) -> list[Span]:
        return [next(self.spans(at), (FOR_EVER, FOR_EVER))]

    def _openings(self, since: datetime) -> Iterator[Span]:
        zone = ZoneInfo(self.zone)
        today = since.astimezone(zone).date() - DAY
        for number in range(FARTHEST):
            day = today + number * DAY
            for opens, closes in () if is_holiday(self.country, day) else self.days[day.weekday()]:
                span = _instants(day, opens, closes, zone)
                if span[1] > since:
                    yield span


def desk(hours: Mapping[str, Sequence[Sequence[str]]], zone: str, country: str = "") -> Desk:
    """From {"0": [["08:00", "18:00"]], …} as rows keep it; "24:00" is the end of the day."""
    days = tuple(tuple((_time(start), _time(end)) for start, end in hours.get(str(day), ())) for day in range(7))
    return Desk(zone, days, country)


def due(desk: Desk, since: datetime, seconds: float, pauses: Sequence[Span] = ()) -> datetime | None:
    """When so much open time has passed since then, pauses left out; None where it never does."""
    left = timedelta(seconds=seconds)
    for start, end in _free(desk.spans(since), sorted(pauses)):
        start = max(start, since)
        if end - start >= left:
            return start + left
        left -= max(end - start, timedelta(0))
    return None


def working_days(desk: Desk, since: datetime, days: int) -> datetime | None:
    """The same time of day, so many days later on which the desk opens; None where it does not open so often."""
    zone = ZoneInfo(desk.zone)
    local = since.astimezone(zone)
    if desk.is_round_the_clock:
        return walltime.first(datetime.combine(local.date() + days * DAY, local.time()), zone)
    later = dict.fromkeys(start.astimezone(zone).date() for start, _end in desk.spans(since))
    opened = [day for day in later if day > local.date()]
    return walltime.first(datetime.combine(opened[days - 1], local.time()), zone) if len(opened) >= days else None


def _free(spans: Iterator[Span], pauses: Sequence[Span]) -> Iterator[Span]:
    """The spans without the pauses."""
    for start, end in spans:
        at = start
        for pause, resume in pauses:
            if pause < end and resume > at:
                if pause > at:
                    yield at, pause
                at = max(at, resume)
        if at < end:
            yield at, end


def _instants(day: date, opens: time, closes: time, zone: ZoneInfo) -> Span:
    """A closing at midnight, or before the opening, is on the next day."""
    last = day + DAY if closes <= opens else day
    return walltime.first(datetime.combine(day, opens), zone), walltime.last(datetime.combine(last, closes), zone)


def _time(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)


@lru_cache(maxsize=4096)
def is_holiday(country: str, day: date) -> bool:
    """Whether this day is a public holiday there; never, where no country is named."""
    return bool(country) and day in _calendar(country, day.year)


@lru_cache(maxsize=64)
def _calendar(country: str, year: int) -> frozenset[date]:
    """The public holidays of a year; none where the country is not known."""
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()


def next_holiday(country: str, after: date) -> date | None:
    """The next public holiday behind that day, within a year; None where the country's are not known."""
    return next((day for day in (after + n * DAY for n in range(1, 367)) if is_holiday(country, day)), None)
