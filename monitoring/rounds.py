"""Probes on time: due columns, workers that are rung, the engine that runs what no worker took. Results go the way of any sender's.

A run is claimed for a lease, does its reading outside any transaction, and records result, memory and next due time in
one, if the row is still its own.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import cache
from time import monotonic
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from monitoring import bodies, evidence, intake
from monitoring.models import CheckState, Source, Watch
from monitoring.normal import Unreadable
from monitoring.probes import catalogue, conclusion, options, running
from monitoring.probes.shape import Finding
from monitoring.sources import results
from servicedesk import doorbell, sealing

log = structlog.get_logger(__name__)

TASK = "monitoring.tasks.run_probes"
LEASE = timedelta(seconds=90)  # longer than the longest deadline
UNCLAIMED = timedelta(seconds=5)
AT_ONCE = 500
OWN = "own-probes"


def own_source() -> Source:
    """The source of checks that we probe ourselves."""
    return Source.objects.get_or_create(slug=OWN, defaults={"name": "Own probes", "kind": "probe"})[0]


# Time


def ring_due(*, now: datetime) -> int:
    """Ask workers to run what has come due; once, until it ran or the engine took it."""
    with transaction.atomic():
        ids = list(Watch.objects.due(now).free().filter(rung_at=None).order_by("due_at").values_list("pk", flat=True)[:AT_ONCE])
        Watch.objects.filter(pk__in=ids).update(rung_at=Now())
        doorbell.ring(TASK, ids)
    return len(ids)


def run_unclaimed(*, now: datetime) -> int:
    """Run here what no worker took within five seconds, or what a worker took and never ended."""
    waited = Q(rung_at__lt=Now() - UNCLAIMED) if settings.PROBES_AT_ONCE else Q()
    ids = list(Watch.objects.due(now).free().filter(waited).order_by("due_at").values_list("pk", flat=True)[:AT_ONCE])
    run_all(ids, now=now)
    return 0 if settings.PROBES_AT_ONCE else len(ids)


def begin(watch: Watch, *, now: datetime) -> None:
    """First run soon, but not all at the same second; late from the first period on."""
    check = watch.check_ref
    period_s = check.period_s or 60
    watch.due_at = now + timedelta(seconds=check.pk * 7 % min(period_s, 60))
    state = CheckState.objects.get_or_create(check_ref=check)[0]
    if state.last_result_at is None:
        state.overdue_at = now + timedelta(seconds=period_s + check.grace_s)
        state.save(update_fields=["overdue_at"])


def next_due(due_at: datetime, period_s: int, now: datetime) -> datetime:
    """The next beat of this probe's own rhythm after `now`: being late once moves nothing."""
    missed = max((now - due_at) // timedelta(seconds=period_s), 0)
    return due_at + timedelta(seconds=period_s) * (missed + 1)


# Runs


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads of this process for probes alone: a hanging target never keeps a page waiting."""
    return ThreadPoolExecutor(settings.PROBES_AT_ONCE, thread_name_prefix="probe")


_in_hand: set[int] = set()
_hand = threading.Lock()


def run_all(ids: Iterable[int], *, now: datetime) -> None:
    """Hand these to the probe threads and come back; without threads, run them here."""
    if not settings.PROBES_AT_ONCE:
        for pk in ids:
            run_one(pk, now=now)
        return
    with _hand:
        fresh = [pk for pk in ids if pk not in _in_hand]
        _in_hand.update(fresh)
    began = monotonic()
    for pk in fresh:
        _pool().submit(_in_thread, pk, now, began)


def _in_thread(pk: int, now: datetime, began: float) -> None:
    try:
        run_one(pk, now=now + timedelta(seconds=monotonic() - began))
    except Exception:
        log.exception("a probe's result was lost; it is run again", check=pk)
    finally:
        with _hand:
            _in_hand.discard(pk)
        connection.close()


def run_one(pk: int, *, now: datetime) -> bool:
    """Claim, look, record; False where it was not ours to run."""
    attempt = uuid.uuid4()
    mine = Watch.objects.due(now).free().filter(pk=pk, check_ref__is_paused=False)
    if not mine.update(lease_until=Now() + LEASE, attempt_id=attempt):
        return False
    watch = Watch.objects.select_related("check_ref__source", "check_ref__service").get(pk=pk)
    began = monotonic()
    found, told = look(watch, now=now)
    return record(watch, attempt, found, told, took_s=monotonic() - began, now=now + timedelta(seconds=int(monotonic() - began)))


def look(watch: Watch, *, now: datetime) -> tuple[Finding, list[dict[str, Any]]]:
    """What the probe finds, and the results to record: the check's own and those of checks of their own. Stores nothing."""
    probe, slug = catalogue.PROBES.get(watch.probe), watch.check_ref.slug
    found = Finding()
    if probe is None:
        found.lack("the check", f"there is no probe “{watch.probe}”", "Choose another one in the admin.")
        return found, [{"check": slug, "status": "unknown", "summary": f"There is no probe “{watch.probe}”. Choose another one."}]
    given: dict[str, Any] = {}
    try:
        given = options.sure(probe, opened(watch.options))
        found = running.run(probe, given, memory=watch.memory, check=slug, now=now)
    except options.WrongOptions as error:
        found.lack("the options", str(error), "Correct them in the admin.")
    except sealing.CannotOpen as error:
        found.lack("a secret option", str(error), "")
    told = conclusion.item(probe, given, found, check=slug)
    evidence.attach(probe, given, found, told, memory=watch.memory, now=now)
    service = {"service": watch.check_ref.service.slug} if watch.check_ref.service else {}
    return found, [told, *({**item, **service} for item in found.more)]


def opened(given: dict[str, Any]) -> dict[str, Any]:
    return {name: sealing.open_sealed(value) if isinstance(value, str) else value for name, value in given.items()}


@transaction.atomic
def record(watch: Watch, attempt: uuid.UUID, found: Finding, told: list[dict[str, Any]], *, took_s: float, now: datetime) -> bool:
    """Result, memory and the next due time, together; nothing where another attempt has the row by now."""
    row = Watch.objects.select_for_update().filter(pk=watch.pk, attempt_id=attempt).first()
    if row is None or row.due_at is None:
        return False
    take_what_can_be(watch.check_ref.source, told, now=now)
    row.memory = row.memory if found.memory is None else found.memory
    row.late_s, row.took_s = max((now - row.due_at).total_seconds() - took_s, 0), took_s
    row.due_at, row.ran_at = next_due(row.due_at, watch.check_ref.period_s or 60, now), now
    row.lease_until = row.rung_at = row.attempt_id = None
    row.save(update_fields=["memory", "late_s", "took_s", "due_at", "ran_at", "lease_until", "rung_at", "attempt_id"])
    return True


def take_what_can_be(source: Source, told: list[dict[str, Any]], *, now: datetime) -> None:
    """All of it; where that is refused, the check's own result; where that is too, that it was."""
    why = ""
    for items in (told, told[:1], [{"check": told[0]["check"], "status": "unknown"}]):
        try:
            with transaction.atomic():
                take(source, [{**items[0], **({"summary": why} if len(items[0]) == 2 else {})}, *items[1:]], now=now)
            return
        except (Unreadable, intake.TooManyNew) as error:
            why = f"The result could not be recorded: {error}"[:1000]
            log.error("a probe's result was refused", check=told[0]["check"], why=why)


def take(source: Source, told: list[dict[str, Any]], *, now: datetime) -> int:
    """Read and judged as if they had come through the door. What tells of trouble is kept as it is, with its detail."""
    signals = results.read(told, now=now)
    is_bad = any(signal.status != "ok" for signal in signals)
    raw = bodies.keep(source, json.dumps(told).encode(), content_type="application/json", items=len(signals), now=now) if is_bad else None
    return intake.record(source, signals, raw_id=raw.pk if raw else None, now=now)
