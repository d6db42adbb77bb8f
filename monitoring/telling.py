"""What the desk is told: alerts as they stand, and how a service is.

Runs inside the caller's transaction, which holds the check's state. A new alert waits while what it depends on is bad:
telling is held back, judging never; and what the desk was told of once, it is told the end of.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from incidents import alerts
from monitoring import rhythm, verdict
from monitoring.models import Alert, Check, CheckState, Source
from servicedesk.directory.models import Organisation, Service, ServiceState

RAISED_AT_ONCE = 20
LOOK_AGAIN = timedelta(seconds=60)  # a held alert; after what held it was well, this is also the time it has to get well itself
DEEPEST = 20
HEARD_LATE = timedelta(seconds=10)  # a source's last word is noted a little after its check's, or a little before


def raise_or_defer(changed: Iterable[Alert], *, now: datetime) -> None:
    """Tell the desk of the first few; the rest keep `raise_at` for the engine."""
    with Organisation.remembered():
        for alert in sorted(changed, key=lambda alert: alert.pk)[:RAISED_AT_ONCE]:
            tell(alert, now=now)


def tell(alert: Alert, *, now: datetime) -> None:
    """Bring the desk's copy of this alert up to date, or hold it back."""
    if alert.told_at is None and _holds_back(alert, now):
        return
    if alert.told_at is None or alert.cleared_at is None:
        facts = _facts(alert)
        alerts.opened(facts, now=now) if alert.told_at is None else alerts.changed(facts, now=now)
    if alert.cleared_at is not None:
        alerts.cleared(alert.pk, now=now)
    alert.told_at, alert.raise_at, alert.held_by = now, None, None
    alert.save(update_fields=["told_at", "raise_at", "held_by"])


def tell_by_id(pk: int, *, now: datetime) -> int:
    alert = (
        Alert.objects.select_for_update(of=("self",))
        .select_related("check_ref__service__team", "check_ref__source")
        .filter(pk=pk, raise_at__lte=now)
        .first()
    )
    if alert is None:
        return 0
    tell(alert, now=now)
    return 1


def _facts(alert: Alert) -> alerts.AlertFacts:
    return alerts.AlertFacts(
        alert_id=alert.pk,
        check_id=alert.check_ref_id,
        check_slug=alert.check_ref.slug,
        service=_service(alert.check_ref),
        status=alert.status,
        since=alert.since,
        status_since=alert.status_since,
        summary=alert.summary,
        value=alert.value,
        detail=alert.detail,
    )


def _service(check: Check) -> Service | None:
    """Of a source as such: its own, else the most important of those it watches."""
    if check.kind != Check.Kind.SOURCE:
        return check.service
    watched = Service.objects.filter(checks__source_id=check.source_id).select_related("team").order_by("tier", "pk")
    return check.source.service or watched.first()


# Holding back


def _holds_back(alert: Alert, now: datetime) -> bool:
    """Whether the desk need not hear of it now: what it depends on is bad, or it was over before anybody heard of it."""
    holder = None if alert.cleared_at else holder_of(alert, now=now)
    alert.held_by = holder or (alert.held_by if alert.cleared_at else None)
    if alert.held_by is None:
        return False
    alert.raise_at = None if alert.cleared_at else now + LOOK_AGAIN
    alert.save(update_fields=["held_by", "raise_at"])
    return True


def holder_of(alert: Alert, *, now: datetime) -> Check | None:
    """The check whose trouble explains this one."""
    check = alert.check_ref
    if check.kind == Check.Kind.SOURCE:
        return None
    parent = check.depends_on
    if parent is not None and _is_bad(parent) and not _leads_back(parent, check):
        return parent
    return own_check(check.source, now=now) if _is_unheard(alert) else None


def own_check(source: Source, *, now: datetime) -> Check:
    """The check that stands for the source itself."""
    check, _made = Check.objects.get_or_create(
        source=source,
        kind=Check.Kind.SOURCE,
        defaults={"slug": f"source:{source.slug}"[:120], "notices_flapping": False, "created_at": now},
    )
    CheckState.objects.get_or_create(check_ref=check)
    return check


def _is_bad(check: Check) -> bool:
    """Bad, or about to be: while it is not confirmed yet, what depends on it waits with it."""
    state = CheckState.objects.filter(check_ref=check, check_ref__is_paused=False).first()
    memory = verdict.load(state.memory) if state else None
    return memory is not None and (memory.problem or memory.soft != "ok")


def _leads_back(parent: Check, child: Check) -> bool:
    """Checks that depend on each other in a ring would hold each other back for ever."""
    above: Check | None = parent
    for _step in range(DEEPEST):
        above = above.depends_on if above else None
        if above is None:
            return False
        if above.pk == child.pk:
            return True
    return True


def _is_unheard(alert: Alert) -> bool:
    """It is not known, because its source is silent or, with nothing heard from it since, may soon be found so."""
    source = alert.check_ref.source
    if alert.status != ServiceState.UNKNOWN or alert.check_ref.kind != Check.Kind.PUSH:
        return False
    if source.silent_since is not None:
        return True
    last = CheckState.objects.filter(check_ref_id=alert.check_ref_id).values_list("last_result_at", flat=True).first()
    counted = rhythm.limit_s(source.longest_pauses, source.silent_after_s, alert.opened_at.date()) is not None
    return counted and last is not None and source.last_heard_at is not None and source.last_heard_at <= last + HEARD_LATE


# Services


def refresh_services(ids: Iterable[int], *, now: datetime) -> dict[int, Service]:
    """A service is as bad as its worst check that was ever heard; silence is unknown, never OK. The services, held, by their ids."""
    services = Service.objects.select_for_update(of=("self",)).select_related("team").filter(pk__in=list(ids)).order_by("pk")
    for service in services:
        worst = _worst(service)
        if worst != service.state:
            service.state, service.state_since = worst, now
        service.checked_at = now
        service.save(update_fields=["state", "state_since", "checked_at"])
    return {service.pk: service for service in services}


def _worst(service: Service) -> str:
    """Of a forecast nobody is ill yet; of a silent source nothing is known to be well."""
    checks = CheckState.objects.filter(check_ref__service=service, check_ref__is_paused=False)
    checks = checks.exclude(last_result_at=None, since=None).exclude(check_ref__kind__in=(Check.Kind.FORECAST, Check.Kind.SOURCE))
    known = set(checks.values_list("status", "check_ref__source__silent_since"))
    statuses = {status for status, _silent in known} | {str(ServiceState.UNKNOWN) for _status, silent in known if silent}
    return max(statuses, key=verdict.RANK.__getitem__, default=str(ServiceState.UNKNOWN))
