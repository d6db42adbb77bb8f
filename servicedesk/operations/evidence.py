"""Evidence of the plan review that needs monitoring's own rows; named in settings, as the desk may not import monitoring."""

from __future__ import annotations

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import pins
from incidents.models import Incident, LinkedAlert, Rule
from incidents.reviews.asking import Answer, Asked
from incidents.reviews.evidence import records
from incidents.reviews.evidence.records import silenced
from incidents.states import IncidentState
from monitoring.models import Check
from monitoring.storage import pinning
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Service

NOT_REAL = (IncidentState.REJECTED, IncidentState.MERGED)


def missed_by_monitoring(asked: Asked) -> Answer:
    """Severe incidents that no alert spoke of before people did though the service had a check; tier-1 services without one."""
    severe = Incident.objects.filter(severity__lte=2, created_at__gt=asked.since, created_at__lte=asked.now).exclude(state__in=NOT_REAL)
    checked = Check.objects.filter(service__isnull=False, is_paused=False).values("service")
    by_people = [one for one in severe.filter(service__in=checked).order_by("pk") if not _alarmed(one)]
    n = severe.count()
    watched = Count("checks", filter=Q(checks__is_paused=False), distinct=True)
    alive = Count("checks", filter=Q(checks__is_paused=False) & (Q(checks__kind=Check.Kind.HEARTBEAT) | Q(checks__period_s__isnull=False)))
    bare = list(
        Service.objects.active().filter(tier=1).annotate(watched=watched, alive=alive).filter(Q(watched=0) | Q(alive=0)).order_by("name")
    )
    rows: list[dict[str, object]] = [{"incident": _("confidential") if one.is_confidential else one.number} for one in by_people]
    rows += [{"service": one.slug, "fault": _("no check that is missed when it is silent")} for one in bare]
    words = {"people": len(by_people), "n": n, "bare": len(bare)}
    said = _("%(people)d of %(n)d severe incidents were told by people first; %(bare)d tier-1 services are not watched") % words
    is_bad = bool(bare) or (n > 0 and 100 * len(by_people) > asked.limit("most_by_people_percent") * n)
    return Answer(said, is_bad, n, rows, [(_("checks"), reverse("admin:monitoring_check_changelist"))])


def _alarmed(incident: Incident) -> bool:
    """Whether a check spoke up before it was declared; one raised by an alert rule counts as well."""
    of_service = LinkedAlert.objects.filter(Q(incident=incident) | Q(service=incident.service, cleared_at=None))
    by_machine = incident.opened_by_id is None and not incident.people
    return by_machine or of_service.filter(since__lte=incident.created_at).exists()


def muted(asked: Asked) -> Answer:
    """Silences that last or cover a tier-1 service, checks that are paused, rules that were taken out of use."""
    rows = silenced(asked)
    oldest = asked.ago("most_days")
    paused = [_paused(check) for check in Check.objects.filter(is_paused=True).select_related("service").order_by("slug")]
    off = _switched_off()
    bad = [row for row in (*rows, *paused, *off) if row.get("fault") or not row["since"] or row["since"] <= oldest]  # type: ignore[operator]
    words = {"n": len(rows), "old": len(bad), "paused": len(paused), "off": len(off)}
    said = _("%(n)d silences to look at, %(paused)d checks paused, %(off)d rules switched off; for too long: %(old)d") % words
    links = [(_("silences"), reverse("silences")), (_("checks"), reverse("admin:monitoring_check_changelist"))]
    found = [*rows, *paused, *off]
    return Answer(said, bool(bad), len(found), found, links)


def _paused(check: Check) -> dict[str, object]:
    """Since when, as the trail has it; nobody is asked why, but it may be said until when."""
    deed = AuditEntry.objects.filter(noun="monitoring.check", object_id=str(check.pk), verb="pause").order_by("-at").first()
    return {
        "paused check": check.slug, "service": check.service.slug if check.service else "", "since": deed.at if deed else None,
        "until": check.paused_until, "reason": _("cannot be known here: nobody is asked"),
    }  # fmt: skip


def _switched_off() -> list[dict[str, object]]:
    """Rules that were in use once and are drafts now, since when; why is not asked."""
    deeds = AuditEntry.objects.filter(noun="incidents.rule", verb="set_mode", after__mode=Rule.Mode.DRAFT).order_by("at")
    last = {deed.object_id: deed for deed in deeds}
    rules = Rule.objects.filter(mode=Rule.Mode.DRAFT, pk__in=[int(key) for key in last]).order_by("key")
    return [{"rule": rule.key, "since": last[str(rule.pk)].at} for rule in rules]


def security(asked: Asked) -> Answer:
    """As the desk knows it, and whether what monitoring heard of confidential incidents is there still."""
    kept = pins.pinned(now=asked.now).filter(is_confidential=True, created_at__gt=asked.since, alerts__isnull=False).distinct()
    gone = sum(next(pinning.of_incident(incident, now=asked.now), None) is None for incident in kept)
    return records.security(asked, [{"confidential incidents without what monitoring heard": gone}] if gone else [])
