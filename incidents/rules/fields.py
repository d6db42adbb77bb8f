"""The register of what rules may ask: fields, their kinds and words, operators of each kind, and actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

FieldKind: TypeAlias = Literal["choice", "number", "text", "flag", "time", "list", "clock", "weekday"]


def _(msgid: str) -> str:
    """Marks a sentence for translation; wording.py translates it where it is shown."""
    return msgid


@dataclass(frozen=True, slots=True)
class Field:
    """`choices`: value to word (empty: any name). `clauses`: value to the clause a sentence says instead of "label is word"."""

    name: str
    kind: FieldKind
    label: str
    choices: Mapping[str, str] = field(default_factory=dict)
    clauses: Mapping[str, str] = field(default_factory=dict)
    changes_at: str | None = None  # the fact that says when this one stops being true
    only_in_when: bool = False


IMPACT = {"me": _("only one person"), "several": _("several people"), "department": _("a department or site"), "everyone": _("everyone")}
IMPACTED = {**IMPACT, "unknown": _("not known")}
IMPACT_CLAUSES = {
    "me": _("only one person is impacted"),
    "several": _("several people are impacted"),
    "department": _("a department or site is impacted"),
    "everyone": _("everyone is impacted"),
}
EFFECT = {
    "cannot": _("cannot work"),
    "part": _("part of the work is blocked"),
    "workaround": _("can work around it"),
    "question": _("a question or request"),
}
LOSS = {"true": _("something was lost, stolen or seen"), "false": _("nothing was lost, stolen or seen")}
CHECK = {"ok": _("OK"), "warning": _("warning"), "critical": _("critical"), "unknown": _("unknown")}
SERVICE = {"ok": _("OK"), "warning": _("degraded"), "critical": _("down"), "unknown": _("no data")}
PERSON = {
    "employee": _("employee"),
    "external": _("external"),
    "shared_mailbox": _("shared mailbox"),
    "service_account": _("service account"),
}
TICKET_STATES = {
    "new": _("new"),
    "open": _("open"),
    "waiting": _("waiting"),
    "solved": _("solved"),
    "closed": _("closed"),
    "merged": _("merged"),
}
DAYS = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}

FIELDS: Mapping[str, Field] = {
    entry.name: entry
    for entry in (
        Field("ticket.impacted", "choice", _("who is impacted, as answered"), IMPACTED),
        Field("ticket.impact", "choice", _("who is impacted"), IMPACT, IMPACT_CLAUSES),  # derived in facts.py
        Field("ticket.impacted_count", "number", _("the number of people impacted")),
        Field("ticket.effect", "choice", _("the effect"), EFFECT, EFFECT),
        Field("ticket.loss", "flag", _("something was lost, stolen or seen"), clauses=LOSS),
        Field("ticket.severity", "number", _("the severity")),
        Field(
            "ticket.severity_by", "choice", _("who set the severity"), {"rule": _("a rule"), "raise": _("a rise"), "person": _("a person")}
        ),
        Field("ticket.kind", "choice", _("the kind"), {"report": _("report"), "request": _("request")}),
        Field("ticket.state", "choice", _("the ticket's state"), TICKET_STATES),
        Field("ticket.service", "choice", _("the service")),
        Field("ticket.category", "choice", _("the category")),
        Field("ticket.team", "choice", _("the team")),
        Field("ticket.requester", "choice", _("the requester")),
        Field("ticket.origin", "choice", _("the way it came")),
        Field("ticket.tags", "list", _("the tags")),
        Field("ticket.reported_at", "time", _("the report")),
        Field("ticket.first_answer_due_at", "time", _("the time for the first answer")),
        Field("ticket.first_answered", "flag", _("a first answer was given"), clauses={"false": _("no first answer was given")}),
        Field("ticket.text", "text", _("the text")),
        Field("ticket.signature", "list", _("the telling words of the text")),
        Field("requester.kind", "choice", _("the requester's kind"), PERSON),
        Field("requester.site", "choice", _("the requester's site")),
        Field("service.slug", "choice", _("the service")),
        Field("service.tier", "number", _("the service's tier")),
        Field("service.state", "choice", _("the service's state"), SERVICE),
        Field("check.slug", "choice", _("the check")),
        Field("check.state", "choice", _("the check's state"), CHECK),
        Field("check.critical_since", "time", _("the check is critical")),
        Field("alert.status", "choice", _("the alert's status"), CHECK),
        Field("alert.since", "time", _("the alert is open")),
        Field("desk.open", "flag", _("in desk hours"), clauses={"false": _("outside desk hours")}, changes_at="desk.changes_at"),
        Field("time.local", "clock", _("the time of day")),
        Field("time.weekday", "weekday", _("the day"), DAYS),
        Field("repeat.people", "number", _("the people who reported it"), only_in_when=True),
        Field("repeat.number", "number", _("the reports of it"), only_in_when=True),
    )
}

OPERATORS: Mapping[str, tuple[str, ...]] = {
    "choice": ("is", "is_not", "in", "not_in", "is_set"),
    "number": ("is", "at_least", "at_most", "is_set"),
    "text": ("contains", "matches", "is_set"),
    "flag": ("is",),
    "time": ("passed", "for_at_least", "is_set"),
    "list": ("has", "is_set"),
    "clock": ("between",),
    "weekday": ("in",),
}

# What repeats may share: the name, and the fact that holds its value.
SHARED: Mapping[str, str] = {
    "requester": "ticket.requester",
    "service": "service.slug",
    "site": "requester.site",
    "category": "ticket.category",
    "check": "check.slug",
    "status": "alert.status",
    "text": "ticket.signature",
}

# Each action's arguments: name to kind; a "?" at the end means it may be left out.
ACTIONS: Mapping[str, Mapping[str, str]] = {
    "set_severity": {"to": "rank"},
    "raise_severity": {"levels": "levels?", "at_least": "rank?", "cap": "rank?"},
    "set_kind": {"to": "kind"},
    "propose": {},
    "declare": {"policy": "name?"},
    "assign_team": {"team": "name"},
    "notify": {"audience": "audience"},
    "add_tag": {"tag": "name"},
    "confidential": {},
    "category": {"to": "name"},
    "policy": {"to": "name"},
}
AUDIENCES: Mapping[str, str] = {
    "it_manager": _("the IT manager"),
    "team": _("the team"),
    "assignee": _("the assignee"),
    "requester": _("the requester"),
}
