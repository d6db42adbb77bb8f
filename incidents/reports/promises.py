"""What was promised: first answers and solutions against the time each was due, and why the missed ones were missed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import Ticket
from incidents.models.tickets import TicketQuerySet
from incidents.reports.asked import Asked
from incidents.reports.shapes import Line, Table, count, share

TITLE = gettext_lazy("Clocks")
DEFINITIONS = (
    (gettext_lazy("Counted"), gettext_lazy(
        "Tickets filed in the period, without imports and merged ones. Due times run in desk "
        "hours, pauses left out.")),
    (gettext_lazy("Met"), gettext_lazy("answered, or solved, not later than it was due")),
    (gettext_lazy("Missed"), gettext_lazy("later than that, or not at all though it was due before the end of the period")),
    (gettext_lazy("Reasons"), gettext_lazy(
        "The first that holds: nobody has answered or solved it yet; its severity was raised after the report; it was reopened; it waited "
        "with nobody assigned; it was late.")),
)  # fmt: skip
CLOCKS = {"answer": ("first_answered_at", "first_answer_due_at"), "solution": ("solved_at", "solution_due_at")}
REASONS = {
    "not": gettext_lazy("not done yet"),
    "raised": gettext_lazy("severity raised after the report"),
    "reopened": gettext_lazy("reopened"),
    "nobody": gettext_lazy("nobody was assigned"),
    "late": gettext_lazy("done late"),
}
WORDS = {"answer": gettext_lazy("First answer"), "solution": gettext_lazy("Solution")}


def filed(asked: Asked) -> TicketQuerySet:
    return asked.tickets().filter(created_at__gte=asked.since, created_at__lt=asked.until)


def met(clock: str) -> Q:
    done, due = CLOCKS[clock]
    return Q(**{f"{done}__lte": F(due)})


def missed(clock: str, until: datetime) -> Q:
    done, due = CLOCKS[clock]
    return Q(**{f"{done}__gt": F(due)}) | Q(**{done: None, f"{due}__lt": until})


def build(asked: Asked) -> list[Table]:
    wanted = {f"met_{name}": Count("pk", filter=met(name)) for name in CLOCKS}
    wanted |= {f"missed_{name}": Count("pk", filter=missed(name, asked.until)) for name in CLOCKS}
    if not filed(asked).exists():
        return []
    columns = [_("Tickets"), _("First answer in time"), _("missed"), _("Solved in time"), _("missed")]
    ranks = filed(asked).values("severity").annotate(n=Count("pk"), **wanted).order_by(F("severity").asc(nulls_last=True))
    by_rank = [
        Line(f"SEV{row['severity']}" if row["severity"] else str(_("Not rated")), _cells(dict(row), f"sev.{row['severity'] or 0}"))
        for row in ranks
    ]
    teams = filed(asked).values("team_id", "team__name").annotate(n=Count("pk"), **wanted).order_by("team__name")
    by_team = [Line(row["team__name"] or str(_("No team")), _cells(dict(row), f"team.{row['team_id'] or 0}")) for row in teams]
    return [
        Table("severity", _("By severity"), _("Severity"), columns, by_rank, drawn=1),
        Table("team", _("By team"), _("Team"), columns, by_team),
        _why(asked),
    ]


def _cells(row: dict[str, Any], key: str) -> list[Any]:
    cells = [count(row["n"], f"{key}.all")]
    for name in CLOCKS:
        hit, lost = row[f"met_{name}"], row[f"missed_{name}"]
        cells += [share(hit, hit + lost, f"{key}.met-{name}"), count(lost, f"{key}.missed-{name}", "missed")]
    return cells


def _why(asked: Asked) -> Table:
    lines = []
    for name in CLOCKS:
        found = Counter(reason(ticket, name) for ticket in filed(asked).filter(missed(name, asked.until)).iterator(chunk_size=500))
        lines += [Line(f"{WORDS[name]}: {word}", [count(found[key], f"why.{key}.{name}")]) for key, word in REASONS.items() if found[key]]
    return Table("reasons", _("Why they were missed"), _("Reason"), [_("Tickets")], lines, drawn=0)


def reason(ticket: Ticket, clock: str) -> str:
    done = getattr(ticket, CLOCKS[clock][0])
    if done is None:
        return "not"
    ranks = [one.get("rank") for one in ticket.severity_reasons if one.get("rank")]
    if len(ranks) > 1 and ranks[-1] < ranks[0]:
        return "raised"
    if clock == "solution" and ticket.reopened_at is not None and ticket.reopened_at < done:
        return "reopened"
    return "nobody" if ticket.assignee_id is None else "late"


def rows(asked: Asked, key: str) -> TicketQuerySet:
    """ "sev.2.missed-answer", "team.3.all", "why.late.solution". Raises ValueError, KeyError."""
    by, which, what = key.split(".")
    if by == "why":
        lost = filed(asked).filter(missed(what, asked.until))
        return lost.filter(pk__in=[ticket.pk for ticket in lost.iterator(chunk_size=500) if reason(ticket, what) == which][:5000])
    state, _between, clock = what.partition("-")
    found = filed(asked).filter(**({"team": int(which) or None} if by == "team" else {"severity": int(which) or None}))
    if state == "all":
        return found
    return found.filter(met(clock) if state == "met" else missed(clock, asked.until))
