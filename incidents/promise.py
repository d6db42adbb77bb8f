"""What a report would be promised, before it is sent: rated by the rules in force as the ticket will be, and nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incidents import facts, levels, rulebook, rules, targets
from incidents.models import Ticket
from incidents.states import Effect
from servicedesk.directory.models import Team, User


@dataclass(frozen=True, slots=True)
class Promise:
    """When a person answers at the latest. `span` is given where no closed hours lie in between."""

    at: datetime
    span: timedelta | None


class Unremembering:
    """A report not sent yet repeats nothing."""

    def count(self, repeat: rules.Repeat, facts: rules.Facts, now: datetime) -> rules.Counted:
        return rules.Counted(0, 0)


def for_report(requester: User, *, now: datetime, loss: bool = False, **answers: Any) -> Promise | None:
    """Of these answers (impacted, impacted_count, effect, service); None where no time can be promised."""
    is_request = answers.get("effect") == Effect.QUESTION and not loss
    kind = Ticket.Kind.REQUEST if is_request else Ticket.Kind.REPORT
    ticket = Ticket(requester=requester, is_loss=loss, is_confidential=loss, kind=kind, created_at=now, updated_at=now, **answers)
    decision = rules.decide(facts.of_ticket(ticket, now=now), Unremembering(), rulebook.in_force("severity"), now)
    ticket.severity = decision.severity
    _sorted(ticket, decision)
    due_at = targets.first_answer_from(ticket, now)
    if due_at is None:
        return None
    span = timedelta(seconds=targets.first_answer_s(ticket))
    return Promise(due_at, span if due_at - now == span else None)


def _sorted(ticket: Ticket, decision: rules.Decision) -> None:
    """Kind, category, team and service level, as it will have them."""
    kind, category = decision.action("set_kind"), decision.action("category")
    ticket.kind = str(kind.args["to"]) if kind else ticket.kind
    ticket.category = str(category.args["to"]) if category else ticket.category
    ticket.team = (ticket.service.team if ticket.service else None) or Team.objects.filter(slug=levels.SERVICE_DESK).first()
    ticket.service_level_id = levels.chosen_for(ticket).id
