"""Mails as they came are not kept for ever. What was made of one stays, and its row, so that a late copy is still known.

The content goes, and with its last row the file (attaching.sweep). What waits for a person keeps it, and so do the
mails of an incident until a year after it was closed, of a confidential one three.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from incidents.models import InboundMail
from incidents.states import IncidentState

AT_ONCE = 5_000
UNDECIDED = (InboundMail.State.RECEIVED, InboundMail.State.HELD)
NEVER_WAS = (IncidentState.REJECTED, IncidentState.MERGED)
PINNED, PINNED_SECRET = timedelta(days=365), timedelta(days=3 * 365)


def forget_raw(before: datetime) -> int:
    """Drop the content of mails that arrived before; how many."""
    old = InboundMail.objects.filter(arrived_at__lt=before).exclude(sha256="").exclude(state__in=UNDECIDED)
    free = old.exclude(_pinned("incident", before)).exclude(_pinned("ticket__incident", before))
    gone = 0
    while found := list(free.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        gone += InboundMail.objects.filter(pk__in=found).update(sha256="")
    return gone


def _pinned(path: str, before: datetime) -> Q:
    """Mails of an incident that is open, or was closed less than its time before."""
    recent = Q(**{f"{path}__closed_at": None}) | Q(**{f"{path}__closed_at__gt": before - PINNED})
    secret = Q(**{f"{path}__is_confidential": True, f"{path}__closed_at__gt": before - PINNED_SECRET})
    return Q(**{f"{path}__isnull": False}) & ~Q(**{f"{path}__state__in": NEVER_WAS}) & (recent | secret)
