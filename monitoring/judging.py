"""One road from a reading to a verdict to an alert, for pushed results, pings, silence and time alike.

Every function runs inside the caller's transaction and locks check states in check-id order, then alerts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.utils.translation import gettext as _

from incidents import wording
from monitoring import lateness, telling, thresholds, verdict
from monitoring.models import Alert, Check, CheckState, StateChange, Threshold
from monitoring.normal import Signal
from servicedesk.directory.models import ServiceState

REPEATING = ("alertmanager", "prometheus")  # senders that say again and again what goes on
UNKNOWN_FOR = timedelta(days=1)
COLUMNS = (
    *("status", "is_settled", "since", "memory", "why", "summary", "value", "detail"),
    *("last_result_at", "overdue_at", "recheck_at", "closes_at"),
)


Limits = dict[str, dict[str, str]]


class Deed(Protocol):
    __name__: str

    def __call__(self, pk: int, *, now: datetime) -> int: ...


# Hearing


@dataclass(frozen=True, slots=True)
class Told:
    """What one signal changed (a verdict.Change, or nothing), what the verdict turned on, and the metrics as they were judged."""

    change: str = ""
    why: verdict.Why = ()
    metrics: Sequence[Mapping[str, Any]] = ()


def judge(readings: Mapping[int, Sequence[Signal]], *, now: datetime) -> dict[int, Told]:
    """Apply the signals of each check (by check id), in the order they came; what became of each, by the signal's `id()`.

    Of a check that is paused nothing is told.
    """
    changed: dict[int, Alert] = {}
    told = {}
    states, own = _locked(readings), _thresholds(readings)
    for state in states:
        for signal in readings[state.pk]:
            told[id(signal)] = _apply(state, signal, own.get(state.pk, {}), now, changed)
    _saved(states, changed, now)
    return told


def _thresholds(readings: Mapping[int, Sequence[Signal]]) -> dict[int, Limits]:
    """Ours for each check that brings metrics, by metric."""
    measured = [pk for pk, signals in readings.items() if any(signal.metrics for signal in signals)]
    found: dict[int, Limits] = {}
    for row in Threshold.objects.filter(check_ref__in=measured) if measured else ():
        found.setdefault(row.check_ref_id, {})[row.metric] = {"warn": row.warn, "crit": row.crit, "clear": row.clear}
    return found


def _apply(state: CheckState, signal: Signal, own: Limits, now: datetime, changed: dict[int, Alert]) -> Told:
    if _began_before_the_end(state, signal):
        return Told(why=(("began_before_the_end",),), metrics=signal.metrics)
    signal, crossed = _governed(state, signal, own)
    found = _heard(state, signal, options_of(state.check_ref), now, changed, crossed=crossed)
    return Told(found.change or "", found.why, signal.metrics)


def _governed(state: CheckState, signal: Signal, own: Limits) -> tuple[Signal, tuple[str, ...]]:
    """The signal as our own thresholds judge its metrics. What could not be known is not judged."""
    memory = verdict.load(state.memory) or verdict.State()
    told = thresholds.govern(signal.metrics, own, memory.crossed) if own and signal.status != "unknown" else None
    if told is None:
        return signal, memory.crossed
    status, crossed, metrics = told
    return replace(signal, status=status, metrics=tuple(metrics)), crossed


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
        if state.check_ref.missing_as != Check.Missing.IGNORE:
            _heard(state, _missing(state, now), verdict.Options(), now, changed, is_word=False)
        state.overdue_at = None  # the next signal sets it again
    _saved(states, changed, now)
    return len(states)


def recheck(pk: int, *, now: datetime) -> int:
    """Judge by time alone, at the moment an earlier verdict asked for."""
    changed: dict[int, Alert] = {}
    states = [state for state in _locked([pk]) if state.recheck_at and state.recheck_at <= now]
    for state in states:
        memory = verdict.load(state.memory)
        told = verdict.recheck(memory or verdict.State(), options_of(state.check_ref), now)
        _follow(state, told, state.summary, state.value, now, changed)
    _saved(states, changed, now)
    return len(states)


def close(pk: int, *, now: datetime) -> int:
    """Nobody repeated it: over. Of a source that fell silent altogether it is not known: it stays, for a day more."""
    changed: dict[int, Alert] = {}
    states = [state for state in _locked([pk]) if state.closes_at and state.closes_at <= now]
    for state in states:
        _heard(state, _unrepeated(state), verdict.Options(), now, changed, is_word=False)
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


def options_of(check: Check) -> verdict.Options:
    return verdict.Options(
        confirm=check.confirm,
        for_s=check.for_s,
        clear_confirm=check.clear_confirm,
        keep_s=check.keep_s,
        of=max(check.of, check.confirm) if check.of else None,
        unknown=check.unknown_as,  # type: ignore[arg-type]
        flap=check.notices_flapping,
    )


def rescheduled(pk: int, *, now: datetime, heard_at: datetime | None = None) -> None:
    """When it is late, counted anew from its settings. `heard_at`: as if a signal had come then, for a check that was paused."""
    for state in _locked([pk]):
        if state.last_result_at is None and state.last_start_at is None:
            continue  # it waits for its first signal
        before, state.last_result_at = state.last_result_at, heard_at or state.last_result_at
        state.overdue_at, state.last_result_at = _overdue(state), before
        state.save(update_fields=["overdue_at"])


def _missing(state: CheckState, now: datetime) -> Signal:
    check = state.check_ref
    last = state.last_result_at or state.last_start_at or check.created_at
    words = _("No signal for %(long)s.") % {"long": wording.duration(int((now - last).total_seconds()))}
    status = check.missing_as or (ServiceState.CRITICAL if check.kind == Check.Kind.HEARTBEAT else ServiceState.UNKNOWN)
    return Signal(check=check.slug, status=str(status), summary=words)


def _heard(
    state: CheckState,
    signal: Signal,
    options: verdict.Options,
    now: datetime,
    changed: dict[int, Alert],
    *,
    crossed: tuple[str, ...] = (),
    is_word: bool = True,
) -> verdict.Verdict:
    """`is_word`: somebody said it; False where it is concluded from silence."""
    reading = verdict.Reading(signal.status, now, signal.started_at, signal.summary, crossed)  # type: ignore[arg-type]
    told = verdict.verdict(verdict.load(state.memory), reading, options, now)
    state.last_result_at = now if is_word else state.last_result_at
    state.closes_at = now + signal.closes_after if signal.closes_after and signal.status != "ok" else None
    state.detail = "" if signal.status == "ok" else signal.detail or state.detail
    _follow(state, told, signal.summary, signal.value, now, changed)
    return told


def _follow(state: CheckState, told: verdict.Verdict, summary: str, value: str, now: datetime, changed: dict[int, Alert]) -> None:
    """Put the verdict into the row, and into the alert where it changes one."""
    if told.state.status != state.status:
        _note_change(state, told, summary, value, now)
    state.status, state.since, state.memory = told.state.status, told.state.since, verdict.dump(told.state)
    state.is_settled, state.why = verdict.settled(told.state), [list(reason) for reason in told.why]
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
        early_s=check.early_s,
        run_s=check.run_s,
    )


def _saved(states: Sequence[CheckState], changed: Mapping[int, Alert], now: datetime) -> None:
    # every row is there and held: this is an update, without the CASE for each row and column that bulk_update would say
    CheckState.objects.bulk_create(states, update_conflicts=True, unique_fields=["check_ref"], update_fields=COLUMNS, batch_size=500)
    services = telling.refresh_services({state.check_ref.service_id for state in states if state.check_ref.service_id is not None}, now=now)
    for state in states:  # what the desk is told of a service is how it stands now
        state.check_ref.service = services.get(state.check_ref.service_id or 0)
    telling.raise_or_defer(changed.values(), now=now)


# Alerts


def _alert(state: CheckState, told: verdict.Verdict, now: datetime) -> Alert | None:
    """The check's alert as the verdict leaves it: opened, changed or cleared; None where there is none to change."""
    memory, check = told.state, state.check_ref
    is_new = told.change == "opened"  # there was no problem, so there is no alert to look for
    alert = None if is_new else Alert.objects.select_for_update().filter(check_ref=check).open().first()
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
        alert.summary, alert.value, alert.detail = state.summary, state.value, state.detail
    else:
        alert.cleared_at = now
    alert.is_flapping, alert.raise_at = memory.flapping, now
    alert.save()  # a new row, or all of a small one
    return alert
