"""One deed on several tickets, a word on each, and one undo.

Every ticket stands in a savepoint of its own: one that refuses is skipped with its reason, the others go on. What can be
undone is put back only where nobody changed it since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from incidents import buttons, conversation, fields, incidents, merging, targets, tickets
from incidents.incidents import Grounds
from incidents.models import Batch, Incident, SavedView, Ticket
from incidents.states import IllegalMove, TicketState
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Service, Team, User

MOST = 200
MASS = 20  # so many people are not written to without being asked once more
SEVERITIES = (1, 2, 3, 4)


class TooLate(Exception):
    """Undone already, or more than a minute ago, or somebody else's."""


class NameTaken(Exception):
    """They keep a view of this name already."""


class Refused(ValueError):
    """This ticket cannot have that; the message says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to do: the name of a deed and what it takes."""

    deed: str
    value: Any = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """`do` changes one ticket; `read` tells of a ticket what `put_back` needs. Without `put_back` it cannot be undone.

    `is_of_one` stands on a ticket's own page alone.
    """

    said: str | Promise
    do: Callable[[Ticket, Order, User, datetime], Any]
    read: Callable[[Ticket], Any] | None = None
    put_back: Callable[[Ticket, Any, User, datetime], Any] | None = None
    is_mail: bool = False
    is_of_one: bool = False


@tongues.deed
def apply(order: Order, rows: Iterable[Ticket], *, actor: User, now: datetime) -> Batch:
    """Do it to each, lowest number first. The batch says how each went."""
    deed = DEEDS[order.deed]
    changed: list[list[Any]] = []
    skipped: list[list[Any]] = []
    for ticket in _held(rows, beside=order.value):
        try:
            changed.append([ticket.pk, *_done(deed, ticket, order, actor, now)])
        except (IllegalMove, tickets.ReasonNeeded, tickets.NotStaff, tickets.DayNeeded, merging.CannotJoin, Refused) as error:
            skipped.append([ticket.pk, _why(error, ticket)])
    moved = [line for line in changed if line[1] != line[2] or deed.put_back is None]
    batch = Batch.objects.create(
        actor=actor, deed=order.deed, said=_summary(deed, order, len(changed), len(skipped)), changed=moved, skipped=skipped, at=now
    )
    trail.record(batch, order.deed, actor=actor, now=now, after={"tickets": [line[0] for line in changed]})
    return batch


@tongues.deed
def on_one(order: Order, ticket: Ticket, *, actor: User, now: datetime) -> Batch:
    """The same on one ticket from its own page. What refuses is raised as it is: IllegalMove, ReasonNeeded, NotStaff, Refused."""
    deed = DEEDS[order.deed]
    was, became = _done(deed, _held([ticket])[0], order, actor, now)
    changed = [[ticket.pk, was, became]] if was != became else []
    return Batch.objects.create(actor=actor, deed=order.deed, said=_summary(deed, order, 1, 0), changed=changed, at=now)


@tongues.deed
def undo(batch: Batch, *, actor: User, now: datetime) -> Batch:
    """Put back what nobody changed since; the new batch names those left alone. Raises TooLate."""
    row = Batch.objects.select_for_update().get(pk=batch.pk)
    deed = DEEDS[row.deed]
    if row.actor_id != actor.pk or deed.put_back is None or not row.may_be_undone(now):
        raise TooLate
    row.undone_at = now
    row.save(update_fields=["undone_at"])
    changed: list[list[Any]] = []
    skipped: list[list[Any]] = []
    _held(Ticket.objects.filter(pk__in=[line[0] for line in row.changed]))
    for number, was, became in row.changed:
        ticket = Ticket.objects.select_related("assignee", "team", "service", "incident").get(pk=number)
        if deed.read is None or deed.read(ticket) != became:
            skipped.append([number, _("changed since, left as it is")])
            continue
        deed.put_back(ticket, was, actor, now)
        changed.append([number, became, was])
    said = ngettext("Undone on %(n)d ticket", "Undone on %(n)d tickets", len(changed)) % {"n": len(changed)}
    trail.record(row, "undo", actor=actor, now=now, after={"tickets": [line[0] for line in changed]})
    return Batch.objects.create(
        actor=actor, deed=row.deed, said=_with_skipped(said, len(skipped)), changed=changed, skipped=skipped, at=now, undone_at=now
    )


def may_undo(batch: Batch, *, actor: User, now: datetime) -> bool:
    return batch.actor_id == actor.pk and DEEDS[batch.deed].put_back is not None and batch.may_be_undone(now)


def is_mass_mail(order: Order, rows: Iterable[Ticket]) -> bool:
    return DEEDS[order.deed].is_mail and len(list(rows)) > MASS


def _held(rows: Iterable[Ticket], *, beside: Any = None) -> list[Ticket]:
    """All of them locked before anything else is, in the order of their numbers; with a ticket `beside` them, which is not told."""
    asked = [row.pk for row in rows][:MOST]
    locked = Ticket.objects.select_for_update().filter(pk__in=[*asked, *([beside.pk] if isinstance(beside, Ticket) else [])])
    return [row for row in locked.order_by("pk") if row.pk in asked]


def _done(deed: Deed, ticket: Ticket, order: Order, actor: User, now: datetime) -> tuple[Any, Any]:
    """What was and what is."""
    was = deed.read(ticket) if deed.read else None
    with transaction.atomic():
        deed.do(ticket, order, actor, now)
    ticket = Ticket.objects.select_related("assignee", "team", "service", "incident").get(pk=ticket.pk)
    return was, deed.read(ticket) if deed.read else None


def _why(error: Exception, ticket: Ticket) -> str:
    if isinstance(error, tickets.ReasonNeeded):
        return _("say why: a SEV1 or SEV2 is lowered only with a reason")
    if isinstance(error, tickets.DayNeeded):
        return _("choose a day after today, at most two years ahead")
    if isinstance(error, tickets.NotStaff):
        return _("only agents and managers can have a ticket")
    if isinstance(error, IllegalMove) and not isinstance(error, fields.Unanswered):
        return _("not while it is %(state)s") % {"state": ticket.get_state_display().lower()}
    return str(error)


def _summary(deed: Deed, order: Order, done: int, skipped: int) -> str:
    count = ngettext("%(n)d ticket", "%(n)d tickets", done) % {"n": done}
    value = f"SEV{order.value}" if order.deed == "severity" else str(getattr(order.value, "number", order.value) or _("nobody"))
    return _with_skipped(str(deed.said) % {"tickets": count, "value": value}, skipped)


def _with_skipped(said: str, skipped: int) -> str:
    if not skipped:
        return said
    return f"{said}, " + ngettext("%(n)d skipped", "%(n)d skipped", skipped) % {"n": skipped}


# The deeds: do, read, put back


def _assign(ticket: Ticket, order: Order, actor: User, now: datetime) -> None:
    tickets.assign(ticket, to=order.value, actor=actor, now=now)


def _unassign(ticket: Ticket, was: str | None, actor: User, now: datetime) -> None:
    tickets.assign(ticket, to=User.objects.filter(username=was).first() if was else None, actor=actor, now=now)


def _hand_over(ticket: Ticket, order: Order, actor: User, now: datetime) -> None:
    """To a person or nobody, and to the team whose slug is the text, or to none."""
    tickets.assign(ticket, to=order.value, team=Team.objects.filter(slug=order.text).first(), actor=actor, now=now)


def _take_back(ticket: Ticket, was: list[Any], actor: User, now: datetime) -> None:
    person = User.objects.filter(username=was[0]).first() if was[0] else None
    tickets.assign(ticket, to=person, team=Team.objects.filter(slug=was[1]).first(), actor=actor, now=now)


def _rate(ticket: Ticket, order: Order, actor: User, now: datetime) -> None:
    tickets.set_severity(ticket, rank=order.value, reason=order.text, actor=actor, now=now)


def _unrate(ticket: Ticket, was: list[Any], actor: User, now: datetime) -> None:
    tickets.put_back_severity(ticket, rank=was[0], by=User.objects.filter(pk=was[1]).first(), actor=actor, now=now)


def _press(ticket: Ticket, order: Order, actor: User, now: datetime) -> None:
    if order.deed == "solve" and ticket.children.open().exists():
        raise Refused(_("tickets are part of it: solve it with them on its own page"))
    buttons.press(ticket, order.deed, actor=actor, now=now, until=order.value)


def _unpress(ticket: Ticket, was: list[Any], actor: User, now: datetime) -> None:
    """The state and the person it had; a new ticket that was taken up stays open, for it is no longer new."""
    until = targets.day_of(ticket, datetime.fromisoformat(was[3])) if was[3:] and was[3] else None
    _unstate(ticket, was[0], was[1], until, actor, now)
    _unassign(ticket, was[2], actor, now)


def _unstate(ticket: Ticket, state: str, waiting_for: str, until: date | None, actor: User, now: datetime) -> None:
    if state in (TicketState.SOLVED, TicketState.CLOSED):
        tickets.solve(ticket, actor=actor, now=now)
        return
    row = tickets.reopen(ticket, actor=actor, now=now) if ticket.state == TicketState.SOLVED else ticket
    if state == TicketState.WAITING:
        with suppress(tickets.DayNeeded):  # its day has come meanwhile, or it never had one
            tickets.wait(row, waiting_for, actor=actor, now=now, until=until)
    elif row.state == TicketState.WAITING:
        tickets.take_up(row, actor=actor, now=now)


def _tag(ticket: Ticket, order: Order, actor: User, now: datetime) -> None:
    tickets.add_tag(ticket, order.value, actor=actor, now=now)


def _team(ticket: Ticket, order: Order, actor: User, now: datetime) -> None:
    if ticket.is_confidential:
        raise Refused(_("it is confidential: its team is changed on its own page"))
    tickets.set_team(ticket, order.value, actor=actor, now=now)


def _service(ticket: Ticket, order: Order, actor: User, now: datetime) -> None:
    if ticket.is_confidential:
        raise Refused(_("it is confidential: its service is changed on its own page"))
    tickets.set_service(ticket, order.value, actor=actor, now=now)


def _link(ticket: Ticket, order: Order, actor: User, now: datetime) -> None:
    link(ticket, order.value, actor=actor, now=now)


def link(ticket: Ticket, incident: Incident, *, actor: User, now: datetime, reason: str = "") -> None:
    """Make it part of an open incident. Raises Refused."""
    if not incident.is_open:
        raise Refused(_("%(incident)s is over") % {"incident": incident.number})
    if ticket.is_confidential and not incident.is_confidential:
        raise Refused(_("it is confidential, and %(incident)s is not") % {"incident": incident.number})
    because = reason.strip() or _("%(name)s linked it.") % {"name": actor}
    incidents.link_ticket(incident, ticket, reason=because, actor=actor, now=now)


def _unlink(ticket: Ticket, was: int | None, actor: User, now: datetime) -> None:
    if was is not None:
        incidents.link_ticket(Incident.objects.get(pk=was), ticket, reason=_("Undone."), actor=actor, now=now)
    elif ticket.incident is not None:
        incidents.unlink_ticket(ticket.incident, ticket, actor=actor, now=now, reason=_("Undone."))


def _merge(ticket: Ticket, order: Order, actor: User, now: datetime) -> None:
    merging.merge(ticket, into=order.value, actor=actor, now=now)


def _unmerge(ticket: Ticket, was: int | None, actor: User, now: datetime) -> None:
    merging.unmerge(ticket, actor=actor, now=now)


def _reply(ticket: Ticket, order: Order, actor: User, now: datetime) -> None:
    conversation.reply(ticket, author=actor, text=order.text, now=now)


def _note(ticket: Ticket, order: Order, actor: User, now: datetime) -> None:
    conversation.note(ticket, author=actor, text=order.text, now=now)


def _of(name: str) -> Callable[[Ticket], Any]:
    """A column as JSON; of a person, team or service the word that stands for it."""
    words = {"assignee": "username", "team": "slug", "service": "slug"}

    def read(ticket: Ticket) -> Any:
        value = getattr(ticket, name)
        return getattr(value, words[name]) if value is not None and name in words else value

    return read


def _state(ticket: Ticket) -> list[Any]:
    until = ticket.planned_until if ticket.waiting_for == Ticket.Waiting.PLANNED else None
    return [ticket.state, ticket.waiting_for, _of("assignee")(ticket), until.isoformat() if until else None]


STATE: dict[str, Any] = {"do": _press, "read": _state, "put_back": _unpress}
DEEDS: dict[str, Deed] = {
    "assign": Deed(gettext_lazy("%(tickets)s assigned to %(value)s"), _assign, _of("assignee"), _unassign),
    "hand_over": Deed(
        gettext_lazy("%(tickets)s assigned to %(value)s"), _hand_over,
        lambda ticket: [_of("assignee")(ticket), _of("team")(ticket)], _take_back, is_of_one=True,
    ),
    "severity": Deed(
        gettext_lazy("%(tickets)s set to %(value)s"), _rate, lambda ticket: [ticket.severity, ticket.severity_by_id], _unrate
    ),
    "take_up": Deed(gettext_lazy("%(tickets)s being worked on"), **STATE),
    "wait:requester": Deed(gettext_lazy("%(tickets)s waiting for the requester"), **STATE),
    "wait:vendor": Deed(gettext_lazy("%(tickets)s waiting for a vendor"), **STATE),
    "wait:planned": Deed(gettext_lazy("%(tickets)s planned"), **STATE),
    "solve": Deed(gettext_lazy("%(tickets)s solved"), **STATE, is_mail=True),
    "reopen": Deed(gettext_lazy("%(tickets)s reopened"), **STATE),
    "tag": Deed(
        gettext_lazy("%(tickets)s tagged “%(value)s”"), _tag, lambda ticket: list(ticket.tags),
        lambda ticket, was, actor, now: tickets.set_tags(ticket, was, actor=actor, now=now),
    ),
    "team": Deed(
        gettext_lazy("%(tickets)s given to %(value)s"), _team, _of("team"),
        lambda ticket, was, actor, now: tickets.set_team(ticket, Team.objects.filter(slug=was).first(), actor=actor, now=now),
    ),
    "service": Deed(
        gettext_lazy("%(tickets)s put under %(value)s"), _service, _of("service"),
        lambda ticket, was, actor, now: tickets.set_service(ticket, Service.objects.filter(slug=was).first(), actor=actor, now=now),
    ),
    "link": Deed(gettext_lazy("%(tickets)s linked"), _link, lambda ticket: ticket.incident_id, _unlink),
    "merge": Deed(gettext_lazy("%(tickets)s merged into %(value)s"), _merge, lambda ticket: ticket.merged_into_id, _unmerge),
    "reply": Deed(gettext_lazy("Answer to %(tickets)s goes out in 10 s"), _reply, is_mail=True),
    "note": Deed(gettext_lazy("Note on %(tickets)s saved"), _note),
}  # fmt: skip
MOVES = frozenset(name for name, deed in DEEDS.items() if deed.do is _press)
OF_ONE = frozenset(name for name, deed in DEEDS.items() if deed.is_of_one)


# One for me, and one outage


@tongues.deed
def next_for(person: User, *, now: datetime) -> Ticket | None:
    """The ticket nobody has that is closest to its breach, now this person's. Two who press at once get two tickets."""
    free = Ticket.objects.visible_to(person).open().filter(assignee=None).exclude(state=TicketState.WAITING)
    mine_first = free.filter(team__in=person.team_ids).by_clock() if person.team_ids else free.by_clock()
    for rows in (mine_first, free.by_clock()):
        found = rows.select_for_update(skip_locked=True).first()
        if found is not None:
            return tickets.assign(found, to=person, actor=person, now=now)
    return None


@tongues.deed
def outage(rows: Iterable[Ticket], *, severity: int, actor: User, now: datetime) -> Incident | None:
    """All of these are one outage: an incident of them, and whoever is on call is paged."""
    found = sorted(_held(rows), key=lambda row: (row.created_at, row.pk))
    if not found:
        return None
    first = found[0]
    grounds = Grounds(
        title=first.title, reason=_("%(name)s says that it is one outage.") % {"name": actor}, severity=severity, since=first.created_at,
        service=next((row.service for row in found if row.service), None), team=first.team, what=first.what,
        people=len({row.requester_id for row in found}), is_confidential=any(row.is_confidential for row in found), tickets=tuple(found),
    )  # fmt: skip
    return incidents.declare(grounds, actor=actor, now=now).incident


def keep_view(*, owner: User, name: str, query: str, is_shared: bool, now: datetime) -> SavedView:
    """A queue's address under a name. Raises NameTaken."""
    try:
        with transaction.atomic():
            return SavedView.objects.create(owner=owner, name=name, query=query[:500], is_shared=is_shared, created_at=now)
    except IntegrityError as error:
        raise NameTaken from error
