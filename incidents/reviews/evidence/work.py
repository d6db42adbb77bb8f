"""Evidence about how work went: times, severities, rules, noise, what came back, what was learned."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, F, Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import deskhours, targets
from incidents.models import ActionItem, Firing, Incident, Problem, Rule, Ticket
from incidents.reports import promises
from incidents.reviews.asking import DAY, Answer, Asked
from incidents.reviews.evidence.people import woken_nights
from incidents.states import OPEN_TICKET, IncidentState
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Organisation

NOT_OURS = (Ticket.Origin.IMPORT,)


def times(asked: Asked) -> Answer:
    """First answers and solutions of the period's tickets against the time each was due at, by severity."""
    seen = Ticket.objects.filter(created_at__gt=asked.since, created_at__lte=asked.now).exclude(origin__in=NOT_OURS)
    counted = (
        seen.exclude(state="merged")
        .values("severity")
        .annotate(
            n=Count("pk"),
            answers=Count("pk", filter=promises.met("answer")),
            late_answers=Count("pk", filter=promises.missed("answer", asked.now)),
            solutions=Count("pk", filter=promises.met("solution")),
            late_solutions=Count("pk", filter=promises.missed("solution", asked.now)),
        )
    )
    rows = list(counted.order_by(F("severity").asc(nulls_last=True)))
    n, *told = (sum(row[name] for row in rows) for name in ("n", "answers", "late_answers", "solutions", "late_solutions"))
    bad = [row for row in rows if 100 * max(row["late_answers"], row["late_solutions"]) > asked.limit("most_missed_percent") * row["n"]]
    words = {"answers": told[0], "all_answers": told[0] + told[1], "ends": told[2], "all_ends": told[2] + told[3]}
    said = _("%(answers)d of %(all_answers)d first answers and %(ends)d of %(all_ends)d solutions in time") % words
    said += "; " + _("worst: SEV%(s)s") % {"s": bad[0]["severity"] or "-"} if bad else ""
    return Answer(said if n else _("No ticket was filed."), bool(bad), n, rows, [(_("queue"), reverse("queue"))])


def severity_right(asked: Asked) -> Answer:
    """How often people set another severity than a rule had; incidents that people raised so many minutes after they began; SEV1
    proposals rejected."""
    fired = Firing.objects.filter(at__gt=asked.since, at__lte=asked.now, rule__kind=Rule.Kind.SEVERITY, evaluation__ticket__isnull=False)
    other = Count("evaluation__ticket", filter=Q(evaluation__ticket__severity_by__isnull=False), distinct=True)
    rows = list(
        fired.values(rule_key=F("rule__key")).annotate(n=Count("evaluation__ticket", distinct=True), overridden=other).order_by("rule_key")
    )
    bad = [
        row for row in rows
        if row["n"] >= asked.limit("least_n") and 100 * row["overridden"] > asked.limit("most_overridden_percent") * row["n"]
    ]  # fmt: skip
    raised = _raised_late(asked)
    rejected = Incident.objects.filter(state=IncidentState.REJECTED, severity=1, created_at__gt=asked.since, created_at__lte=asked.now)
    n = sum(row["n"] for row in rows)
    words = {"n": n, "over": sum(row["overridden"] for row in rows), "raised": len(raised), "rejected": rejected.count()}
    said = (
        _("%(over)d of %(n)d ratings by rule were corrected; %(raised)d incidents raised late by hand; %(rejected)d SEV1 rejected") % words
    )
    return Answer(said, bool(bad), n, [*rows, *raised], [(_("rules"), reverse("rules"))])


def _raised_late(asked: Asked) -> list[dict[str, object]]:
    """Incidents that somebody raised more than so many minutes after they were opened: it was graver than the rule knew."""
    after = timedelta(minutes=asked.limit("raised_minutes"))
    deeds = AuditEntry.objects.filter(
        noun="incidents.incident", verb="severity", actor__isnull=False, at__gt=asked.since, at__lte=asked.now
    )
    raised = [deed for deed in deeds.order_by("at") if deed.after.get("severity", 9) < deed.before.get("severity", 0)]
    opened = Incident.objects.filter(is_confidential=False).in_bulk([int(deed.object_id) for deed in raised])
    known = [(deed, opened[int(deed.object_id)]) for deed in raised if int(deed.object_id) in opened]
    late = [(deed, incident) for deed, incident in known if deed.at - incident.created_at > after]
    return [
        {
            "incident": incident.number,
            "raised to": deed.after["severity"],
            "minutes": int((deed.at - incident.created_at).total_seconds() // 60),
        }
        for deed, incident in late
    ]


def rules_fit(asked: Asked) -> Answer:
    """Live rules that were silent, fire too often, are nobody's or overdue for their review; and old shadows."""
    week = asked.now - 7 * DAY
    recent = Count("firings", filter=Q(firings__at__gt=week), distinct=True)
    found = (
        Rule.objects.annotate(last=Max("firings__at"), week=recent).select_related("owner").exclude(mode=Rule.Mode.DRAFT).order_by("key")
    )
    shadows = _shadows_since()
    rows = [{"rule": rule.key, "fault": fault} for rule in found for fault in _faults(rule, asked, shadows)]
    said = _("%(n)d of %(all)d rules need a look") % {"n": len({row["rule"] for row in rows}), "all": len(found)}
    return Answer(said, bool(rows), len(found), rows, [(_("rules"), reverse("rules"))])


def _shadows_since() -> dict[str, object]:
    moved = AuditEntry.objects.filter(noun="incidents.rule", verb="set_mode", after__mode=Rule.Mode.SHADOW)
    return dict(moved.values("object_id").annotate(at=Max("at")).values_list("object_id", "at"))


def _faults(rule: Rule, asked: Asked, shadows: dict[str, object]) -> list[str]:
    last, week = rule.last, rule.week  # type: ignore[attr-defined]  # annotated above
    began = shadows.get(str(rule.pk)) or rule.versions.order_by("version").values_list("published_at", flat=True).first()
    told = (
        (rule.mode == Rule.Mode.LIVE and (last is None or last < asked.ago("silent_days")) and began and began < asked.ago("silent_days"),  # type: ignore[operator]
         _("never fired in so many days")),
        (week > asked.limit("most_a_week") and rule.kind == Rule.Kind.ESCALATION, _("fires too often: %(n)d in a week") % {"n": week}),
        (rule.owner is not None and not rule.owner.is_active, _("its owner has left")),
        (rule.review_on is not None and rule.review_on < asked.now.date(), _("its review date is past")),
        (rule.mode == Rule.Mode.SHADOW and began and began < asked.ago("shadow_days"), _("a shadow for too long")),  # type: ignore[operator]
    )  # fmt: skip
    return [text for holds, text in told if holds]


def noise(asked: Asked) -> Answer:
    """Nights people were woken, and incidents that were over by themselves before anybody could have looked."""
    weeks = max((asked.now - asked.since) / (7 * DAY), 1)
    nights = woken_nights(asked.since, asked.now)
    opened = Incident.objects.filter(triggered_at__gt=asked.since, triggered_at__lte=asked.now)
    short = opened.filter(resolved_at__lt=F("triggered_at") + timedelta(minutes=asked.limit("short_minutes")), acknowledged_at=None).count()
    n = opened.count()
    worst = max(nights.values(), default=0) / weeks
    sources = opened.filter(is_confidential=False).values(service_name=F("service__name")).annotate(n=Count("pk")).order_by("-n")[:5]
    rows = [{"person": person.username, "woken nights": count} for person, count in nights.most_common(10)]
    rows += [{"service": row["service_name"], "incidents": row["n"]} for row in sources]
    words = {"nights": sum(nights.values()), "people": len(nights), "worst": round(worst, 1), "short": short, "n": n}
    said = (
        _("woken nights %(nights)d, people woken %(people)d, at most %(worst)s a week; %(short)d of %(n)d incidents over by themselves")
        % words
    )
    is_bad = worst > asked.limit("most_nights_a_week") or (n > 0 and 100 * short > asked.limit("most_noise_percent") * n)
    return Answer(said, is_bad, n, rows, [(_("incidents"), reverse("incidents"))])


def come_back(asked: Asked) -> Answer:
    """Services with so many incidents in the period, and the problem record of each; records that are old and nobody's.

    Several tickets about one thing are one incident here.
    """
    opened = Incident.objects.filter(created_at__gt=asked.since, created_at__lte=asked.now, service__isnull=False)
    counted = opened.exclude(state__in=(IncidentState.REJECTED, IncidentState.MERGED)).values(name=F("service__name"))
    least = int(asked.limit("least_times"))
    known = dict(Problem.objects.filter(created_at__lte=asked.now).order_by("pk").values_list("service__name", "pk"))
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
        ActionItem.objects.filter(due_on__lt=old)
        .filter(Q(ticket=None) | Q(ticket__state__in=OPEN_TICKET))
        .select_related("report__incident")
    )
    rows += [{"incident": _number(item.report.incident), "action overdue since": item.due_on} for item in late.order_by("due_on")[:100]]
    words = {"n": over.count(), "late": sum("report due" in row for row in rows), "actions": late.count()}
    said = _("%(n)d severe incidents ended; %(late)d reports late or missing; %(actions)d actions overdue") % words
    return Answer(
        said if words["n"] or rows else _("No severe incident ended."),
        bool(rows),
        words["n"],
        rows,
        [(_("incidents"), reverse("incidents"))],
    )


def _number(incident: Incident) -> str:
    return _("confidential") if incident.is_confidential else incident.number
