"""What the engine finds due: proposals nobody decided, and incidents that settled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from incidents.incidents import deciding, endings
from incidents.models import Incident

log = structlog.get_logger(__name__)


def decide_due(*, now: datetime, limit: int = 50) -> int:
    """How many proposals opened by themselves, and incidents resolved by themselves. One that fails holds up no other."""
    due = Incident.objects.undecided(now).order_by("decide_at").values_list("pk", flat=True)[:limit]
    well = Incident.objects.settling(now).order_by("settle_at").values_list("pk", flat=True)[:limit]
    deeds = [*(partial(deciding.decide, pk) for pk in due), *(partial(endings.settle, pk) for pk in well)]
    return sum(_done(deed, now) for deed in deeds)


def _done(deed: Callable[..., bool], now: datetime) -> bool:
    try:
        return deed(now=now)
    except Exception:  # one broken incident must not stop the others
        log.exception("an incident could not be decided", deed=str(deed))
        return False
