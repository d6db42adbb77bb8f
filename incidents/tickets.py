"""The deeds of tickets. Each locks the row, changes it, writes the event and the audit row, and returns it.

A harmless repeat returns the row unchanged; what the table of moves forbids raises IllegalMove. Where a deed changes what
rules look at, it sets `evaluate_at`; the engine evaluates (see automation for creation and a requester's answer).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from incidents import conversation, fields, guess, hooks, journal, legible, letters_requester, levels, moves, targets, wording
from incidents.likeness import signature
from incidents.models import Entry, Ticket
from incidents.states import Effect, Impacted, TicketState
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import Service, Team, User
from servicedesk.search import index

LONGEST_TITLE = 80
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
PAGING = (1, 2)
AGAIN = timedelta(minutes=10)  # so soon, the same words are the same report
FARTHEST = timedelta(days=731)  # that something is planned ahead
FLOOD, FLOOD_IN = 20, timedelta(minutes=10)  # as mails are held
ANY: Any = object()  # "as it is": None means nobody, or no team


class ReasonNeeded(ValueError):
    """Lowering a SEV1 or SEV2 needs a reason."""


class DayNeeded(ValueError):
    """What is planned needs the day on which it is open again: after today, and at most two years ahead."""


class NotStaff(ValueError):
    """Only agents and managers can have a ticket."""


# Filing


@tongues.deed
def file(
    *,
    requester: User,
    what: str,
    now: datetime,
    title: str = "",
    impacted: str = "",
    impacted_count: int | None = None,
    impacted_group: str = "",
    effect: str = "",
    loss: bool = False,
    service: Service | None = None,
    reported_by: User | None = None,
    origin: str = Ticket.Origin.PORTAL,
    kind: str = Ticket.Kind.REPORT,
    category: str = "",
    tags: Iterable[str] = (),
    external_ref: str = "",
    follows: Ticket | None = None,
    out_of: Ticket | None = None,
    idempotency_key: str | None = None,
) -> Ticket:
    """A new ticket without its rules' say: automation.file_ticket asks them and sends the receipt; imports come here alone.

    The same `idempotency_key` again gives the ticket that has it (its key must therefore name the person).
    """
    what, tags = legible.composed(what), legible.lines(tags)
    said = f"{title}\n{what}"
    secret = out_of if out_of and out_of.is_confidential else None  # its words are read by those alone who read it
    chosen, word = (service, "") if service else _guessed(said)
    title = legible.line(title) or title_of(what) or _("Without words")
    ticket = Ticket(
        requester=requester, reported_by=reported_by if reported_by != requester else None, origin=origin, follows=follows,
        title=title, what=what.strip(), impacted=impacted, impacted_count=impacted_count,
        impacted_group=impacted_group, effect=effect, is_loss=loss, is_confidential=loss or secret is not None, category=category,
        kind=Ticket.Kind.REQUEST if effect == Effect.QUESTION and not loss else kind, service=chosen, service_guess=word,
        team=secret.team if secret else _team_of(chosen), signature=list(signature(said)), external_ref=external_ref,
        tags=tags, idempotency_key=idempotency_key, created_at=now, updated_at=now,
    )  # fmt: skip
    ticket.service_level_id = levels.chosen_for(ticket).id
    return _saved_once(ticket) or _first_line(ticket, now)


def title_of(what: str) -> str:
    """The first sentence, at most 80 characters, cut between words."""
    first = legible.line(next(filter(legible.shows, SENTENCE.split(what.strip())), "")).rstrip(".")
    if len(first) <= LONGEST_TITLE:
        return first
    cut = first[:LONGEST_TITLE]
    kept = cut.rsplit(" ", 1)[0] if " " in cut[LONGEST_TITLE // 2 :] else cut[:-1]
    return kept.rstrip(" ,;:") + "\u2026"


def is_flood(person: User, *, key: str | None, now: datetime) -> bool:
    """Whether they filed twenty reports in ten minutes. A form that was sent already (`key`) is none."""
    if key is not None and Ticket.objects.filter(idempotency_key=key).exists():
        return False
    own = (Ticket.Origin.PORTAL, Ticket.Origin.API)
    theirs = Ticket.objects.filter(Q(requester=person, reported_by=None) | Q(reported_by=person), origin__in=own)
    return theirs.filter(created_at__gt=now - FLOOD_IN).count() >= FLOOD


def known_services() -> tuple[guess.Known, ...]:
    """Every service in use, with its name among the words that mean it."""
    rows = Service.objects.filter(is_active=True).order_by("pk").values_list("pk", "name", "words")
    return tuple(guess.Known(pk, (name, *words)) for pk, name, words in rows)


def _guessed(text: str) -> tuple[Service | None, str]:
    found = guess.guess(text, known_services())
    return (Service.objects.select_related("team").get(pk=found.key), found.word[:60]) if found else (None, "")


def _team_of(service: Service | None) -> Team | None:
    return (service.team if service else None) or Team.objects.filter(slug=levels.SERVICE_DESK).first()


def _saved_once(ticket: Ticket) -> Ticket | None:
    """None where the row is new, else the one that has its key already. Two presses of Send may come at once."""
    key = ticket.idempotency_key
    if key is None:
        ticket.save(force_insert=True)
        return None
    earlier = Ticket.objects.filter(idempotency_key=key).first() or _sent_twice(ticket)
    if earlier is not None:
        return earlier
    try:
        with transaction.atomic():
            ticket.save(force_insert=True)
    except IntegrityError:
        return Ticket.objects.get(idempotency_key=key)
    return None


def _sent_twice(ticket: Ticket) -> Ticket | None:
    """The open ticket of the same words: a browser that goes back and sends again brings a form with another key."""
    said = ("requester", "reported_by", "what", "impacted", "impacted_count", "impacted_group", "effect", "is_loss", "service")
    same = Ticket.objects.open().filter(created_at__gt=ticket.created_at - AGAIN, **{name: getattr(ticket, name) for name in said})
    return same.exclude(idempotency_key=None).order_by("pk").first()


def _first_line(ticket: Ticket, now: datetime) -> Ticket:
    """The event of its coming; the team and the guess are decisions that show their reason."""
    said = _("Received %(way)s.") % {"way": ticket.get_origin_display()}
    because = ""
    if ticket.service_guess:
        because = _("Service %(service)s, guessed from “%(word)s”.") % {"service": ticket.service, "word": ticket.service_guess}
    after = {"service": ticket.service.slug if ticket.service else None, "team": ticket.team.slug if ticket.team else None}
    actor = ticket.reported_by or ticket.requester
    journal.ticket_event(ticket, said, actor=actor, now=now, verb="file", after={**after, "kind": ticket.kind}, because=because)
    if not ticket.is_confidential:
        index.add(kind="ticket", object_id=ticket.pk, title=ticket.title, body=ticket.what, now=now)
    targets.project(ticket, now=now)
    _change(ticket, {"unrated_due_at": targets.unrated_due(ticket)})
    return ticket


# What it is about


@tongues.deed
def rate(
    ticket: Ticket,
    *,
    actor: User,
    now: datetime,
    impacted: str,
    effect: str,
    impacted_count: int | None = None,
    impacted_group: str = "",
    loss: bool = False,
) -> Ticket:
    """The answers to the questions, given or corrected. New facts: an earlier word on the severity no longer binds the rules."""
    row = Ticket.objects.locked(ticket.pk)
    answers = {"impacted": impacted, "impacted_count": impacted_count, "impacted_group": impacted_group, "effect": effect, "is_loss": loss}
    before = {name: getattr(row, name) for name in answers}
    if before == answers:
        return row
    was, kind = row.kind, Ticket.Kind.REQUEST if effect == Effect.QUESTION and not loss else Ticket.Kind.REPORT
    _change(row, {**answers, "kind": kind, "severity_by": None, "is_confidential": row.is_confidential or loss, "evaluate_at": now})
    if row.is_confidential:
        index.remove(kind="ticket", object_id=row.pk)
        index.remove(kind="entry", object_id=list(row.entries.values_list("pk", flat=True)))
    said = _("%(impacted)s; %(effect)s.") % {"impacted": Impacted(impacted).label, "effect": Effect(effect).label}
    journal.ticket_event(row, said, actor=actor, now=now, verb="rate", before=before, after=answers)
    targets.project(row, now=now)
    if kind != was:
        targets.follow(row, now=now)
    return row


@tongues.deed
def set_severity(ticket: Ticket, *, rank: int, actor: User, now: datetime, reason: str = "") -> Ticket:
    """A person's word, which stands until the answers change. Raises ReasonNeeded where it lowers a SEV1 or SEV2."""
    row = Ticket.objects.locked(ticket.pk)
    if row.severity == rank and row.severity_by_id is not None:
        return row
    if row.severity in PAGING and rank > row.severity and not reason.strip():
        raise ReasonNeeded
    text = wording.why_overridden(str(actor), rank, zones.local(now, None), reason.strip())
    rerate(row, rank, {"by": "person", "text": text, "reason": reason.strip()}, actor=actor, now=now)
    return row


@tongues.deed
def put_back_severity(ticket: Ticket, *, rank: int | None, by: User | None, actor: User, now: datetime) -> Ticket:
    """What it was before a change that is undone: the rank (or none), and whose word it was."""
    row = Ticket.objects.locked(ticket.pk)
    text = _("%(name)s undid a change: %(rank)s again.") % {"name": actor, "rank": f"SEV{rank}" if rank else _("not rated")}
    rerate(row, rank, {"by": "undo", "text": text}, actor=actor, now=now, word_of=by)
    return row


def rerate(ticket: Ticket, rank: int | None, why: dict[str, Any], *, actor: User | None, now: datetime, word_of: User | None = ANY) -> None:
    """Set the rank with its reason: `why` holds by (rule | raise | person), text, and for a rule its key and version."""
    before, word_of = ticket.severity, actor if word_of is ANY else word_of
    reasons = [*ticket.severity_reasons, {"rank": rank, "at": now.isoformat(), **why}]
    _change(ticket, {"severity": rank, "severity_by": word_of, "severity_reasons": reasons, "evaluate_at": now})
    ranks: dict[str, Any] = {"before": {"severity": before}, "after": {"severity": rank}}
    journal.ticket_event(ticket, why["text"], actor=actor, now=now, verb="set_severity", because=why.get("reason", ""), **ranks)
    targets.project(ticket, now=now)
    if ticket.created_at != now:  # else its coming tells it
        hooks.of_ticket(ticket, hooks.Happening.TICKET_SEVERITY, now=now)


@tongues.deed
def set_service(ticket: Ticket, service: Service | None, *, actor: User, now: datetime, reason: str = "") -> Ticket:
    """The service by a person's word. A ticket nobody has goes to that service's team; a confidential one stays with those who read it."""
    row = Ticket.objects.locked(ticket.pk)
    if row.service_id == (service.pk if service else None) and not row.service_guess:
        return row
    before = row.service.slug if row.service else None
    _change(row, {"service": service, "service_guess": "", "evaluate_at": now})
    said = _("Service: %(service)s.") % {"service": service or _("none")}
    told: dict[str, Any] = {"before": {"service": before}, "after": {"service": service.slug if service else None}}
    journal.ticket_event(row, said, actor=actor, now=now, verb="set_service", because=reason.strip(), **told)
    targets.follow(row, now=now)
    return row if row.assignee_id or row.is_confidential else set_team(row, _team_of(service), actor=actor, now=now)


@tongues.deed
def set_team(ticket: Ticket, team: Team | None, *, actor: User | None, now: datetime, because: str = "") -> Ticket:
    row = Ticket.objects.locked(ticket.pk)
    if row.team_id == (team.pk if team else None):
        return row
    before = {"team": row.team.slug if row.team else None}
    _change(row, {"team": team, "evaluate_at": now})
    said, after = _("Team: %(team)s.") % {"team": team or _("none")}, {"team": team.slug if team else None}
    journal.ticket_event(row, said, actor=actor, now=now, verb="set_team", before=before, after=after, because=because)
    targets.follow(row, now=now)
    return row


@tongues.deed
def add_tag(ticket: Ticket, tag: str, *, actor: User | None, now: datetime, because: str = "") -> Ticket:
    row, tag = Ticket.objects.locked(ticket.pk), legible.line(tag)
    if not tag or tag in row.tags:
        return row
    before = {"tags": row.tags}
    _change(row, {"tags": [*row.tags, tag], "evaluate_at": now})
    said = _("Tag: %(tag)s.") % {"tag": tag}
    journal.ticket_event(row, said, actor=actor, now=now, verb="add_tag", before=before, after={"tags": row.tags}, because=because)
    return row


@tongues.deed
def set_tags(ticket: Ticket, tags: Iterable[str], *, actor: User, now: datetime) -> Ticket:
    """Exactly these tags, each once."""
    row = Ticket.objects.locked(ticket.pk)
    wanted = legible.lines(tags)
    if row.tags == wanted:
        return row
    before = {"tags": row.tags}
    _change(row, {"tags": wanted, "evaluate_at": now})
    said = _("Tags: %(tags)s.") % {"tags": ", ".join(wanted) or _("none")}
    journal.ticket_event(row, said, actor=actor, now=now, verb="set_tags", before=before, after={"tags": wanted})
    return row


# Who has it, and how far it is


@tongues.deed
def assign(ticket: Ticket, *, to: User | None, actor: User, now: datetime, team: Team | None = ANY) -> Ticket:
    """Give it to a person of the desk, or to nobody; and, where given, to a team. Raises NotStaff."""
    row = Ticket.objects.locked(ticket.pk)
    if to is not None and not (to.is_agent or to.is_manager):
        raise NotStaff
    if team is not ANY:
        row = set_team(row, team, actor=actor, now=now)
    if row.assignee_id == (to.pk if to else None):
        return row
    before = {"assignee": row.assignee.username if row.assignee else None}
    _change(row, {"assignee": to})
    said = _("Assigned to %(name)s.") % {"name": to} if to else _("Assigned to nobody.")
    journal.ticket_event(row, said, actor=actor, now=now, verb="assign", before=before, after={"assignee": to.username if to else None})
    return row


@tongues.deed
def take_up(ticket: Ticket, *, actor: User, now: datetime) -> Ticket:
    """Work on it: open, and the actor's where it was nobody's."""
    row = Ticket.objects.locked(ticket.pk)
    if row.assignee_id is None:
        row = assign(row, to=actor, actor=actor, now=now)
    if row.state == TicketState.OPEN:
        return row
    row = moves.move_ticket(row, TicketState.OPEN, now=now, actor=actor, text=_("Being worked on."), **conversation.opening(row, now))
    targets.project(row, now=now)
    return row


@tongues.deed
def wait(ticket: Ticket, waiting_for: str, *, actor: User, now: datetime, reason: str = "", until: date | None = None) -> Ticket:
    """Waiting for the requester, a vendor, an approval or a planned day (Ticket.Waiting).

    What is planned is open again when the requester's desk opens on the day `until`. Raises DayNeeded.
    """
    row = Ticket.objects.locked(ticket.pk)
    planned_until = _planned(row, until, now) if waiting_for == Ticket.Waiting.PLANNED else None
    if row.state == TicketState.WAITING and row.waiting_for == waiting_for and row.planned_until == planned_until:
        return row
    said = str(Ticket.Waiting(waiting_for).label) + "."
    if planned_until is not None:
        when = moments.stamp(zones.local(planned_until, None), zones.local(now, None))
        said = _("Planned until %(when)s.") % {"when": when}
    if row.state == TicketState.WAITING:
        before, after = {"waiting_for": row.waiting_for}, {"waiting_for": waiting_for}
        _change(row, {**after, "planned_until": planned_until})
        journal.ticket_event(row, said, actor=actor, now=now, verb="wait", before=before, after=after, because=reason)
    else:
        columns: dict[str, Any] = {"waiting_for": waiting_for, "planned_until": planned_until, "evaluate_at": now}
        moves.move_ticket(row, TicketState.WAITING, now=now, actor=actor, text=said, because=reason, **columns)
    targets.project(row, now=now)
    return row


def _planned(ticket: Ticket, day: date | None, now: datetime) -> datetime:
    today = targets.day_of(ticket, now)
    if day is None or not today < day <= today + FARTHEST:
        raise DayNeeded
    return targets.morning_of(ticket, day)


@tongues.deed
def solve(ticket: Ticket, *, actor: User | None, now: datetime, text: str = "", because: str = "") -> Ticket:
    """Solved. `text` is said to the requester; where the requester solved it, nothing is mailed back."""
    row = Ticket.objects.locked(ticket.pk)
    if row.state == TicketState.SOLVED:
        return row
    by_requester = actor is not None and actor.pk in row.asker_ids
    if actor is not None and not by_requester:
        fields.refuse_unanswered(row)
    said = _("%(name)s says that it works again.") % {"name": actor} if by_requester else _("Solved.")
    answered_at = row.first_answered_at or (None if by_requester else now)
    moves.move_ticket(
        row, TicketState.SOLVED, now=now, actor=actor, text=said, because=because, audience=Entry.Audience.PUBLIC,
        waiting_for="", solved_at=now, first_answered_at=answered_at, evaluate_at=None,
    )  # fmt: skip
    targets.project(row, now=now)
    if not by_requester:
        entry = conversation.say(row, Entry.Kind.REPLY, Entry.Audience.PUBLIC, actor, text, now) if text else None
        letters_requester.send_solved(row, entry, now=now, is_automatic=actor is None)
    return row


@tongues.deed
def answer(ticket: Ticket, *, author: User, now: datetime, is_solving: bool = False, **said: Any) -> Entry:
    """What staff write to the requester (conversation.reply), and where asked the ticket solved with it: both or neither."""
    entry = conversation.reply(ticket, author=author, now=now, **said)
    if is_solving:
        solve(ticket, actor=author, now=now)
    return entry


@tongues.deed
def reopen(ticket: Ticket, *, actor: User | None, now: datetime, reason: str = "") -> Ticket:
    """A solved ticket, open again."""
    row = Ticket.objects.locked(ticket.pk)
    if row.state == TicketState.OPEN:
        return row
    moves.move_ticket(row, TicketState.OPEN, now=now, actor=actor, text=_("Reopened."), because=reason, **conversation.opening(row, now))
    targets.project(row, now=now)
    return row


def _change(ticket: Ticket, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(ticket, name, value)
    ticket.save(update_fields=list(columns))
