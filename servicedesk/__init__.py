"""The floor: wiring, people, what we run, who is on duty."""

from __future__ import annotations

from servicedesk.celery import app as celery_app

__all__ = ["celery_app"]
