"""What workers do for the ears."""

from __future__ import annotations

from celery import shared_task

from monitoring import rounds
from servicedesk import clock


@shared_task(name="monitoring.tasks.run_probes")
def run_probes(ids: list[int]) -> None:
    """Run these probes, as far as they are still due; the worker's own thread does not wait for them."""
    rounds.run_all(ids, now=clock.now())
