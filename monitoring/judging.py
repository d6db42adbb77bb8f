"""One road from a reading to a verdict to an alert, for pushed results, pings, silence and time alike.

Every function runs inside the caller's transaction and locks check states in check-id order, then alerts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from django.utils.translation import gettext as _

from incidents import alerts, wording
from monitoring import lateness, verdict
from monitoring.models import Alert, Check, CheckState, StateChange
from monitoring.normal import Signal
from servicedesk.directory.models import Service, ServiceState

RAISED_AT_ONCE = 20
REPEATING = ("alertmanager", "prometheus")  # senders that say again and again what goes on
UNKNOWN_FOR = timedelta(days=1)


class Deed(Protocol):
    __name__: str

    def __call__(self, pk: int, *, now: datetime) -> int: ...


# Hearing


def judge(readings: Mapping[int, Sequence[Signal]], *, now: datetime) -> None:
    """Apply the signals of each check (by check id), in the order they came."""
    changed: dict[int, Alert] = {}
    states = _locked(readings)
    for state in states:
        for signal in readings[state.pk]:
            if not _began_before_the_end(state, signal):
                _heard(state, signal, _options(state.check_ref), now, changed)
    _saved(states, changed, now)


def _began_before_the_end(state: CheckState, signal: Signal) -> bool:
    """A trouble told late: by the sender's own clock it began before the recovery we know of."""
    memory = verdict.load(state.memory)
    known = memory.started_at if memory and memory.soft == "ok" else None
    return bool(known and signal.occurrence and signal.status != "ok" and signal.started_at and signal.started_at < known)


def miss(pk: int, *, now: datetime) -> int:
    """A signal is late. A heartbeat that stays away is critical at once, any other check is unknown, never OK."""
    changed: dict[int, Alert] = {}
    states = [state for state in _locked([pk]) if state.overdue_at and state.overdue_at <= now]
    for state in states:
        _heard(state, _missing(state, now), verdict.Options(), now, changed)
        state.overdue_at = None  # the next signal sets it again
    _saved(states, changed, now)
    return len(states)


def recheck(pk: int, *, now: datetime) -> int:
    """Judge by time alone, at the moment an earlier verdict asked for."""
    changed: dict[int, Alert] = {}
    states = [state for state in _locked([pk]) if state.recheck_at and state.recheck_at <= now]
    for state in states:
        memory = verdict.load(state.memory)
        told = verdict.recheck(memory or verdict.State(), _options(state.check_ref), now)
        _follow(state, told, state.summary, state.value, now, changed)
    _saved(states, changed, now)
    return len(states)


def close(pk: int, *, now: datetime) -> int:
    """Nobody repeated it: over. Of a source that fell silent altogether it is not known: it stays, for a day more."""
    changed: dict[int, Alert] = {}
    states = [state for state in _locked([pk]) if state.closes_at and state.closes_at <= now]
    for state in states:
        _heard(state, _unrepeated(state), verdict.Options(), now, changed)
    _saved(states, changed, now)
    return len(states)


def _unrepeated(state: CheckState) -> Signal:
    source, last, memory = state.check_ref.source, state.last_result_at, verdict.load(state.memory)
    was_told = memory is not None and memory.soft != "unknown"
    is_silent = not last or not source.last_heard_at or source.last_heard_at <= last
    if not (source.kind in REPEATING and was_told and is_silent):
        return Signal(check=state.check_ref.slug, status="ok", summary=_("Not told again; taken as over."))
    words = _("%(source)s fell silent; it is not known whether this goes on.") % {"source": source.name}
    return Signal(check=state.check_ref.slug, status="unknown", summary=words, closes_after=UNKNOWN_FOR)


def started(pk: int, *, now: datetime) -> None:
    """A job began: it is late when it has not ended in time."""
    for state in _locked([pk]):
        state.last_start_at = now
        state.overdue_at = _overdue(state)
        state.save(update_fields=["last_start_at", "overdue_at"])


def _locked(ids: Iterable[int]) -> list[CheckState]:
    rows = CheckState.objects.select_for_update(of=("self",)).select_related("check_ref__service", "check_ref__source")
    return list(rows.filter(pk__in=list(ids), check_ref__is_paused=False).order_by("pk"))


def _options(check: Check) -> verdict.Options:
    return verdict.Options(confirm=check.confirm, for_s=check.for_s, clear_confirm=check.clear_confirm)


def _missing(state: CheckState, now: datetime) -> Signal:
    check = state.check_ref
    last = state.last_result_at or state.last_start_at or check.created_at
    words = _("No signal for %(long)s.") % {"long": wording.duration(int((now - last).total_seconds()))}
    status = ServiceState.CRITICAL if check.kind == Check.Kind.HEARTBEAT else ServiceState.UNKNOWN
    return Signal(check=check.slug, status=str(status), summary=words)


def _heard(state: CheckState, signal: Signal, options: verdict.Options, now: datetime, changed: dict[int, Alert]) -> None:
    reading = verdict.Reading(signal.status, now, signal.started_at, signal.summary)  # type: ignore[arg-type]
    told = verdict.verdict(verdict.load(state.memory), reading, options, now)
    state.last_result_at = now
    state.closes_at = now + signal.closes_after if signal.closes_after and signal.status != "ok" else None
    _follow(state, told, signal.summary, signal.value, now, changed)


def _follow(state: CheckState, told: verdict.Verdict, summary: str, value: str, now: datetime, changed: dict[int, Alert]) -> None:
    """Put the verdict into the row, and into the alert where it changes one."""
    if told.state.status != state.status:
        _note_change(state, told, summary, value, now)
    state.status, state.since, state.memory = told.state.status, told.state.since, verdict.dump(told.state)
    state.is_settled = verdict.settled(told.state)
    state.summary, state.value, state.recheck_at = summary[:1024], value[:60], told.recheck_at
    state.overdue_at = _overdue(state)
    if told.change and (alert := _alert(state, told, now)):
        changed[alert.pk] = alert


def _note_change(state: CheckState, told: verdict.Verdict, summary: str, value: str, now: datetime) -> None:
    """The history a check's page tells. The row is held, so that changes stand in their order."""
    why, words = [list(one) for one in told.why], {"summary": summary[:1024], "value": value[:60]}
    StateChange.objects.create(check_ref_id=state.pk, at=now, before=state.status, after=told.state.status, why=why, **words)


def _overdue(state: CheckState) -> datetime | None:
    check = state.check_ref
    return lateness.overdue(
        last_at=state.last_result_at,
        started_at=state.last_start_at,
        period_s=check.period_s,
        grace_s=check.grace_s,
        cron=check.cron,
        zone=check.zone,
    )


def _saved(states: Sequence[CheckState], changed: Mapping[int, Alert], now: datetime) -> None:
    columns = ["status", "is_settled", "since", "memory", "summary", "value", "last_result_at", "overdue_at", "recheck_at", "closes_at"]
    CheckState.objects.bulk_update(states, columns, batch_size=100)
    services = refresh_services({state.check_ref.service_id for state in states if state.check_ref.service_id is not None}, now=now)
    for state in states:  # what the desk is told of a service is how it stands now
        state.check_ref.service = services.get(state.check_ref.service_id or 0)
    raise_or_defer(changed.values(), now=now)


# Alerts


def _alert(state: CheckState, told: verdict.Verdict, now: datetime) -> Alert | None:
    """The check's alert as the verdict leaves it: opened, changed or cleared; None where there is none to change."""
    memory, check = told.state, state.check_ref
    alert = Alert.objects.select_for_update().filter(check_ref=check).open().first()
    if alert is None and not memory.problem:
        return None
    if alert is not None:
        alert.check_ref = check
    if alert is None:
        since = memory.bad_since or now
        alert = Alert(check_ref=check, source_id=check.source_id, dedup_key=check.slug, opened_at=now, since=since, status_since=since)
    elif memory.problem and alert.status != memory.status:
        alert.status_since = memory.since or now
    if memory.problem:
        alert.status, alert.worst = memory.status, memory.worst
        alert.summary, alert.value = state.summary, state.value
    else:
        alert.cleared_at = now
    alert.is_flapping, alert.raise_at = memory.flapping, now
    alert.save()  # a new row, or all of a small one
    return alert


def raise_or_defer(changed: Iterable[Alert], *, now: datetime) -> None:
    """Tell the desk of the first few; the rest keep `raise_at` for the engine."""
    for alert in sorted(changed, key=lambda alert: alert.pk)[:RAISED_AT_ONCE]:
        tell(alert, now=now)


def tell(alert: Alert, *, now: datetime) -> None:
    """Bring the desk's copy of this alert up to date."""
    if alert.told_at is None or alert.cleared_at is None:
        facts = _facts(alert)
        alerts.opened(facts, now=now) if alert.told_at is None else alerts.changed(facts, now=now)
    if alert.cleared_at is not None:
        alerts.cleared(alert.pk, now=now)
    alert.told_at, alert.raise_at = now, None
    alert.save(update_fields=["told_at", "raise_at"])


def tell_by_id(pk: int, *, now: datetime) -> int:
    alert = (
        Alert.objects.select_for_update(of=("self",)).select_related("check_ref__service__team").filter(pk=pk, raise_at__lte=now).first()
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
        service=alert.check_ref.service,
        status=alert.status,
        since=alert.since,
        status_since=alert.status_since,
        summary=alert.summary,
        value=alert.value,
    )


# Services


def refresh_services(ids: Iterable[int], *, now: datetime) -> dict[int, Service]:
    """A service is as bad as its worst check that was ever heard; silence is unknown, never OK. The services, held, by their ids."""
    services = Service.objects.select_for_update(of=("self",)).select_related("team").filter(pk__in=list(ids)).order_by("pk")
    for service in services:
        heard = CheckState.objects.filter(check_ref__service=service, check_ref__is_paused=False).exclude(last_result_at=None)
        worst = max(heard.values_list("status", flat=True), key=verdict.RANK.__getitem__, default=ServiceState.UNKNOWN)
        if worst != service.state:
            service.state, service.state_since = worst, now
        service.checked_at = now
        service.save(update_fields=["state", "state_since", "checked_at"])
    return {service.pk: service for service in services}
