"""What comes again: groups the rules counted, services with several incidents, tickets that were reopened or followed."""

from __future__ import annotations

from django.db.models import Count, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import Firing, Problem
from incidents.models.incidents import IncidentQuerySet
from incidents.models.tickets import TicketQuerySet
from incidents.reports.asked import Asked
from incidents.reports.shapes import Cell, Line, Table, count

TITLE = gettext_lazy("Repeats")
LEAST = 3
DEFINITIONS = (
    (gettext_lazy("Services"), gettext_lazy(
        "with at least three incidents triggered in the period; rejected and merged ones are left "
        "out. A problem record names the cause behind them")),
    (gettext_lazy("Groups of tickets"), gettext_lazy(
        "What an escalation rule saw as one thing: at least three different tickets in the period. Shadow rules count too.")),
    (gettext_lazy("Not over after all"), gettext_lazy("tickets reopened in the period, and tickets that follow a closed one")),
)  # fmt: skip


def build(asked: Asked) -> list[Table]:
    tables = [_services(asked), _groups(asked), _again(asked)]
    return tables if any(line.cells[0].text != "0" for table in tables for line in table.lines) else []


def _incidents(asked: Asked) -> IncidentQuerySet:
    return asked.incidents().filter(triggered_at__gte=asked.since, triggered_at__lt=asked.until).exclude(state__in=("rejected", "merged"))


def _services(asked: Asked) -> Table:
    found = (
        _incidents(asked)
        .filter(service__isnull=False)
        .values("service_id", "service__name")
        .annotate(n=Count("pk"), last=Max("triggered_at"))
    )
    rows = list(found.filter(n__gte=LEAST).order_by("-n", "service__name"))
    known = _problems([row["service_id"] for row in rows])
    lines = [
        Line(
            row["service__name"],
            [count(row["n"], f"service.{row['service_id']}"), _on(asked, row["last"]), known.get(row["service_id"], Cell(_("none")))],
        )
        for row in rows
    ]
    columns = [_("Incidents"), _("last"), _("problem record")]
    return Table("services", _("Services with several incidents"), _("Service"), columns, lines, drawn=0)


def _problems(services: list[int]) -> dict[int | None, Cell]:
    """Of each service the newest record that is not solved."""
    found = Problem.objects.open().filter(service__in=services).order_by("pk")
    return {one.service_id: Cell(f"{one.number}, {one.get_state_display()}", {"problem": one.number}) for one in found}


def _groups(asked: Asked) -> Table:
    fired = Firing.objects.filter(at__gte=asked.since, at__lt=asked.until, rule__kind="escalation", evaluation__ticket__in=asked.tickets())
    found = fired.values("group_key").annotate(n=Count("evaluation__ticket", distinct=True), last=Max("at")).filter(n__gte=LEAST)
    lines = [
        Line(row["group_key"] or str(_("No group")), [count(row["n"], f"group.{row['group_key']}"), _on(asked, row["last"])])
        for row in found.order_by("-n", "group_key")[:30]
    ]
    return Table("groups", _("Tickets the rules saw as one thing"), _("Group"), [_("Tickets"), _("last")], lines, drawn=0)


def _again(asked: Asked) -> Table:
    lines = [
        Line(_("Reopened"), [count(rows(asked, "reopened.0").count(), "reopened.0")]),
        Line(_("Follows a closed one"), [count(rows(asked, "follows.0").count(), "follows.0")]),
    ]
    return Table("again", _("Not over after all"), "", [_("Tickets")], lines)


def _on(asked: Asked, at: object) -> Cell:
    day = at.astimezone(asked.zone)  # type: ignore[attr-defined]  # a moment, by the query
    return Cell(f"{day:%d %b}", {"last": day.date().isoformat()})


def rows(asked: Asked, key: str) -> IncidentQuerySet | TicketQuerySet:
    """ "service.4", "group.service:email", "reopened.0", "follows.0". Raises ValueError, KeyError."""
    what, _between, which = key.partition(".")
    if what == "service":
        return _incidents(asked).filter(service=int(which))
    if what == "group":
        fired = Firing.objects.filter(at__gte=asked.since, at__lt=asked.until, rule__kind="escalation", group_key=which)
        return asked.tickets().filter(pk__in=fired.values("evaluation__ticket"))
    column = {"reopened": "reopened_at", "follows": "created_at"}[what]
    found = asked.tickets().filter(**{f"{column}__gte": asked.since, f"{column}__lt": asked.until})
    return found.filter(follows__isnull=False) if what == "follows" else found
