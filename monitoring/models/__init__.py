"""What is watched, what was heard, what is wrong."""

from __future__ import annotations

from monitoring.models.alerts import Alert
from monitoring.models.changes import StateChange
from monitoring.models.checks import Check, CheckState, Threshold
from monitoring.models.results import PinnedResult, RawBody, Result, SeenEvent
from monitoring.models.rollups import Rollup, RollupMark
from monitoring.models.sources import Source
from monitoring.models.watches import Watch

__all__ = [
    "Alert",
    "Check",
    "CheckState",
    "PinnedResult",
    "RawBody",
    "Result",
    "Rollup",
    "RollupMark",
    "SeenEvent",
    "Source",
    "StateChange",
    "Threshold",
    "Watch",
]
