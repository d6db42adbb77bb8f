"""What workers do for the post office, one task a lane, so that a flood of letters never delays a page."""

from __future__ import annotations

from celery import shared_task

from notifications import delivery
from servicedesk import clock


@shared_task(name="notifications.tasks.deliver_page")
def deliver_page(ids: list[int]) -> None:
    """Deliver pages, as far as they are still to be delivered."""
    delivery.deliver_all(ids, now=clock.now())


@shared_task(name="notifications.tasks.deliver_bulk")
def deliver_bulk(ids: list[int]) -> None:
    """Deliver letters that wake nobody, through one connection to the mail server."""
    delivery.deliver_together(ids, now=clock.now())
