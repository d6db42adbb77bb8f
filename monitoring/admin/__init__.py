"""The admin of monitoring."""

from __future__ import annotations

from monitoring.admin import probes, records

__all__ = ["probes", "records"]
