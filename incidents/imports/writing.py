"""One ticket of another desk, written in silence: no letter, page, webhook, rule or alarm. The same number again is an update.

Its history keeps the original times and authors. What somebody did here since stays: then only missing history is added.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from incidents import legible, levels, targets
from incidents.imports.mapping import Map, Record
from incidents.likeness import signature
from incidents.models import Entry, Ticket
from incidents.states import Severity, TicketState
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Service, Team, User
from servicedesk.search import index

SLUG = re.compile(r"[^a-z0-9]+")
MADE, UPDATED, KEPT = "made", "updated", "kept"


@dataclass(slots=True)
class Known:
    """What was looked up or made before, by its name there; one for a whole file."""

    source: str
    makes_services: bool
    people: dict[str, User]
    services: dict[str, Service | None]
    teams: dict[str, Team | None]


def known(by: Map) -> Known:
    return Known(by.source, "services" in by.make, {}, {}, {})


@tongues.deed
def write(history: Sequence[Record], by: Map, have: Known, *, actor: User, now: datetime) -> tuple[Ticket, str]:
    """The ticket these records (of one key, oldest first) tell of, and whether it was made, updated or kept as it is here."""
    key = history[-1].key
    ticket = Ticket.objects.select_for_update().filter(origin=Ticket.Origin.IMPORT, external_source=by.source, external_ref=key).first()
    is_new = ticket is None
    ticket = ticket or Ticket(origin=Ticket.Origin.IMPORT, external_source=by.source, external_ref=key)
    is_touched = not is_new and ticket.entries.exclude(data__has_key="import").exists()
    columns = _columns(history, have, now)
    if is_new or not is_touched:
        for name, value in columns.items():
            setattr(ticket, name, value)
    if is_new:
        ticket.service_level_id = levels.chosen_for(ticket).id
        ticket.save(force_insert=True)
    added = _add(ticket, _entries(ticket, history, by, have), now)
    changed = [name for name in columns if not is_touched]
    ticket.evaluate_at = ticket.settle_at = ticket.unrated_due_at = None
    targets.project(ticket, now=now)
    ticket.settle_at = None  # what moves by itself would write to people: it rests until somebody works on it here
    ticket.save(update_fields=[*changed, "evaluate_at", "settle_at", "unrated_due_at"])
    index.put(kind="ticket", object_id=ticket.pk, title=ticket.title, body=f"{ticket.what}\n{key}", is_public=False, now=now)
    outcome = MADE if is_new else KEPT if is_touched else UPDATED
    said = {"source": by.source, "key": key, "entries": added, "outcome": outcome}
    trail.record(ticket, "import", actor=actor, now=now, after=said)
    return ticket, outcome


def _columns(history: Sequence[Record], have: Known, now: datetime) -> dict[str, Any]:
    """The ticket as the last record leaves it."""
    first, last = history[0].values, history[-1].values
    state, _colon, waiting_for = str(last["state"]).partition(":")
    what, created_at = str(last.get("what") or last.get("title") or ""), min(record.values["created_at"] for record in history)
    title = legible.line(str(last.get("title") or ""))[:200] or legible.line(what)[:80] or _("Without words")
    service, requester = _service(last.get("service"), have), _person(last["requester"], last.get("requester_email", ""), have, created_at)
    is_open = state in (TicketState.NEW, TicketState.OPEN, TicketState.WAITING)
    solved_at = None if is_open else last.get("solved_at") or last.get("closed_at") or last.get("updated_at") or created_at
    team = _team(last.get("team"), have) or (service.team if service else None) or Team.objects.filter(slug=levels.SERVICE_DESK).first()
    rank = last.get("severity")
    reasons = [
        {"rank": rank, "at": created_at.isoformat(), "by": "import", "text": _("So it was rated at %(source)s.") % {"source": have.source}}
    ]
    return {
        "title": title, "what": what, "state": state, "waiting_for": waiting_for, "severity": rank,
        "severity_reasons": reasons if rank else [], "requester": requester, "assignee": _assignee(last, have, is_open=is_open),
        "team": team, "service": service, "category": str(last.get("category", ""))[:60], "tags": last.get("tags", []),
        "signature": list(signature(f"{title}\n{what}")), "created_at": created_at, "updated_at": last.get("updated_at") or created_at,
        "first_answered_at": _taken_up(history, solved_at), "solved_at": solved_at,
        "closed_at": (last.get("closed_at") or solved_at) if state == TicketState.CLOSED else None,
        "reopened_at": None, "service_guess": "", "impacted": first.get("impacted", ""),
    }  # fmt: skip


def _taken_up(history: Sequence[Record], solved_at: datetime | None) -> datetime | None:
    """When it first was no longer new: the nearest thing to a first answer that another desk's rows tell."""
    later = (one.values.get("updated_at") for one in history if one.values["state"] != TicketState.NEW)
    return next((at for at in later if at), solved_at)


# Its history


def _entries(ticket: Ticket, history: Sequence[Record], by: Map, have: Known) -> list[Entry]:
    """Every entry the records tell of, oldest first, marked as brought in."""
    came = _("Brought in from %(source)s as %(key)s.") % {"source": by.source, "key": ticket.external_ref}
    made = [_entry(ticket, Entry.Kind.EVENT, came, history[0].values["created_at"], verb="file", after={})]
    before: dict[str, Any] = {"state": str(TicketState.NEW), "severity": history[0].values.get("severity")}
    if before["severity"]:
        made.append(_rated(ticket, before["severity"], history[0].values["created_at"]))
    for record in history:
        made += _changes(ticket, record, before, have, solved_at=ticket.solved_at)
    for said in (one for record in history[-1:] for one in record.comments):
        made.append(_comment(ticket, said, have))
    return sorted(made, key=lambda entry: entry.at)


def _changes(ticket: Ticket, record: Record, before: dict[str, Any], have: Known, *, solved_at: datetime | None) -> list[Entry]:
    """What this row changes against the row before."""
    values, made = record.values, []
    at = values.get("updated_at") or solved_at or values["created_at"]
    author = _person(values["author"], "", have, values["created_at"]) if values.get("author") else None
    if values.get("severity") and values["severity"] != before["severity"]:
        before["severity"] = values["severity"]
        made.append(_rated(ticket, values["severity"], at, author))
    for name, word in (("team", _("Team: %(value)s.")), ("assignee", _("Assigned to %(value)s."))):
        if values.get(name) and values[name] != before.get(name):
            before[name] = values[name]
            made.append(
                _entry(ticket, Entry.Kind.EVENT, word % {"value": values[name]}, at, author, verb="elsewhere", after={name: values[name]})
            )
    if values["state"] != before["state"]:
        made += _moves(ticket, before["state"], values, at, author)
        before["state"] = values["state"]
    return made


def _moves(ticket: Ticket, was: str, values: dict[str, Any], at: datetime, author: User | None) -> list[Entry]:
    """From one state to another; what was closed was solved before. Of a single row, the desk's own moments of solving and closing."""
    to = values["state"]
    is_over = to in ("solved", "closed")
    solved_at, closed_at = values.get("solved_at"), values.get("closed_at")
    steps = [("solved", min(solved_at or at, at))] if to == "closed" and was not in ("solved", "closed") else []
    steps.append((to, at if not is_over else min((closed_at if to == "closed" else solved_at) or at, at)))
    made = []
    for state, moment in steps:
        made.append(_move(ticket, was, state, moment, author))
        was = state
    return made


def _move(ticket: Ticket, was: str, to: str, at: datetime, author: User | None) -> Entry:
    state, _colon, waiting_for = to.partition(":")
    label = Ticket.Waiting(waiting_for).label if waiting_for else TicketState(state).label
    after = {"state": state, **({"waiting_for": waiting_for} if waiting_for else {})}
    public = Entry.Audience.PUBLIC if state == TicketState.SOLVED else Entry.Audience.STAFF
    return _entry(
        ticket,
        Entry.Kind.EVENT,
        f"{label}.",
        at,
        author,
        audience=public,
        verb="move",
        before={"state": was.partition(":")[0]},
        after=after,
    )


def _rated(ticket: Ticket, rank: int, at: datetime, author: User | None = None) -> Entry:
    return _entry(ticket, Entry.Kind.EVENT, str(Severity(rank).label), at, author, verb="set_severity", after={"severity": rank})


def _comment(ticket: Ticket, said: dict[str, Any], have: Known) -> Entry:
    author = _person(said["author"], "", have, said["at"]) if said["author"] else None
    kind, audience = (Entry.Kind.NOTE, Entry.Audience.STAFF) if said["internal"] else (Entry.Kind.REPLY, Entry.Audience.PUBLIC)
    return Entry(ticket=ticket, kind=kind, audience=audience, author=author, text=said["text"], at=said["at"], data={"import": True})


def _entry(
    ticket: Ticket, kind: str, text: str, at: datetime, author: User | None = None, *, audience: str = Entry.Audience.STAFF, verb: str,
    after: dict[str, Any], before: dict[str, Any] | None = None,
) -> Entry:  # fmt: skip
    data = {"verb": verb, "before": before or {}, "after": after, "because": "", "import": True}
    return Entry(ticket=ticket, kind=kind, audience=audience, author=author, text=text, at=at, data=data)


def _add(ticket: Ticket, entries: list[Entry], now: datetime) -> int:
    """Those it does not have yet."""
    have = set(ticket.entries.filter(data__has_key="import").values_list("at", "kind", "text"))
    fresh = [entry for entry in entries if (entry.at, entry.kind, entry.text) not in have]
    Entry.objects.bulk_create(fresh)
    said = [(entry.pk, "", entry.text) for entry in fresh if entry.kind != Entry.Kind.EVENT]
    index.add_missing("entry", said, now=now)
    return len(fresh)


# Who and what


def _person(name: str, email: str, have: Known, at: datetime) -> User:
    """Whoever has that address or, once only, that name; else somebody new without a password. Without an address they are not active."""
    name, email = legible.line(name), legible.composed(email).lower()  # as they are kept
    mark = f"{name}\n{email}"
    if mark not in have.people:
        have.people[mark] = _found(name, email, have) or _made(name, email, have, at)
    return have.people[mark]


def _found(name: str, email: str, have: Known) -> User | None:
    if email and (one := User.objects.filter(email=email).first()):
        return one
    made = User.objects.filter(username=_username(name, have)).first()
    same = list(User.objects.filter(name=name)[:2])
    return made or (same[0] if len(same) == 1 else None)


def _made(name: str, email: str, have: Known, at: datetime) -> User:
    address = email if re.fullmatch(r"[^\s@]+@[^\s@]+", email) else ""
    fields: dict[str, Any] = {"name": name[:120] or address, "kind": User.Kind.EXTERNAL, "is_active": bool(address)}
    try:
        with transaction.atomic():
            return User.objects.create_user(_username(name or address, have), created_at=at, email=address or None, **fields)
    except IntegrityError:
        found = _found(name, email, have)
        assert found is not None, "the name is taken, so somebody has it"
        return found


def _username(name: str, have: Known) -> str:
    return f"{have.source}-{SLUG.sub('-', name.lower()).strip('-') or 'unknown'}"[:150]


def _assignee(values: dict[str, Any], have: Known, *, is_open: bool) -> User | None:
    """Who had it. An open ticket goes only to somebody who works here, or nobody would see it."""
    if not values.get("assignee"):
        return None
    person = _person(values["assignee"], values.get("assignee_email", ""), have, values["created_at"])
    return person if not is_open or person.is_agent or person.is_manager else None


def _service(name: str | None, have: Known) -> Service | None:
    if not name:
        return None
    if name not in have.services:
        slug = SLUG.sub("-", name.lower()).strip("-")[:50]
        found = Service.objects.filter(name__iexact=name).first() or Service.objects.filter(slug=slug).first()
        is_made = found is None and have.makes_services and slug
        have.services[name] = Service.objects.create(slug=slug, name=name[:80], tier=3) if is_made else found
    return have.services[name]


def _team(name: str | None, have: Known) -> Team | None:
    if not name:
        return None
    if name not in have.teams:
        have.teams[name] = Team.objects.filter(name__iexact=name).first()
    return have.teams[name]
