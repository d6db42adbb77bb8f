"""Evidence about how work went: noise, what came back, what was learned."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, F, Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import deskhours, targets
from incidents.models import ActionItem, Incident, Problem
from incidents.models.incidents import IncidentQuerySet
from incidents.reports import noise as reports_of_noise
from incidents.reviews.asking import DAY, Answer, Asked
from incidents.reviews.evidence.people import woken_nights
from incidents.states import OPEN_TICKET, IncidentState
from servicedesk.directory.models import Organisation


def noise(asked: Asked) -> Answer:
    """Nights people were woken, and incidents nothing had to be done about: over by themselves before anybody could have looked, or
    taken and resolved without a trace of work. Nobody is asked to vote on alarms, so votes are not among it.
    """
    weeks = max((asked.now - asked.since) / (7 * DAY), 1)
    nights = woken_nights(asked.since, asked.now)
    opened = Incident.objects.filter(triggered_at__gt=asked.since, triggered_at__lte=asked.now)
    short = opened.filter(resolved_at__lt=F("triggered_at") + timedelta(minutes=asked.limit("short_minutes")), acknowledged_at=None).count()
    n, idle = opened.count(), reports_of_noise.idle(IncidentQuerySet(Incident).filter(pk__in=opened.values("pk"))).count()
    worst = max(nights.values(), default=0) / weeks
    sources = opened.filter(is_confidential=False).values(service_name=F("service__name")).annotate(n=Count("pk"))
    rows: list[dict[str, object]] = [
        {"person": person.username, "woken nights": count, "a week": round(count / weeks, 2)} for person, count in nights.most_common(10)
    ]
    rows += [{"service": row["service_name"], "incidents": row["n"]} for row in sources.order_by("-n", "service_name")[:5]]
    rows += [{"votes that it was not actionable": _("cannot be known here: nobody is asked"), "nothing done": idle}]
    words = {"nights": sum(nights.values()), "people": len(nights), "worst": round(worst, 1), "short": short, "n": n, "idle": idle}
    said = _(
        "woken nights %(nights)d, people woken %(people)d, at most %(worst)s a week; "
        "of %(n)d incidents %(short)d over by themselves, about %(idle)d nothing was done"
    )
    is_bad = worst > asked.limit("most_nights_a_week") or (n > 0 and 100 * (short + idle) > asked.limit("most_noise_percent") * n)
    return Answer(said % words, is_bad, n, rows, [(_("incidents"), reverse("incidents"))])


def come_back(asked: Asked) -> Answer:
    """Services with so many incidents in the period, and the problem record of each; records that are old and nobody's.

    Several tickets about one thing are one incident here. A record that was solved before the period is none of it.
    """
    opened = Incident.objects.filter(created_at__gt=asked.since, created_at__lte=asked.now, service__isnull=False)
    counted = opened.exclude(state__in=(IncidentState.REJECTED, IncidentState.MERGED)).values(name=F("service__name"))
    least = int(asked.limit("least_times"))
    records = Problem.objects.filter(created_at__lte=asked.now).exclude(state=Problem.State.SOLVED, updated_at__lte=asked.since)
    known = dict(records.order_by("pk").values_list("service__name", "pk"))
    often = counted.annotate(incidents=Count("pk")).filter(incidents__gte=least).order_by("-incidents", "name")
    rows: list[dict[str, object]] = [{**row, "problem": f"P-{known[row['name']]}" if row["name"] in known else ""} for row in often]
    bare = sum(not row["problem"] for row in rows)
    old = Problem.objects.open().filter(owner=None, created_at__lt=asked.ago("problem_days")).order_by("pk")
    words = {"n": len(rows), "least": least, "bare": bare, "old": old.count()}
    said = _("%(n)d services had at least %(least)d incidents, %(bare)d of them without a problem record") % words
    said += f"; {rows[0]['name']}: {rows[0]['incidents']}" if rows else ""
    said += "; " + _("%(old)d old problems are nobody's") % words if words["old"] else ""
    rows += [{"problem": problem.number, "open since": problem.created_at} for problem in old[:50]]
    links = [(_("incidents"), reverse("incidents")), (_("problems"), reverse("problems"))]
    return Answer(said, bool(bare or words["old"]), opened.count(), rows, links)


def reports_written(asked: Asked) -> Answer:
    """SEV1 and SEV2 that ended in the period, their reports, and what was to be done after them."""
    over = Incident.objects.filter(severity__lte=2, resolved_at__gt=asked.since, resolved_at__lte=asked.now).select_related("report")
    desk = targets.desk(None, Organisation.current())
    rows: list[dict[str, object]] = []
    for incident in over.order_by("pk"):
        assert incident.resolved_at is not None  # the filter
        due = deskhours.working_days(desk, incident.resolved_at, int(asked.limit("working_days"))) or asked.now
        done = incident.report.finished_at if hasattr(incident, "report") else None
        if (done is None and due < asked.now) or (done is not None and done > due):
            rows.append({"incident": _number(incident), "report due": due, "finished": done})
    old = (asked.now - DAY * asked.limit("most_overdue_days")).date()
    late = (
        ActionItem.objects.filter(due_on__lt=old, done_at=None)
        .filter(Q(ticket=None) | Q(ticket__state__in=OPEN_TICKET))
        .select_related("report__incident")
    )
    rows += [{"incident": _number(item.report.incident), "action overdue since": item.due_on} for item in late.order_by("due_on")[:100]]
    moved = _moved(asked)
    rows += moved
    words = {"n": over.count(), "late": sum("report due" in row for row in rows), "actions": late.count(), "moved": len(moved)}
    said = (
        _("%(n)d severe incidents ended; %(late)d reports late or missing; %(actions)d actions overdue, %(moved)d moved on again") % words
    )
    return Answer(
        said if words["n"] or rows else _("No severe incident ended."),
        bool(rows),
        words["n"],
        rows,
        [(_("incidents"), reverse("incidents"))],
    )


def _moved(asked: Asked) -> list[dict[str, object]]:
    """Actions that were put off so many times: the same words in the same report, with one day more each time."""
    days = ActionItem.objects.values("report__incident", "text").annotate(days=Count("due_on", distinct=True), last=Max("due_on"))
    often = days.filter(days__gt=int(asked.limit("least_moves")), last__gt=asked.since.date()).order_by("report__incident")[:100]
    of = Incident.objects.in_bulk([row["report__incident"] for row in often])
    return [
        {"incident": _number(of[row["report__incident"]]), "action moved": row["days"] - 1, "to": row["last"]} for row in often
    ]  # fmt: skip


def _number(incident: Incident) -> str:
    return _("confidential") if incident.is_confidential else incident.number
