"""What the doorbell rings for: somebody could not be reached, or a run is due."""

from __future__ import annotations

from celery import shared_task

from incidents import escalation
from servicedesk import clock


@shared_task(name="incidents.tasks.advance_runs")
def advance_runs(ids: list[int]) -> None:
    """Errands (`ids`) that reached nobody: all unnoticed ones are looked at, so a lost ring is made up for by the next."""
    escalation.notice_unsettled(now=clock.now())
