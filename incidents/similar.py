"""Similar tickets for people: the database finds candidates by their telling words, likeness ranks them, and words say why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from incidents.finding import TICKET
from incidents.likeness import FAILS, likeness
from incidents.models import Entry, Problem, SimilarVote, Ticket
from incidents.models.tickets import TicketQuerySet
from servicedesk.directory import tongues
from servicedesk.directory.models import User
from servicedesk.search import index

MOST, CANDIDATES, ASKED = 5, 60, 6
SAME_SERVICE = 0.15
LEAST = 0.3


@dataclass(frozen=True, slots=True)
class Similar:
    """`score` from 0 to 1; `answer` the desk's last public word on it, to be copied."""

    ticket: Ticket
    score: float
    reasons: str
    answer: Entry | None = None


def of(ticket: Ticket, *, reader: User) -> list[Similar]:
    """The five most alike that this reader may see. Confidential ones are alike to nothing, and nothing is to them."""
    if ticket.is_confidential or not ticket.signature:
        return []
    asked = sorted((word for word in ticket.signature if word != FAILS), key=len, reverse=True)[:ASKED]
    hits = index.alike(asked, kinds=[TICKET], limit=CANDIDATES)
    rows = TicketQuerySet(Ticket).visible_to(reader).filter(is_confidential=False, pk__in=[hit.object_id for hit in hits])
    rows = rows.exclude(pk__in=[ticket.pk, *_refused(ticket)]).exclude(merged_into=ticket).select_related("service", "requester")
    ranked = sorted((_ranked(ticket, row) for row in rows), key=lambda one: (-one.score, -one.ticket.pk))
    best = [one for one in ranked if one.score >= LEAST][:MOST]
    answers = _answers([one.ticket.pk for one in best])
    return [Similar(one.ticket, one.score, one.reasons, answers.get(one.ticket.pk)) for one in best]


def _ranked(ticket: Ticket, other: Ticket) -> Similar:
    alike = likeness(ticket.signature, other.signature)
    is_same = ticket.service_id is not None and ticket.service_id == other.service_id
    words = [f"“{word}”" for word in alike.shared[:4]]
    reasons = ([_("same service")] if is_same else []) + words
    return Similar(other, min(1.0, alike.score + SAME_SERVICE * is_same) if alike.score else 0.0, ", ".join(reasons))


def _refused(ticket: Ticket) -> list[int]:
    """What somebody said is not similar."""
    votes = SimilarVote.objects.filter(Q(one=ticket) | Q(other=ticket), is_similar=False).values_list("one", "other")
    return [one if other == ticket.pk else other for one, other in votes]


def _answers(numbers: list[int]) -> dict[int, Entry]:
    said = Entry.objects.filter(ticket__in=numbers, kind=Entry.Kind.REPLY, audience=Entry.Audience.PUBLIC, withdrawn_at=None)
    return {entry.ticket_id: entry for entry in said.exclude(data__has_key="heard").exclude(author=None).order_by("pk")}


@tongues.deed
def vote(ticket: Ticket, other: Ticket, *, is_similar: bool, person: User, now: datetime) -> SimilarVote:
    """Kept, for the figures and so that it is not shown again; a later word replaces an earlier one."""
    low, high = sorted((ticket.pk, other.pk))
    told = {"is_similar": is_similar, "person": person, "at": now}
    row, _made = SimilarVote.objects.update_or_create(one_id=low, other_id=high, defaults=told)
    return row


def precision() -> tuple[int, int]:
    """How many of the pairs somebody judged were similar, and of how many."""
    said = SimilarVote.objects.aggregate(good=Count("pk", filter=Q(is_similar=True)), judged=Count("pk"))
    return said["good"], said["judged"]


def known(ticket: Ticket) -> list[Problem]:
    """Open problems with a workaround that fit: the ticket's own, else of the same service and alike."""
    if ticket.is_confidential:
        return []
    own = list(ticket.problems.open())
    if own or ticket.service_id is None:
        return own
    rows = Problem.objects.filter(service=ticket.service_id).exclude(state=Problem.State.SOLVED).order_by("-pk")[:CANDIDATES]
    return [row for row in rows if likeness(ticket.signature, row.signature).is_similar][:2]
