"""What the doorbell rings for: a job waits."""

from __future__ import annotations

from celery import shared_task

from servicedesk import clock
from servicedesk.jobs import work


@shared_task(name="servicedesk.jobs.tasks.run")
def run(ids: list[int]) -> None:
    """One slice of the first of these jobs that is to be had."""
    work.run_first(ids, now=clock.now())
