"""A ticket's clocks from its history, and their due times stored for queues and rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from incidents import clocks, deskhours, journal, levels
from incidents.clocks import ClockState, Event
from incidents.deskhours import Desk
from incidents.models import Entry, Ticket
from incidents.states import TicketState
from servicedesk import walltime
from servicedesk.directory import tongues, zones
from servicedesk.directory.models import Organisation, Site

UNRATED_RUNS_AS = 3
UNRATED_FOR_S = 900  # of desk hours, then the team is told
CLOSES_AFTER = timedelta(days=14)
REMINDS_AFTER, ENDS_AFTER = 3, 7  # working days without the requester's answer
NEVER_ENDS = (1, 2)  # severities that no silence solves
REQUEST_RUNS_AS = 4
SAID = (Entry.Kind.REPLY, Entry.Kind.MAIL, Entry.Kind.CALL, Entry.Kind.PROMISE)
STORED: Mapping[str, clocks.Name] = {
    "first_answer_due_at": "first_response",
    "next_answer_due_at": "next_response",
    "solution_due_at": "resolution",
}


def desk(site: Site | None, organisation: Organisation | None) -> Desk:
    """The site's desk hours, else the organisation's; none written down means round the clock."""
    zone = site.zone if site else organisation.zone if organisation else zones.of(None)
    hours = (site.desk_hours if site else None) or (organisation.desk_hours if organisation else None) or {}
    return deskhours.desk(hours, zone, site.country if site else "")


def morning_of(ticket: Ticket, day: date) -> datetime:
    """When the requester's desk opens on that day, or next after it; its midnight where the desk never closes."""
    hours = desk(ticket.requester.site, Organisation.current())
    midnight = walltime.first(datetime.combine(day, time()), ZoneInfo(hours.zone))
    return hours.opens_at(midnight) or midnight


def day_of(ticket: Ticket, at: datetime) -> date:
    """The day of that moment at the requester's desk."""
    return at.astimezone(ZoneInfo(desk(ticket.requester.site, Organisation.current()).zone)).date()


def target_of(ticket: Ticket) -> clocks.Target:
    """The times it runs on now."""
    return levels.of(ticket.service_level_id).terms.targets[_runs_as(ticket, ticket.severity)]


def first_answer_s(ticket: Ticket) -> int:
    """How many seconds the first answer may take."""
    return target_of(ticket).first_answer_s


def first_answer_from(ticket: Ticket, at: datetime) -> datetime | None:
    """When a ticket filed at that moment with this severity would be owed its first answer."""
    terms = levels.of(ticket.service_level_id).terms
    created = [Event("created", at, _runs_as(ticket, ticket.severity), terms)]
    hours = desk(ticket.requester.site, Organisation.current())
    return clocks.evaluate(created, terms.targets, hours, at)["first_response"].due_at


def clocks_of(ticket: Ticket, *, now: datetime, entries: Iterable[Entry] | None = None) -> dict[clocks.Name, ClockState]:
    """first_response, next_response (once one was owed) and resolution as they stand, each with its segments.

    `entries` spares the reading of them: all of the ticket's, oldest first.
    """
    return evaluate(events_of(ticket, entries), desk(ticket.requester.site, Organisation.current()), now)


def evaluate(events: list[Event], hours: Desk, now: datetime) -> dict[clocks.Name, ClockState]:
    """The clocks of such a history; its beginning says by which terms."""
    return clocks.evaluate(events, levels.BEGINNING.targets, hours, now)


def project(ticket: Ticket, *, now: datetime, is_repair: bool = False) -> None:
    """Bring the stored due times up to date with the ticket's history. The caller holds the row.

    A repair forgets a warning that is due but was not given: who has the ticket hears only of what comes by time passing.
    """
    events, hours = events_of(ticket), desk(ticket.requester.site, Organisation.current())
    states = evaluate(events, hours, now)
    due: dict[str, Any] = {column: owed(states.get(name), column) for column, name in STORED.items()}
    due["warn_at"] = _warns_at(ticket, states, now, is_repair=is_repair)
    is_at_rest = is_repair and ticket.origin == Ticket.Origin.IMPORT  # until somebody works on it here
    due["settle_at"] = ticket.settle_at if is_at_rest else _settles_at(ticket, events, hours)
    due["hours_of"] = ticket.requester.site_id or 0
    changed = {column: at for column, at in due.items() if getattr(ticket, column) != at}
    for column, at in changed.items():
        setattr(ticket, column, at)
    if changed:
        ticket.save(update_fields=list(changed))


@tongues.deed
def follow(ticket: Ticket, *, now: datetime) -> bool:
    """Whether it comes under another service level as it is now: it goes on under that one, in silence. The caller holds the row."""
    chosen = levels.chosen_for(ticket)
    if not ticket.is_open or levels.is_same(chosen, levels.of(ticket.service_level_id)):
        return False
    _put_on(ticket, chosen, now)
    return True


def _put_on(ticket: Ticket, level: levels.Level, now: datetime) -> None:
    """It runs on this version from now on; in the moment of the report it never ran on another."""
    before, ticket.service_level_id = ticket.service_level_id, level.id
    is_asked = ticket.origin != Ticket.Origin.IMPORT
    ticket.evaluate_at = now if is_asked else ticket.evaluate_at
    ticket.save(update_fields=["service_level", "evaluate_at"])
    if now != ticket.created_at:
        said = _("Service level: %(name)s.") % {"name": level.name}
        after = {"service_level": level.id, "name": level.name, "version": level.version}
        told: dict[str, Any] = {"before": {"service_level": before}, "after": after, "because": levels.because(level)}
        journal.ticket_event(ticket, said, actor=None, now=now, verb="set_level", **told)
    project(ticket, now=now)


def _warns_at(ticket: Ticket, states: Mapping[clocks.Name, ClockState], now: datetime, *, is_repair: bool) -> datetime | None:
    """The next warning; one that fell due and was not given yet stands. None: no clock runs, or it was brought in."""
    if ticket.origin == Ticket.Origin.IMPORT:
        return None
    coming = [state.warn_at for state in states.values() if state.warn_at is not None and state.warn_at > now]
    pending = [ticket.warn_at] if ticket.warn_at is not None and ticket.warn_at <= now and not is_repair else []
    return min([*pending, *coming], default=None)


def unrated_due(ticket: Ticket) -> datetime | None:
    """When the team of a ticket that came without the answers hears that nobody has rated it."""
    if ticket.impacted or ticket.effect or ticket.origin not in (Ticket.Origin.MAIL, Ticket.Origin.API):
        return None
    return deskhours.due(desk(ticket.requester.site, Organisation.current()), ticket.created_at, UNRATED_FOR_S)


def is_reminded(ticket: Ticket) -> bool:
    """Whether the requester was reminded since it waits for them."""
    return ticket.reminded_at is not None and ticket.reminded_at >= _waits_since(ticket, events_of(ticket))


def _waits_since(ticket: Ticket, events: list[Event]) -> datetime:
    return max((event.at for event in events if event.kind == "waiting"), default=ticket.created_at)


def _settles_at(ticket: Ticket, events: list[Event], hours: Desk) -> datetime | None:
    """When it moves by itself; None where it does not."""
    if ticket.state == TicketState.SOLVED:
        return ticket.solved_at and ticket.solved_at + CLOSES_AFTER
    if ticket.state == TicketState.WAITING and ticket.waiting_for == Ticket.Waiting.PLANNED:
        return ticket.planned_until
    if ticket.state != TicketState.WAITING or ticket.waiting_for != Ticket.Waiting.REQUESTER:
        return None
    since = _waits_since(ticket, events)
    if ticket.reminded_at is None or ticket.reminded_at < since:
        return deskhours.working_days(hours, since, REMINDS_AFTER)
    return None if ticket.severity in NEVER_ENDS else deskhours.working_days(hours, since, ENDS_AFTER)


def events_of(ticket: Ticket, entries: Iterable[Entry] | None = None) -> list[Event]:
    """The ticket's history as its clocks read it: oldest first, without what was taken back or does not count."""
    rank = _runs_as(ticket, None)
    askers, level = ticket.asker_ids, ticket.service_level_id
    events: list[Event] = []
    if entries is None:
        entries = ticket.entries.order_by("id").only("ticket_id", "kind", "audience", "author_id", "data", "at", "withdrawn_at")
    for entry in entries:
        if entry.withdrawn_at is not None or entry.data.get("uncounted"):
            continue
        told = list(_told(ticket, entry, askers))
        if told and told[0].kind == "severity" and entry.at == ticket.created_at:
            rank = int(told[0].value or rank)  # rated in the moment of the report: it never ran on anything else
        else:
            level = _level_before(events, told, entry, level)
            events += told
    return [Event("created", ticket.created_at, rank, levels.of(level).terms), *events]


def _level_before(events: list[Event], told: list[Event], entry: Entry, level: int | None) -> int | None:
    """What it began on, by the first event that took it to another service level."""
    is_first = bool(told) and told[0].kind == "terms" and not any(event.kind == "terms" for event in events)
    before: int | None = entry.data["before"]["service_level"] if is_first else level
    return before


def _told(ticket: Ticket, entry: Entry, askers: frozenset[int]) -> Iterator[Event]:
    if entry.kind == Entry.Kind.EVENT:
        yield from _done(ticket, entry)
    elif entry.kind in SAID:
        is_theirs = entry.author_id in askers or bool(entry.data.get("heard"))
        if not (is_theirs and entry.kind == Entry.Kind.CALL):
            yield Event("message" if is_theirs else "answer", entry.at)


def _done(ticket: Ticket, entry: Entry) -> Iterator[Event]:
    """What a deed of this verb means to the clocks; most mean nothing."""
    verb, after = entry.data.get("verb"), entry.data.get("after", {})
    if verb == "set_severity":
        yield Event("severity", entry.at, _runs_as(ticket, after["severity"]))
    elif verb == "set_level":
        yield Event("terms", entry.at, terms=levels.of(after["service_level"]).terms)
    elif verb == "hold":
        yield Event("answer", entry.at)
    elif verb == "wait":
        yield Event("waiting", entry.at, after["waiting_for"])
    elif verb == "move":
        yield from _moved(entry.data["before"]["state"], after, entry.at)


def _moved(before: str, after: Mapping[str, Any], at: datetime) -> Iterator[Event]:
    if after["state"] == TicketState.WAITING:
        yield Event("waiting", at, after["waiting_for"])
    elif after["state"] == TicketState.SOLVED:
        yield Event("solved", at)
    elif after["state"] == TicketState.MERGED:
        yield Event("waiting", at, "merged")
    elif before in (TicketState.WAITING, TicketState.MERGED):
        yield Event("resumed", at)
    elif before == TicketState.SOLVED and after["state"] == TicketState.OPEN:
        yield Event("reopened", at)


def _runs_as(ticket: Ticket, rank: int | None) -> int:
    """An unrated ticket runs as SEV3, a request as SEV4 unless somebody rated it higher."""
    if ticket.kind == Ticket.Kind.REQUEST:
        return rank if rank is not None and rank < UNRATED_RUNS_AS else REQUEST_RUNS_AS
    return rank or UNRATED_RUNS_AS


def owed(state: ClockState | None, column: str) -> datetime | None:
    """A next answer is owed only until it is given; the other two keep the time they were due."""
    if state is None or (column == "next_answer_due_at" and state.done_at is not None):
        return None
    return state.due_at
