"""Writing the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import User

MACHINE = "Servicedesk"


def record(
    subject: models.Model,
    verb: str,
    *,
    actor: User | None,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """One row: who (None: the desk itself) did what to which object; `before` and `after` are JSON. Call inside the deed's transaction."""
    return AuditEntry.objects.create(
        at=now,
        actor=actor,
        actor_label=str(actor) if actor else MACHINE,
        verb=verb,
        noun=subject._meta.label_lower,
        object_id=str(subject.pk),
        before=before or {},
        after=after or {},
    )
