"""Asking for long work, taking it back, and seeing to it that it gets done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from servicedesk import doorbell
from servicedesk.audit import trail
from servicedesk.directory.models import User
from servicedesk.jobs import running
from servicedesk.jobs.models import Job, JobPart, JobState

log = structlog.get_logger(__name__)

TASK = "servicedesk.jobs.tasks.run"
PATIENCE = timedelta(seconds=5)  # so long a worker has the first word
KEPT_FOR = timedelta(days=7)
ENGINE_SLICE_S = 10.0


@transaction.atomic
def start(
    kind: str, *, asked_by: User, title: str, parameters: dict[str, Any], now: datetime, total: int | None = None, is_deed: bool = True
) -> Job:
    """A new job, in the caller's transaction; workers hear of it on commit. Raises KeyError where JOB_KINDS has no such kind.

    `is_deed`: `asked_by` did ask, and does not merely get it.
    """
    assert settings.JOB_KINDS[kind]
    job = Job.objects.create(
        kind=kind, title=title[:160], asked_by=asked_by, parameters=parameters, total=total, created_at=now, due_at=now + PATIENCE
    )
    trail.record(job, "start", actor=asked_by if is_deed else None, now=now, after={"kind": kind, "parameters": parameters})
    doorbell.ring(TASK, [job.pk])
    return job


@transaction.atomic
def cancel(job: Job, *, actor: User, now: datetime) -> Job:
    """Take it back: at once where nobody works on it, else at its next piece. What is over stays as it is."""
    row = Job.objects.select_for_update(of=("self",)).get(pk=job.pk)
    if not row.is_open or row.cancel_asked_at is not None:
        return row
    row.cancel_asked_at = now
    if row.state == JobState.QUEUED:
        row.state, row.finished_at, row.due_at = JobState.CANCELLED, now, None
    row.save(update_fields=["cancel_asked_at", "state", "finished_at", "due_at"])
    trail.record(row, "cancel", actor=actor, now=now)
    return row


def run_first(ids: Sequence[int], *, now: datetime) -> int:
    """One slice of the first of these that is to be had; the others, and what waits longest, are rung for again."""
    taken = next((number for number in ids if running.run(number, now=now)), None)
    if taken is None:
        return 0
    waiting = Job.objects.filter(state=JobState.QUEUED).order_by("due_at", "pk").values_list("pk", flat=True)
    if following := list(waiting[: running.MOST_AT_ONCE]):
        doorbell.ring(TASK, following)
    return 1


def run_due(*, now: datetime) -> int:
    """The engine's pass: a job no worker took, or whose worker was lost."""
    due = Job.objects.due(now).order_by("due_at", "pk").values_list("pk", flat=True)[: running.MOST_AT_ONCE + 1]
    return any(running.run(number, now=now, slice_s=ENGINE_SLICE_S) for number in list(due))


def forget(*, now: datetime) -> int:
    """The engine's pass: files of jobs that ended long ago; the row of the job stays."""
    old = Job.objects.filter(finished_at__lte=now - KEPT_FOR).exclude(file_name="").values_list("pk", flat=True)[:50]
    count, _each = JobPart.objects.filter(job__in=list(old)).delete()
    Job.objects.filter(pk__in=list(old)).update(file_name="")
    return count
