"""Mails that wait for a person: taken to the ticket they name, made a ticket of their own, or turned away. Each can be decided once."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.levels import SERVICE_DESK
from incidents.mail import letter as letters
from incidents.mail import posting, taking
from incidents.mail.letter import Letter
from incidents.models import InboundMail, Ticket
from notifications import outbox
from notifications.models import Errand, Urgency
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Role, Team, User

State = InboundMail.State
MOST_TOLD = 100  # in one letter


class Decided(Exception):
    """Somebody decided already; `row` says who and what."""

    def __init__(self, row: InboundMail) -> None:
        super().__init__(row.pk)
        self.row = row


def read(row: InboundMail) -> Letter:
    """The mail, read again from what was kept."""
    return letters.read(posting.content(row)) if row.size <= posting.LARGEST else letters.read_head(posting.content(row))


@tongues.deed
def accept(row: InboundMail, *, actor: User, now: datetime) -> Ticket:
    """To the ticket it names, as a note with the sender's name: the requester does not read it. Raises Decided."""
    held = _open(row)
    if held.ticket is None:
        return make_ticket(row, actor=actor, now=now)
    person = taking.person_of(held, now=now) if held.sender else actor
    held.ticket, held.entry = taking.on_ticket(held, read(held), held.ticket, person=person, now=now)
    _decide(held, State.FILED, _("Taken to %(ticket)s.") % {"ticket": held.ticket.number}, actor, now)
    return held.ticket


@tongues.deed
def make_ticket(row: InboundMail, *, actor: User, now: datetime) -> Ticket:
    """A ticket of its own, without a receipt: a person will answer. Raises Decided."""
    held = _open(row)
    held.ticket = taking.decided_ticket(held, read(held), requester=taking.person_of(held, now=now) if held.sender else actor, now=now)
    held.incident = None
    _decide(held, State.FILED, _("New: %(ticket)s.") % {"ticket": held.ticket.number}, actor, now)
    return held.ticket


@tongues.deed
def reject(row: InboundMail, *, actor: User, now: datetime) -> InboundMail:
    """Turned away: nobody is answered, and the mail is kept. Raises Decided."""
    held = _open(row)
    _decide(held, State.REJECTED, _("Turned away."), actor, now)
    return held


def _open(row: InboundMail) -> InboundMail:
    held = InboundMail.objects.select_for_update(of=("self",)).select_related("ticket").get(pk=row.pk)
    if held.state not in (State.HELD, State.ASIDE):
        raise Decided(held)
    return held


def _decide(row: InboundMail, state: str, words: str, actor: User, now: datetime) -> None:
    row.decided_by, row.decided_at = actor, now
    trail.record(row, "decide", actor=actor, now=now, before={"why": row.why}, after={"state": state, "words": words})
    posting.settle(row, state, row.why, now=now, words=words)


# The engine's pass


@tongues.deed
def tell_due(*, now: datetime) -> int:
    """One letter to the service desk about all mails that have waited for four hours; each is told of once."""
    due = InboundMail.objects.held().filter(look_at__lte=now).order_by("pk")
    rows = list(due.select_for_update(skip_locked=True, of=("self",))[:MOST_TOLD])
    if rows:
        InboundMail.objects.filter(pk__in=[row.pk for row in rows]).update(look_at=None)
        team = Team.objects.filter(slug=SERVICE_DESK).first()
        for person in User.objects.get_queryset().holding(Role.AGENT, Role.MANAGER, team=team):
            _tell(person, len(rows), rows[0].pk, now)
    return len(rows)


def _tell(person: User, number: int, first: int, now: datetime) -> None:
    with tongues.reader(person):
        because = ngettext("%(n)d mail has waited for a person for 4 hours.", "%(n)d mails have waited for a person for 4 hours.", number)
        said = {"because": because % {"n": number}, "url": f"{settings.SITE_URL}/mail/held/"}
        letter = outbox.Letter(
            subject=_("Held mail waits"), text=render_to_string("email/held_mail.txt", said),
            html=render_to_string("email/held_mail.html", said), sms=_("Held mail waits: see the desk."), short=_("Held mail"),
        )  # fmt: skip
    outbox.queue(
        person, thread="MAIL", key=f"held-mail:{first}:{person.pk}", letter=letter, urgency=Urgency.NORMAL, kind=Errand.Kind.NOTICE,
        rank=4, because=said["because"][:240], on_duty=False, now=now,
    )  # fmt: skip
