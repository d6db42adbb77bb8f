"""Where rules meet rows. Creation and a requester's answer evaluate in their own transaction; all else by the engine.

One evaluation: the facts are gathered and stored, rules.decide decides, acting acts. What a rule changes is looked at
again by the engine, never in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from incidents import acting, attaching, conversation, facts, hooks, letters_requester, outages, repeats, rulebook, rules, silences, tickets
from incidents.models import Entry, Evaluation, LinkedAlert, Ticket
from incidents.states import OPEN_TICKET, TicketState
from incidents.vault import Kept
from servicedesk.directory import tongues
from servicedesk.directory.models import User

log = structlog.get_logger(__name__)

AT_ONCE = 200  # rows of one kind in one sweep
PAUSE = timedelta(minutes=1)  # after an evaluation that failed


@tongues.deed
def file_ticket(*, now: datetime, files: Iterable[Kept] = (), is_answered: bool = True, **report: Any) -> Ticket:
    """A new ticket, rated, joined to a known outage, and acknowledged. Arguments are those of tickets.file.

    The same `idempotency_key` again gives the first ticket and does nothing else. An import is only filed.
    """
    ticket = tickets.file(now=now, **report)
    if ticket.origin == Ticket.Origin.IMPORT or ticket.evaluations.exists():
        return ticket
    attaching.attach(ticket, None, files, actor=ticket.reported_by or ticket.requester, now=now)
    outages.join(ticket, now=now)
    evaluate_ticket(ticket, now=now)
    ticket.refresh_from_db()
    hooks.of_ticket(ticket, hooks.Happening.TICKET_CREATED, now=now)
    if is_answered and not outages.hold(ticket, now=now):
        letters_requester.send_receipt(ticket, now=now)
    # reports filed in the same moment do not see each other yet: the engine counts them all
    Ticket.objects.filter(pk=ticket.pk).update(evaluate_at=now)
    ticket.refresh_from_db()
    return ticket


@tongues.deed
def requester_reply(
    ticket: Ticket, *, author: User, text: str, now: datetime, kind: str = Entry.Kind.REPLY, files: Iterable[Kept] = ()
) -> Ticket:
    """What the requester wrote, and the rules' say on it. The ticket it went to: a closed one is followed by a new one."""
    row = asked = Ticket.objects.locked(ticket.pk)
    if row.state == TicketState.MERGED and row.merged_into_id is not None:
        row = Ticket.objects.locked(row.merged_into_id)
    if row.state == TicketState.CLOSED:
        return file_ticket(now=now, files=files, **_following(asked, author, text, kind) | {"follows": row})
    conversation.hear(row, author=author, text=text, now=now, kind=kind, files=files)
    if row.origin != Ticket.Origin.IMPORT:
        evaluate_ticket(row, now=now)
    row.refresh_from_db()
    return row


@tongues.deed
def got_worse(ticket: Ticket, *, author: User, text: str, now: datetime, **answers: Any) -> Ticket:
    """What the requester wrote, with the answers to the two questions as they are now. The ticket it went to."""
    went = requester_reply(ticket, author=author, text=text or _("It got worse."), now=now)
    return tickets.rate(went, actor=author, loss=went.is_loss, now=now, **answers)


def _following(closed: Ticket, author: User, text: str, kind: str) -> dict[str, Any]:
    """A report of the same thing by the same people."""
    colleague = author if author.pk != closed.requester_id else None
    origin = Ticket.Origin.MAIL if kind == Entry.Kind.MAIL else Ticket.Origin.PORTAL  # of now: what follows an import is none
    return {
        "requester": closed.requester, "reported_by": colleague, "what": text, "title": closed.title, "follows": closed, "out_of": closed,
        "service": closed.service, "impacted": closed.impacted, "impacted_count": closed.impacted_count,
        "impacted_group": closed.impacted_group, "effect": closed.effect, "loss": closed.is_loss, "origin": origin,
    }  # fmt: skip


@tongues.deed
def evaluate_ticket(ticket: Ticket, *, now: datetime, gather: str = "") -> Evaluation:
    """The rules' say on a ticket as it is now, stored with its facts and acted on. `gather`: the group all it opens joins."""
    row = Ticket.objects.select_for_update(of=("self",)).select_related("requester__site", "service", "team", "incident").get(pk=ticket.pk)
    case = _decided(facts.of_ticket(row, now=now), now, ticket=row, gather=gather)
    row.evaluate_at = case.decision.recheck_at
    row.save(update_fields=["evaluate_at"])
    acting.act(case)
    return case.evaluation


@transaction.atomic(savepoint=False)
def evaluate_alert(alert: LinkedAlert, *, now: datetime) -> Evaluation | None:
    """The rules' say on an alert as it is now, stored with its facts and acted on. None: it is silenced, and they are not asked."""
    row = LinkedAlert.objects.select_for_update(of=("self",)).select_related("service__team", "incident").get(pk=alert.pk)
    return _evaluate_held(row, now=now)


def evaluate_new(alert: LinkedAlert, *, now: datetime) -> Evaluation | None:
    """The same of an alert made in this transaction, with its service as it is now: there is nothing to read again."""
    return _evaluate_held(alert, now=now, is_new=True)


def _evaluate_held(row: LinkedAlert, *, now: datetime, is_new: bool = False) -> Evaluation | None:
    if silences.hush(row, now=now):
        return None
    case = _decided(facts.of_alert(row, now=now), now, alert=row, is_new=is_new)
    if row.evaluate_at != case.decision.recheck_at:
        row.evaluate_at = case.decision.recheck_at
        row.save(update_fields=["evaluate_at"])
    acting.act(case)
    return case.evaluation


def _decided(
    known: dict[str, Any], now: datetime, *, ticket: Ticket | None = None, alert: LinkedAlert | None = None, **more: Any
) -> acting.Case:
    """`more`: what else is known of the case."""
    book = rulebook.in_force()
    decision = rules.decide(known, repeats.LiveHistory(), book, now)
    evaluation = Evaluation.objects.create(
        ticket=ticket, alert=alert, at=now, schema=rules.SCHEMA, facts=known, decision=rules.decision_to_json(decision)
    )
    return acting.Case(evaluation, decision, {rule.id: rule for rule in book}, now, ticket=ticket, alert=alert, **more)


# The engine's pass


def evaluate_due(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Whatever rules must look at again, one row a transaction. A row that fails waits a minute; the others go on."""
    alerts = _due(LinkedAlert.objects.due(now), limit)
    reports = dict.fromkeys([*_due(Ticket.objects.due(now), limit), *outages.waiting(now=now, pause=PAUSE)])
    done = [_looked_at(LinkedAlert, pk, _alert_again, now) for pk in alerts]
    done += [_looked_at(Ticket, pk, _ticket_again, now) for pk in list(reports)[:limit]]
    return sum(done)


def _due(rows: QuerySet[Any], limit: int) -> list[int]:
    return list(rows.order_by("evaluate_at", "pk").values_list("pk", flat=True)[:limit])


def _looked_at(model: type[Ticket] | type[LinkedAlert], pk: int, again: Callable[[Any, datetime], None], now: datetime) -> bool:
    """False: somebody else has the row now, or it failed."""
    rows: QuerySet[Any] = model.objects.filter(pk=pk)
    try:
        with transaction.atomic():
            row = rows.select_for_update(of=("self",), skip_locked=True).first()
            if row is not None:
                again(row, now)
            return row is not None
    except Exception:
        log.exception("the rules could not look at a row", noun=model._meta.label_lower, number=pk)
        rows.update(evaluate_at=now + PAUSE)
        return False


def _alert_again(alert: LinkedAlert, now: datetime) -> None:
    if alert.cleared_at is None:
        evaluate_alert(alert, now=now)
    else:
        _rest(alert)


def _ticket_again(ticket: Ticket, now: datetime) -> None:
    """What was brought in is left alone; an open ticket is evaluated; one of a resolved incident is solved with it; any other rests."""
    if ticket.origin == Ticket.Origin.IMPORT:
        _rest(ticket)
        return
    outages.follow(ticket, now=now)
    if outages.end(ticket, now=now) or ticket.state not in OPEN_TICKET:
        _rest(ticket)
    else:
        evaluate_ticket(ticket, now=now)
        outages.hold(ticket, now=now)


def _rest(row: Ticket | LinkedAlert) -> None:
    row.evaluate_at = None
    row.save(update_fields=["evaluate_at"])
