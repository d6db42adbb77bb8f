"""Evidence about rules: whether people agree with what they rate, and whether they still fit."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Max, Q
from django.db.models.functions import TruncWeek
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Firing, Incident, Rule
from incidents.reviews.asking import Answer, Asked
from incidents.rules import ABOVE_CAP
from incidents.states import IncidentState
from servicedesk.audit.models import AuditEntry

MOST_SHOWN = 50


def severity_right(asked: Asked) -> Answer:
    """How often people set another severity than a rule had, up or down; incidents that people raised so many minutes after they
    began; SEV1 proposals rejected."""
    fired = Firing.objects.filter(at__gt=asked.since, at__lte=asked.now, rule__kind=Rule.Kind.SEVERITY, evaluation__ticket__isnull=False)
    other = Count("evaluation__ticket", filter=Q(evaluation__ticket__severity_by__isnull=False), distinct=True)
    counted = fired.values(rule_key=F("rule__key")).annotate(n=Count("evaluation__ticket", distinct=True), overridden=other)
    ways = _directions(asked)
    rows: list[dict[str, Any]] = [
        {**row, **{way: ways[row["rule_key"], way] for way in ("up", "down", "the same")}} for row in counted.order_by("rule_key")
    ]  # fmt: skip
    bad = [
        row for row in rows
        if row["n"] >= asked.limit("least_n") and 100 * _corrected(row) > asked.limit("most_overridden_percent") * row["n"]
    ]  # fmt: skip
    raised = _raised_late(asked)
    rejected = Incident.objects.filter(state=IncidentState.REJECTED, severity=1, created_at__gt=asked.since, created_at__lte=asked.now)
    shown = rejected.filter(is_confidential=False).order_by("pk")[:MOST_SHOWN]
    n = sum(row["n"] for row in rows)
    words = {"n": n, "over": sum(map(_corrected, rows)), "raised": len(raised), "rejected": rejected.count()}
    said = (
        _("%(over)d of %(n)d ratings by rule were corrected; %(raised)d incidents raised late by hand; %(rejected)d SEV1 rejected") % words
    )
    found: list[dict[str, Any]] = [*rows, *raised, *({"rejected SEV1": one.number} for one in shown)]
    return Answer(said, bool(bad), n, found, [(_("rules"), reverse("rules"))])


def _corrected(row: dict[str, Any]) -> int:
    """Who says the same as the rule corrects nothing."""
    return int(row["overridden"] - row["the same"])


def _directions(asked: Asked) -> Counter[tuple[str, str]]:
    """By rule: how many tickets people rated graver ("up") or milder ("down") than it had, or "the same"."""
    rated = Firing.objects.filter(at__gt=asked.since, at__lte=asked.now, rule__kind=Rule.Kind.SEVERITY)
    rated = rated.filter(evaluation__ticket__severity_by__isnull=False)
    columns = ("rule__key", "evaluation__ticket", "evaluation__ticket__severity", "evaluation__ticket__severity_reasons")
    found = {
        (key, ticket): _direction(rank, reasons) for key, ticket, rank, reasons in rated.values_list(*columns).iterator(chunk_size=500)
    }
    return Counter((key, way) for (key, _ticket), way in found.items())


def _direction(rank: int | None, reasons: list[dict[str, Any]]) -> str:
    """Empty where the ticket does not say what the rule had."""
    ruled = next((one.get("rank") for one in reversed(reasons) if one.get("by") in ("rule", "raise")), None)
    if not ruled or not rank:
        return ""
    return "the same" if rank == ruled else "up" if rank < ruled else "down"


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
    """Live rules that were silent, fire too often, ran into their limit, whose owner has left or whose review is overdue; old shadows."""
    found = Rule.objects.annotate(last=Max("firings__at")).select_related("owner").exclude(mode=Rule.Mode.DRAFT).order_by("key")
    known: dict[str, dict[Any, Any]] = {"shadows": _since_when(Rule.Mode.SHADOW), "week": _busiest_weeks(asked), "capped": _capped(asked)}
    rows = [{"rule": rule.key, "fault": fault} for rule in found for fault in _faults(rule, asked, known)]
    said = _("%(n)d of %(all)d rules need a look") % {"n": len({row["rule"] for row in rows}), "all": len(found)}
    return Answer(said, bool(rows), len(found), rows, [(_("rules"), reverse("rules"))])


def _since_when(mode: str) -> dict[str, Any]:
    moved = AuditEntry.objects.filter(noun="incidents.rule", verb="set_mode", after__mode=mode)
    return dict(moved.values("object_id").annotate(at=Max("at")).values_list("object_id", "at"))


def _busiest_weeks(asked: Asked) -> dict[int, int]:
    """Of each escalation rule, what it fired in its busiest week; a severity rule fires with every ticket, as it should."""
    fired = Firing.objects.filter(at__gt=asked.since, at__lte=asked.now, rule__kind=Rule.Kind.ESCALATION)
    weeks = fired.annotate(week=TruncWeek("at")).values("rule", "week").annotate(n=Count("pk")).order_by("n")
    return {row["rule"]: row["n"] for row in weeks}  # the greatest comes last


def _capped(asked: Asked) -> dict[int, int]:
    stormed = Firing.objects.filter(group_key__startswith=ABOVE_CAP, at__gt=asked.since, at__lte=asked.now)
    return dict(stormed.values("rule").annotate(n=Count("pk")).values_list("rule", "n"))


def _faults(rule: Rule, asked: Asked, known: dict[str, dict[Any, Any]]) -> list[str]:
    last: Any = rule.last  # type: ignore[attr-defined]  # annotated above
    began = known["shadows"].get(str(rule.pk)) or rule.versions.order_by("version").values_list("published_at", flat=True).first()
    week, capped = known["week"].get(rule.pk, 0), known["capped"].get(rule.pk, 0)
    oldest, is_old = asked.ago("silent_days"), bool(began and began < asked.ago("silent_days"))
    told = (
        (rule.mode == Rule.Mode.LIVE and (last is None or last < oldest) and is_old, _("never fired in so many days")),
        (week > asked.limit("most_a_week"), _("fires too often: %(n)d in a week") % {"n": week}),
        (capped, _("ran into its limit of incidents an hour: %(n)d times") % {"n": capped}),
        (rule.owner is not None and not rule.owner.is_active, _("its owner has left")),
        (rule.review_on is not None and rule.review_on < asked.now.date(), _("its review date is past")),
        (rule.mode == Rule.Mode.SHADOW and began and began < asked.ago("shadow_days"), _("a shadow for too long")),
    )
    return [text for holds, text in told if holds]
