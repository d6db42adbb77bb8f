"""Evidence of the plan review that needs monitoring's own rows; named in settings, as the desk may not import monitoring."""

from __future__ import annotations

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident, LinkedAlert
from incidents.reviews.asking import Answer, Asked
from incidents.reviews.evidence.records import silenced
from incidents.states import IncidentState
from monitoring.models import Check
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
    """Silences that last or cover a tier-1 service, and checks that are paused."""
    rows = silenced(asked)
    oldest = asked.ago("most_days")
    paused = Check.objects.filter(is_paused=True).select_related("service").order_by("slug")
    rows += [{"paused check": check.slug, "service": check.service.slug if check.service else ""} for check in paused]
    old = [row for row in rows if "silence" in row and row["since"] <= oldest]  # type: ignore[operator]
    words = {"n": len(rows) - len(paused), "old": len(old), "paused": len(paused)}
    said = _("%(n)d silences to look at, %(old)d older than the threshold; %(paused)d checks paused") % words
    links = [(_("silences"), reverse("silences")), (_("checks"), reverse("admin:monitoring_check_changelist"))]
    return Answer(said, bool(old or paused), len(rows), rows, links)
