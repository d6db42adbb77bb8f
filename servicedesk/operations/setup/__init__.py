"""The first visit to an empty desk, and the steps that follow it."""

from __future__ import annotations

from servicedesk.operations.setup.visits import setup, step

__all__ = ["setup", "step"]
