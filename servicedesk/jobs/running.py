"""One job being worked: the claim, the slices, the end.

A kind is a function `work(run: Run) -> Result` named in JOB_KINDS. It calls `run.progress` after every piece and lets
its exceptions through; with a checkpoint it may be stopped there, and begins the next slice from `run.checkpoint`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from servicedesk.directory import tongues
from servicedesk.jobs.models import Job, JobPart, JobState

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)  # a piece takes less
SLICE_S = 4.0  # a worker's thread is needed for pages too
MOST_AT_ONCE = 2
MOST_TRIES = 3  # without getting on in between: what kills its worker is not begun for ever


class JobRefused(Exception):
    """The work cannot be done; its words are for the person who asked."""


class Cancelled(Exception):
    """The person who asked took it back."""


class Lost(Exception):
    """The lease ran out, and somebody else has the job."""


class Paused(Exception):
    """This slice is over; the rest waits at its checkpoint."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it: figures, and a page or the name of the file its parts make."""

    figures: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    file_name: str = ""
    message: str = ""


class Run:
    """What a kind of work is given."""

    def __init__(self, job: Job, *, now: datetime, slice_s: float) -> None:
        self.job, self.began_at, self.slice_s = job, now, slice_s
        self.began = monotonic()
        self.parts = job.parts.count()

    @property
    def checkpoint(self) -> Any:
        """What was last given to `progress`; None at the first beginning."""
        return self.job.checkpoint

    @property
    def now(self) -> datetime:
        """The desk's time, moved on by the whole seconds this slice took."""
        return self.began_at + timedelta(seconds=int(monotonic() - self.began))

    def progress(self, done: int, *, total: int | None = None, checkpoint: Any = None, text: str = "") -> None:
        """How far it is, and what the file goes on with. Raises Cancelled, Lost, Paused. Not inside a transaction."""
        changes: dict[str, Any] = {"done": done, "heard_at": self.now, "lease_until": Now() + LEASE, "due_at": self.now + LEASE}
        if total is not None:
            changes["total"] = total
        if checkpoint is not None:
            changes |= {"checkpoint": checkpoint, "tries": 0}
        with transaction.atomic(durable=True):
            if not self._mine().update(**changes):
                raise Lost
            if text:
                self.parts += 1
                JobPart.objects.create(job=self.job, number=self.parts, text=text)
        if self._mine().exclude(cancel_asked_at=None).exists():
            raise Cancelled
        if checkpoint is not None and monotonic() - self.began > self.slice_s:
            raise Paused

    def rest(self) -> None:
        self._mine().update(state=JobState.QUEUED, claim_id=None, lease_until=None, due_at=self.now)

    def end(self, state: JobState, result: Result) -> None:
        ended: dict[str, Any] = {"state": state, "finished_at": self.now, "due_at": None, "claim_id": None, "lease_until": None}
        shown = {"result": result.figures, "result_url": result.url, "file_name": result.file_name, "message": result.message[:240]}
        self._mine().update(**ended, **shown)

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job.pk, claim_id=self.job.claim_id, state=JobState.RUNNING)


def run(number: int, *, now: datetime, slice_s: float = SLICE_S) -> bool:
    """Work one slice of a job; False: it is not to be had. Not in a transaction."""
    job = _claim(number, now)
    if job is None:
        return False
    mine = Run(job, now=now, slice_s=slice_s)
    with tongues.reader(job.asked_by):
        _worked(mine)
    return True


def _worked(mine: Run) -> None:
    try:
        result = _begun(mine)
    except Paused:
        mine.rest()
    except Lost:
        log.warning("a job was taken over by another worker", job=mine.job.pk)
    except Cancelled:
        mine.end(JobState.CANCELLED, Result())
    except JobRefused as error:
        mine.end(JobState.FAILED, Result(message=str(error)))
    except Exception:
        log.exception("a job failed", job=mine.job.pk, kind=mine.job.kind)
        mine.end(JobState.FAILED, Result(message=_("Something went wrong on our side; the log says what. Start it again.")))
    else:
        mine.end(JobState.DONE, result)


def _begun(mine: Run) -> Result:
    if mine.job.cancel_asked_at is not None:
        raise Cancelled
    if mine.job.tries > MOST_TRIES:
        raise JobRefused(_("It was begun three times and broke off each time. Tell your administrator."))
    work: Callable[[Run], Result] = import_string(settings.JOB_KINDS[mine.job.kind])
    return work(mine)


def _claim(number: int, now: datetime) -> Job | None:
    """Take the job for one lease, unless enough others run."""
    if Job.objects.filter(state=JobState.RUNNING, lease_until__gt=Now()).exclude(pk=number).count() >= MOST_AT_ONCE:
        return None
    free = Job.objects.open().filter(Q(lease_until=None) | Q(lease_until__lte=Now()), pk=number)
    taken = free.update(state=JobState.RUNNING, claim_id=uuid.uuid4(), lease_until=Now() + LEASE, tries=F("tries") + 1, due_at=now + LEASE)
    if not taken:
        return None
    Job.objects.filter(pk=number, started_at=None).update(started_at=now)
    return Job.objects.select_related("asked_by").get(pk=number)
