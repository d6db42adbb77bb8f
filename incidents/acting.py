"""From a decision to deeds: severity, incident, team, tags, notices, each with its reason. Run by automation only.

A rule acts once a thing and group: the firings already written say what was done. What follows from the facts alone
(severity, category, confidentiality) is brought up to date every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from incidents import incidents, journal, letters_staff, raising, rules, targets, tickets, wording
from incidents.incidents import Grounds, Opened
from incidents.models import Evaluation, Firing, LinkedAlert, Policy, Rule, Ticket
from incidents.states import LIVE_INCIDENT, OPEN_INCIDENT, Impacted, Severity
from servicedesk.directory import tongues
from servicedesk.directory.models import Team

HOUR = timedelta(hours=1)
DEEDS = ("declare", "propose")
LONGEST_DID = 240


@dataclass(frozen=True, slots=True)
class Case:
    """One evaluation being acted on: its thing, what was decided, and the rules by id. `is_new`: nothing can have fired for it.

    `gather`: old tickets are being looked at; all that opens joins the incident of this group, and nobody is written to.
    """

    evaluation: Evaluation
    decision: rules.Decision
    book: Mapping[int, rules.Rule]
    now: datetime
    ticket: Ticket | None = None
    alert: LinkedAlert | None = None
    is_new: bool = False
    gather: str = ""

    @property
    def thing(self) -> Ticket | LinkedAlert:
        thing = self.ticket or self.alert
        assert thing is not None
        return thing

    @property
    def service_name(self) -> str:
        return str(self.thing.service) if self.thing.service else ""


def act(case: Case) -> None:
    """Everything the live outcomes ask for, in their order; a firing for each that matched, shadows too."""
    if case.ticket is not None:
        raising.apply(case.ticket, case.decision, case.book, now=case.now)
        _settle(case.ticket, case)
    done = _done(case)
    for outcome in case.decision.outcomes:
        if outcome.matched:
            outcome = _grouped(outcome, case)
            if (outcome.rule_id, outcome.group_key, _deed(outcome), bool(outcome.would)) not in done:
                _fire(outcome, case)


def _fire(outcome: rules.Outcome, case: Case) -> None:
    gathered = replace(outcome, group_key=case.gather) if case.gather else outcome
    opened = _open(gathered, case) if _deed(outcome) and outcome.actions else None
    did = [_say_opened(opened)] if opened else [wording.action_words(action) for action in outcome.would or outcome.actions]
    for action in outcome.actions:
        _do(action, outcome, case)
    Firing.objects.create(
        rule_id=outcome.rule_id, version=outcome.version, evaluation=case.evaluation, group_key=outcome.group_key[:120],
        incident=opened.incident if opened else None, is_shadow=bool(outcome.would), deed=_deed(outcome),
        did=", ".join(did)[:LONGEST_DID], at=case.now,
    )  # fmt: skip


def _done(case: Case) -> set[tuple[int, str, str, bool]]:
    """What already fired for this thing. Held proposals may come again; reopening a ticket begins anew."""
    if case.is_new:
        return set()
    mine = Q(evaluation__ticket=case.ticket) if case.ticket is not None else Q(evaluation__alert=case.alert)
    fired = Firing.objects.filter(mine).exclude(~Q(deed=""), incident=None, is_shadow=False)
    if case.ticket is not None and case.ticket.reopened_at is not None:
        fired = fired.filter(Q(at__gt=case.ticket.reopened_at) | Q(incident__state__in=OPEN_INCIDENT))
    return set(fired.values_list("rule_id", "group_key", "deed", "is_shadow"))


def _grouped(outcome: rules.Outcome, case: Case) -> rules.Outcome:
    """A confidential ticket is a group of its own; a rule above its cap gathers everything further in one storm."""
    if case.ticket is not None and case.ticket.is_confidential:
        return replace(outcome, group_key=f"ticket:{case.ticket.number}")
    cap = case.book[outcome.rule_id].fire_cap
    if cap and outcome.actions and _deed(outcome):
        lately = Firing.objects.filter(rule=outcome.rule_id, deed__in=DEEDS, is_shadow=False, at__gt=case.now - HOUR)
        if lately.exclude(incident=None).values("incident").distinct().count() >= cap:
            return replace(outcome, group_key=f"{rules.ABOVE_CAP}{outcome.key}")
    return outcome


def _deed(outcome: rules.Outcome) -> str:
    """declare, propose, or nothing of the kind."""
    asked = {action.do for action in outcome.actions or outcome.would}
    return next((deed for deed in DEEDS if deed in asked), "")


# Incidents


def _open(outcome: rules.Outcome, case: Case) -> Opened:
    """Propose or declare, linked with what the rule saw."""
    grounds = _grounds(outcome, case)
    if _is_known(grounds, outcome, case):
        return Opened(case.thing.incident, "known")
    return (incidents.declare if outcome.action("declare") else incidents.propose)(grounds, now=case.now)


def _is_known(grounds: Grounds, outcome: rules.Outcome, case: Case) -> bool:
    """The thing stands in an open incident already, which this would neither declare, raise nor let grow."""
    incident = case.thing.incident
    if incident is not None and incident.state in LIVE_INCIDENT and incident.group_key.startswith("catch-up:"):
        return True  # its people were paged for all that fell due while the desk was down
    if incident is None or incident.state not in OPEN_INCIDENT or incident.group_key != grounds.group_key:
        return False
    is_declared = incident.state in LIVE_INCIDENT or not outcome.action("declare")
    return is_declared and grounds.severity >= incident.severity and grounds.people <= incident.people


def _linkable(outcome: rules.Outcome, case: Case) -> Iterator[Ticket]:
    """This ticket and those counted with it, unless an open incident has them already."""
    assert case.ticket is not None
    counted = case.book[outcome.rule_id].repeat is not None and outcome.counted is not None and outcome.counted.number > 1
    others = raising.counted_tickets(outcome, but=case.ticket) if counted else []
    for ticket in (*others, case.ticket):
        if ticket.incident is None or ticket.incident.state not in OPEN_INCIDENT:
            yield ticket


def _grounds(outcome: rules.Outcome, case: Case) -> Grounds:
    check = case.alert.check_slug if case.alert is not None else ""
    answer_s = targets.first_answer_s(case.ticket) if case.ticket is not None else None
    clause = raising.clause(outcome, case.book)
    about = _of_alert(case.alert, case.service_name) if case.alert is not None else _of_ticket(outcome, case)
    return Grounds(
        rule=Rule.objects.get(pk=outcome.rule_id),
        version=outcome.version,
        group_key=outcome.group_key,
        reason=wording.why_incident(outcome, clause, service=case.service_name, check=check, answer_s=answer_s),
        severity=case.decision.severity or Severity.SEV3,
        service=case.thing.service,
        policy=_policy(outcome, case),
        **about,
    )


def _of_alert(alert: LinkedAlert, service: str) -> dict[str, Any]:
    words = {"service": service or _("No service"), "check": alert.check_slug, "status": alert.get_status_display().lower()}
    title = _("%(service)s: %(check)s is %(status)s") % words
    return {"title": title, "since": alert.since, "what": alert.summary, "alerts": (alert,)}


def _of_ticket(outcome: rules.Outcome, case: Case) -> dict[str, Any]:
    """What the reporter said; where several said it, several are impacted."""
    ticket, counted = case.ticket, outcome.counted
    assert ticket is not None
    people = counted.people if counted else 1
    impacted, number = ticket.impacted, ticket.impacted_count
    if people > 1 and impacted in ("", Impacted.ME, Impacted.UNKNOWN):
        impacted, number = Impacted.SEVERAL, people
    return {
        "title": ticket.title,
        "team": ticket.team,
        "since": min(filter(None, (counted.since if counted else None, ticket.created_at))),
        "what": ticket.what,
        "impacted": impacted,
        "impacted_count": number,
        "effect": ticket.effect,
        "people": people,
        "is_confidential": ticket.is_confidential,
        "tickets": tuple(_linkable(outcome, case)),
    }


def _policy(outcome: rules.Outcome, case: Case) -> Policy | None:
    """The policy a rule names, by name or short name; None leaves it to the service."""
    declare, said = outcome.action("declare"), case.decision.action("policy")
    name = (declare and declare.args.get("policy")) or (said and said.args.get("to"))
    return Policy.objects.filter(Q(name=name) | Q(slug=name)).first() if name else None


def _say_opened(opened: Opened) -> str:
    if opened.incident is None:
        return _("held: this group was rejected")
    words = {"created": _("opened %(number)s"), "attached": _("attached to %(number)s"), "raised": _("raised %(number)s")}
    return words.get(opened.how, _("already in %(number)s")) % {"number": opened.incident.number}


# Tickets


def _settle(ticket: Ticket, case: Case) -> None:
    """What follows from the facts alone: kind, category, confidentiality. Confidentiality is never taken back by a rule."""
    kind, category = case.decision.action("set_kind"), case.decision.action("category")
    wanted = {"kind": kind.args["to"] if kind else ticket.kind, "category": category.args["to"] if category else ticket.category}
    wanted["is_confidential"] = ticket.is_confidential or case.decision.action("confidential") is not None
    before = {name: getattr(ticket, name) for name in wanted}
    if wanted == before:
        return
    for name, value in wanted.items():
        setattr(ticket, name, value)
    ticket.save(update_fields=list(wanted))
    names = ", ".join(wording.rule_name(outcome) for outcome in case.decision.live() if outcome.kind == "severity")
    journal.ticket_event(
        ticket, _("Sorted by the rules."), actor=None, now=case.now, verb="sort", before=before, after=wanted, because=names
    )
    targets.follow(ticket, now=case.now)


def _do(action: rules.Action, outcome: rules.Outcome, case: Case) -> None:
    """The actions of one firing that are no state of the facts."""
    ticket = case.ticket
    if action.do == "notify" and case.gather:
        return
    if ticket is None or action.do not in ("assign_team", "add_tag", "notify"):
        return
    because = wording.why_incident(outcome, raising.clause(outcome, case.book), service=case.service_name)
    if action.do == "assign_team":
        team = Team.objects.filter(Q(slug=action.args["team"]) | Q(name=action.args["team"])).first()
        if team is not None and ticket.assignee_id is None:
            tickets.set_team(ticket, team, actor=None, now=case.now, because=because)
    elif action.do == "add_tag":
        tickets.add_tag(ticket, str(action.args["tag"]), actor=None, now=case.now, because=because)
    else:
        told = tongues.later_from(lambda: wording.why_incident(outcome, raising.clause(outcome, case.book), service=case.service_name))
        letters_staff.notify(ticket, str(action.args["audience"]), because=told, now=case.now)
    ticket.refresh_from_db(fields=["team", "tags", "updated_at"])
