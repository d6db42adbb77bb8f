"""A live rule applied to tickets that were open before it: looked at first, then done by a job, ticket by ticket.

Old tickets are no flood: whatever would open incidents for them joins one, which pages once, and no notices go out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import automation, backtest, facts, repeats, rulebook, rules, wording
from incidents.models import Firing, Rule, Ticket
from incidents.states import OPEN_TICKET
from incidents.wording import clauses
from servicedesk.audit import trail
from servicedesk.directory.models import User
from servicedesk.jobs import work
from servicedesk.jobs.models import Job
from servicedesk.jobs.running import Result, Run

KIND = "apply a rule"
MOST = 200


class NotLive(ValueError):
    """Only a live rule acts."""


@dataclass(frozen=True, slots=True)
class Found:
    """Of so many open tickets looked at, those it would act on, each with what it would do."""

    looked_at: int
    open: int
    tickets: list[tuple[Ticket, str]]
    confidential: int

    @property
    def is_whole(self) -> bool:
        return self.looked_at == self.open


def preview(rule: Rule, user: User, *, now: datetime) -> Found:
    """The newest open tickets, decided as they are now; nothing is kept. Raises NotLive."""
    if rule.mode != Rule.Mode.LIVE or not rule.version:
        raise NotLive
    every = Ticket.objects.open().exclude(origin=Ticket.Origin.IMPORT)
    rows = every.filter(pk__in=backtest.tickets(user).values("pk"), is_confidential=False)
    asked = list(rows.select_related("requester__site", "service", "team", "incident").order_by("-pk")[:MOST])
    done = set(Firing.objects.filter(rule=rule, is_shadow=False, evaluation__ticket__in=asked).values_list("evaluation__ticket", flat=True))
    book = rulebook.in_force()
    told = [(ticket, _would(ticket, rule, book, now)) for ticket in asked if ticket.pk not in done]
    return Found(len(asked), rows.count(), [(ticket, words) for ticket, words in told if words], every.filter(is_confidential=True).count())


def _would(ticket: Ticket, rule: Rule, book: tuple[rules.Rule, ...], now: datetime) -> str:
    decision = rules.decide(facts.of_ticket(ticket, now=now), repeats.LiveHistory(), book, now)
    outcome = next((one for one in decision.outcomes if one.rule_id == rule.pk and one.matched), None)
    return clauses.listed([wording.action_words(action) for action in outcome.actions]) if outcome else ""


def start(rule: Rule, numbers: list[int], *, asked_by: User, now: datetime) -> Job:
    """The job that does it to these tickets and no others. Raises NotLive."""
    if rule.mode != Rule.Mode.LIVE:
        raise NotLive
    chosen = sorted(numbers)[:MOST]
    title = _("Rule %(key)s applied to %(n)d open tickets") % {"key": rule.key, "n": len(chosen)}
    trail.record(rule, "apply", actor=asked_by, now=now, after={"version": rule.version, "tickets": chosen})
    asked = {"rule": rule.pk, "version": rule.version, "tickets": chosen}
    return work.start(KIND, asked_by=asked_by, title=title, parameters=asked, now=now)


def done(run: Run) -> Result:
    """The work itself: what JOB_KINDS names. A rule changed meanwhile is not applied any more."""
    said = run.job.parameters
    rule = Rule.objects.get(pk=said["rule"])
    numbers = said["tickets"] if rule.mode == Rule.Mode.LIVE and rule.version == said["version"] else []
    last = run.checkpoint or 0
    for place, number in enumerate(numbers, 1):
        if number > last:
            _apply(number, f"apply:{rule.key}:{rule.version}:{run.job.pk}", run.now)
            run.progress(place, total=len(numbers), checkpoint=number)
    fired = Firing.objects.filter(rule=rule, version=rule.version, evaluation__ticket__in=numbers, at__gte=run.job.created_at).count()
    return Result(figures={"tickets": len(numbers), "acted": fired}, url=reverse("rule", args=[rule.pk]))


def _apply(number: int, gather: str, now: datetime) -> None:
    with transaction.atomic():
        ticket = Ticket.objects.locked(number)
        if ticket.state in OPEN_TICKET and not ticket.is_confidential:
            automation.evaluate_ticket(ticket, now=now, gather=gather)
