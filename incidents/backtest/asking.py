"""A rule tried on the thing somebody names: the ticket T-1042 or "alert 7", condition by condition, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from incidents import rules, wording
from incidents.backtest import trying
from incidents.models import Evaluation, Rule, Ticket
from incidents.wording import clauses
from servicedesk.directory.models import User


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition tried: whether it held (None: not decidable), what it asks, what it saw."""

    passed: bool | None
    asked: str
    seen: str


@dataclass(frozen=True, slots=True)
class Tried:
    label: str
    at: datetime | None
    matched: bool | None
    conditions: Sequence[Condition]
    then: str
    problem: str = ""


def ask(rule: Rule, label: str, user: User) -> Tried | None:
    """The rule on T-1042, or on the alert of a number ("alert 7"); None: nothing was asked."""
    asked = label.strip()
    if not asked:
        return None
    evaluation = _evaluation(asked, user)
    if evaluation is None:
        return Tried(
            asked,
            None,
            None,
            (),
            "",
            _("Nothing was kept about “%(what)s” that you may see. Give a ticket as T-1042, or “alert 7”.") % {"what": asked},
        )
    try:
        found = trying.on(rule, evaluation)
    except rules.RuleError as error:
        return Tried(asked, None, None, (), "", wording.refusal(error))
    if found.outcome is None:
        return Tried(asked, found.at, False, (), "", _("An earlier rule decided; this one was not asked."))
    actions = found.outcome.actions
    then = clauses.listed([wording.action_words(action) for action in actions])
    return Tried(asked, found.at, found.outcome.matched, [_condition(seen) for seen in found.outcome.trace], then)


def _evaluation(label: str, user: User) -> Evaluation | None:
    """The last one of that thing. Administrators try rules on every ticket that is not confidential."""
    kept = Evaluation.objects.select_related("ticket", "alert").order_by("-at", "-pk")
    if label.lower().startswith("alert"):
        number = _whole(label[5:].strip())
        return kept.filter(alert__alert_id=number).first() if number else None
    number = _whole(label.upper().removeprefix("T-"))
    return kept.filter(ticket__in=tickets(user).filter(pk=number)).first() if number else None


def tickets(user: User) -> QuerySet[Ticket]:
    """Those a person may try rules on, and see named in a backtest."""
    return Ticket.objects.filter(is_confidential=False) if user.is_admin else Ticket.objects.visible_to(user)


def _condition(seen: rules.Seen) -> Condition:
    if seen.field in ("repeat.people", "repeat.number"):
        words = _("at least %(n)s people reported it") if seen.field == "repeat.people" else _("at least %(n)s such reports")
        return Condition(seen.passed, words % {"n": f"{seen.wanted:g}" if isinstance(seen.wanted, float) else seen.wanted}, str(seen.seen))
    asked = clauses.clause({"field": seen.field, "op": seen.op, "value": seen.wanted})
    return Condition(seen.passed, asked, _("not known") if seen.passed is None else wording.seen_words(seen))


def _whole(words: str) -> int | None:
    return int(words) if words.isascii() and words.isdigit() and len(words) < 19 else None
