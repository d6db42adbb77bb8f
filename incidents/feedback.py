"""One question after the help: how it was. Said once, taken back by who said it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents import journal
from incidents.models import Article, ArticleVote, Satisfaction, Ticket
from incidents.states import IllegalMove, TicketState
from servicedesk.directory import tongues
from servicedesk.directory.models import User

ASKED = (TicketState.SOLVED, TicketState.CLOSED)


@tongues.deed
def rate_help(ticket: Ticket, answer: str, *, person: User, now: datetime) -> Satisfaction:
    """How it was, of a ticket that is solved (else IllegalMove). Said already: unchanged."""
    row = Ticket.objects.locked(ticket.pk)
    said = Satisfaction.objects.filter(ticket=row).first()
    if said is not None:
        return said
    if row.state not in ASKED:
        raise IllegalMove(row.number, row.state, "satisfaction")
    made = Satisfaction.objects.create(ticket=row, person=person, answer=Satisfaction.Answer(answer), at=now)
    words = {"name": person, "answer": made.get_answer_display()}
    journal.ticket_event(
        row, _("%(name)s on the help: %(answer)s.") % words, actor=person, now=now, verb="satisfaction", after={"answer": answer}
    )
    return made


@tongues.deed
def take_back(ticket: Ticket, *, person: User, now: datetime) -> None:
    """As if it had not been said; the history keeps that it was. Nothing said: nothing happens."""
    row = Ticket.objects.locked(ticket.pk)
    said = Satisfaction.objects.filter(ticket=row, person=person).first()
    if said is not None:
        said.delete()
        words = _("%(name)s took back the word on the help.") % {"name": person}
        journal.ticket_event(row, words, actor=person, now=now, verb="satisfaction", before={"answer": said.answer})


@tongues.deed
def vote(article: Article, *, person: User, helped: bool, now: datetime) -> ArticleVote:
    """Whether the article helped this reader; a later word replaces an earlier one."""
    told = {"helped": helped, "version": article.version, "at": now}
    row, _made = ArticleVote.objects.update_or_create(article=article, person=person, defaults=told)
    return row
