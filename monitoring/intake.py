"""From signals to verdicts to alerts: one deed, one transaction. Nobody is paged from here; the desk is told of alerts.

Lock order: check states in check-id order, then alerts. Of a batch the first RAISED_AT_ONCE newly changed alerts are
told in the same transaction, the rest carry `raise_at` and the engine tells them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, OperationalError, transaction

from monitoring import bodies, judging, plain_batch, telling
from monitoring.models import Alert, Check, CheckState, Result, SeenEvent, Source
from monitoring.normal import Signal
from monitoring.sources import results
from servicedesk.directory.models import Service

log = structlog.get_logger(__name__)

MOST_ITEMS = results.MOST_ITEMS
NEW_CHECKS_A_DAY = 1_000
REMEMBERED = timedelta(days=7)
SWEEP = 200
PAUSED, TOO_LATE = judging.Told(why=(("paused",),)), judging.Told(why=(("told_after_the_end",),))


class TooManyNew(Exception):
    """A source made more new checks in a day than a mistake in a label should cost."""


@dataclass(frozen=True, slots=True)
class Taken:
    accepted: int
    duplicates: int
    raw_id: int


def take_results(source: Source, body: bytes, *, lines: bool, content_type: str, now: datetime) -> Taken:
    """Results in our own format."""

    def read() -> list[Signal]:
        return results.read(results.load(body, lines=lines), now=now, severity_map=source.severity_map)

    return take(source, body, read, content_type=content_type, now=now)


def take(source: Source, body: bytes, read: Callable[[], list[Signal]], *, content_type: str, now: datetime) -> Taken:
    """Read the body, keep it and judge it, in one commit. Raises Unreadable or TooManyNew.

    Whatever is raised, a fault of ours too, the body is kept all the same, with the problem.
    """
    try:
        signals = read()
        return _record_racing(source, signals, body, content_type=content_type, now=now)
    except OperationalError:
        raise  # there is nowhere to keep it
    except Exception as error:
        said = results.storable(str(error)) or type(error).__name__
        bodies.keep(source, body, content_type=content_type, problem=said, now=now)
        raise


def _record_racing(source: Source, signals: Sequence[Signal], body: bytes, *, content_type: str, now: datetime) -> Taken:
    """Two senders may bring the same event at once: the second finds it seen when it looks again."""
    try:
        return _record_kept(source, signals, body, content_type=content_type, now=now)
    except IntegrityError:
        return _record_kept(source, signals, body, content_type=content_type, now=now)


@transaction.atomic
def _record_kept(source: Source, signals: Sequence[Signal], body: bytes, *, content_type: str, now: datetime) -> Taken:
    raw = bodies.keep(source, body, content_type=content_type, items=len(signals), now=now)
    plainly, others = plain_batch.take(source, signals, raw_id=raw.pk, now=now)
    accepted = plainly + record(source, others, raw_id=raw.pk, now=now)
    return Taken(accepted, len(signals) - accepted, raw.pk)


@transaction.atomic(savepoint=False)
def record(source: Source, signals: Sequence[Signal], *, raw_id: int | None, now: datetime) -> int:
    """Store and judge each signal that was not seen before; how many those were."""
    fresh = _unseen(source, signals, now)
    if fresh:
        _judge(source, fresh, raw_id, now)
    Source.objects.filter(pk=source.pk).update(last_heard_at=now)
    return len(fresh)


def _judge(source: Source, fresh: Sequence[Signal], raw_id: int | None, now: datetime) -> None:
    checks = _checks(source, fresh, now)
    by_check: dict[int, list[Signal]] = {}
    for signal in _not_over(source, fresh, now):
        by_check.setdefault(checks[signal.check].pk, []).append(signal)
    told = judging.judge(by_check, now=now)
    judged = {id(signal) for signals in by_check.values() for signal in signals}
    outcomes = [told.get(id(signal), PAUSED if id(signal) in judged else TOO_LATE) for signal in fresh]
    Result.objects.bulk_create([_result(checks[one.check], one, out, raw_id, now) for one, out in zip(fresh, outcomes, strict=True)])


def _unseen(source: Source, signals: Sequence[Signal], now: datetime) -> list[Signal]:
    """Without repeats: of this batch, and of the last seven days."""
    first: dict[str, Signal] = {}
    nameless = []
    for signal in signals:
        if signal.identity:
            first.setdefault(signal.identity[:255], signal)
        else:
            nameless.append(signal)
    known = set(SeenEvent.objects.filter(source=source, key__in=first).values_list("key", flat=True)) if first else set()
    new = {key: signal for key, signal in first.items() if key not in known}
    SeenEvent.objects.bulk_create([SeenEvent(source=source, key=key, seen_at=now) for key in new])
    kept = {id(signal) for signal in [*new.values(), *nameless]}
    return [signal for signal in signals if id(signal) in kept]


def _not_over(source: Source, signals: Sequence[Signal], now: datetime) -> list[Signal]:
    """Without what tells, too late, of a trouble whose end was heard. Ends are remembered as seven days' events are."""
    names = {f"o:{signal.occurrence}" for signal in signals if signal.occurrence}
    over = set(SeenEvent.objects.filter(source=source, key__in=names).values_list("key", flat=True)) if names else set()
    known, kept = set(over), []
    for signal in signals:
        name = f"o:{signal.occurrence}"
        if not signal.occurrence or signal.status == "ok" or name not in over:
            kept.append(signal)
        if signal.occurrence and signal.status == "ok":
            over.add(name)
    SeenEvent.objects.bulk_create([SeenEvent(source=source, key=name, seen_at=now) for name in over - known])
    return kept


def _checks(source: Source, signals: Sequence[Signal], now: datetime) -> dict[str, Check]:
    """The check of each name; unknown ones are made, as a push source may."""
    names = {signal.check for signal in signals}
    found = {check.slug: check for check in Check.objects.filter(source=source, slug__in=names).select_related("state")}
    missing = {signal.check: signal for signal in signals if signal.check not in found}
    if missing:
        _refuse_flood(source, len(missing), now)
        services = {s.slug: s for s in Service.objects.filter(slug__in={signal.service for signal in missing.values()})}
        rows = [
            Check(
                source=source, slug=name, service=services.get(signal.service, source.service), created_at=now,
                is_passing="suspect" in signal.labels,
            )
            for name, signal in missing.items()
        ]  # fmt: skip
        Check.objects.bulk_create(rows, ignore_conflicts=True)
        found |= {check.slug: check for check in Check.objects.filter(source=source, slug__in=missing).select_related("state")}
    stateless = [check for check in found.values() if not hasattr(check, "state")]
    CheckState.objects.bulk_create([CheckState(check_ref=check) for check in stateless], ignore_conflicts=True)
    return found


def _refuse_flood(source: Source, new: int, now: datetime) -> None:
    made = Check.objects.filter(source=source, created_at__gt=now - timedelta(days=1)).count()
    if made + new > NEW_CHECKS_A_DAY:
        raise TooManyNew(f"{made} checks were made by this source in a day, {new} more would pass {NEW_CHECKS_A_DAY}. Nothing was taken.")


def _result(check: Check, signal: Signal, told: judging.Told, raw_id: int | None, now: datetime) -> Result:
    return Result(
        day=now.date(),
        check_id=check.pk,
        status=signal.status,
        summary=signal.summary,
        severity=signal.severity,
        flag=signal.flag[:80],
        metrics=list(told.metrics or signal.metrics),
        labels=dict(signal.labels),
        started_at=signal.started_at,
        received_at=now,
        raw_id=raw_id,
        change=told.change,
        why=[list(reason) for reason in told.why],
    )


# What the engine does when nobody speaks


def sweep_overdue(*, now: datetime) -> int:
    """Checks whose signal is late are judged as missing, one transaction each."""
    return _each(CheckState.objects.overdue(now).order_by("overdue_at").values_list("pk", flat=True)[:SWEEP], judging.miss, now)


def recheck_due(*, now: datetime) -> int:
    """Checks whose `for` or `keep` time has come are judged again without a new result."""
    return _each(CheckState.objects.recheck_due(now).order_by("recheck_at").values_list("pk", flat=True)[:SWEEP], judging.recheck, now)


def close_due(*, now: datetime) -> int:
    """Troubles whose sender tells no end, or did not repeat them in time, are judged over, or not known."""
    return _each(CheckState.objects.close_due(now).order_by("closes_at").values_list("pk", flat=True)[:SWEEP], judging.close, now)


def raise_due(*, now: datetime) -> int:
    """Alerts the desk has not heard of yet."""
    return _each(Alert.objects.to_raise(now).order_by("raise_at").values_list("pk", flat=True)[:SWEEP], telling.tell_by_id, now)


def _each(ids: Iterable[int], deed: judging.Deed, now: datetime) -> int:
    done = 0
    for pk in list(ids):
        try:
            with transaction.atomic():
                done += deed(pk, now=now)
        except Exception:  # one bad row must not stop the sweep
            log.exception("sweep failed", deed=deed.__name__, row=pk)
    return done


def forget_seen(*, now: datetime) -> int:
    """Drop what was remembered long enough."""
    gone, _each_model = SeenEvent.objects.filter(seen_at__lt=now - REMEMBERED).delete()
    return gone
