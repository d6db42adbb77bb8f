"""The desk on hold: what comes in is kept, nothing falls due and nothing leaves, until the engine takes up again.

For maintenance of the desk itself the hold ends at its time; what was kept goes out then, and what fell due meanwhile comes as
one page. After a restore it ends when the operator says so: what was due by then is done in silence, its letters are kept as
expired, and one page names what is still open.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from incidents import catching_up
from notifications import stale
from servicedesk.audit import trail
from servicedesk.directory.models import HeldFor, Organisation

log = structlog.get_logger(__name__)

LONGEST = timedelta(hours=24)
ROUNDS = 50
NOT_IN_SILENCE = {"promote messages", "test the road of pages", "ring for probes", "run probes no worker took", "run jobs nobody took"}
SILENT_LANES = {"desk", "work"}


class Work(Protocol):
    """A pass of the engine, as far as this needs to know it."""

    @property
    def name(self) -> str: ...
    @property
    def lane(self) -> str: ...
    @property
    def on_hold(self) -> bool: ...
    def do(self, now: datetime) -> int: ...


class NothingToHold(Exception):
    """Nobody has set this desk up yet."""


def is_on() -> bool:
    return Organisation.objects.filter(held_since__isnull=False).exists()


def words() -> str:
    """What the desk is held for and until when; empty when it is not."""
    row = Organisation.objects.filter(held_since__isnull=False).first()
    if row is None:
        return ""
    if row.held_for == HeldFor.RESTORE and row.held_until is None:
        return _("On hold: this desk was restored from a backup. Nobody is paged until “manage.py hold off”.")
    if row.held_until is None:
        return _("On hold. Nobody is paged.")
    until = f"{row.held_until:%d %b %H:%M}"
    return _("On hold until %(until)s UTC: nobody is paged until then; what falls due is kept.") % {"until": until}


@transaction.atomic
def begin(*, until: datetime | None, held_for: str, now: datetime) -> Organisation:
    """Hold the desk, or move the end of a hold; a restore's stays one. Raises NothingToHold."""
    row = Organisation.objects.select_for_update().filter(pk=1).first()
    if row is None:
        raise NothingToHold
    row.held_since = row.held_since or now
    row.held_for = row.held_for or held_for
    row.held_until = until
    row.save(update_fields=["held_since", "held_for", "held_until"])
    said = {"until": until.isoformat() if until else None, "for": row.held_for}
    trail.record(row, "hold", actor=None, now=now, after=said)
    return row


def end_due(*, now: datetime, passes: Iterable[Work]) -> int:
    """End a hold whose time has come; 1 where there was one."""
    row = Organisation.objects.filter(held_since__isnull=False, held_until__lte=now).first()
    if row is None or row.held_since is None or row.held_until is None:
        return 0
    if row.held_for == HeldFor.RESTORE:
        _in_silence(passes, now=now)
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=row.pk)
        if row.held_for == HeldFor.RESTORE:
            _settle(row.held_since, row.held_until, now=now)
        else:
            catching_up.after_downtime(since=row.held_since, now=now)
        Organisation.objects.filter(pk=row.pk).update(held_since=None, held_until=None, held_for="")
        trail.record(row, "end hold", actor=None, now=now, before={"since": row.held_since.isoformat(), "for": row.held_for})
    return 1


def not_sent() -> str:
    return _("Not sent: the desk was restored from a backup, and this was due before.")


def _settle(since: datetime, until: datetime, *, now: datetime) -> None:
    """Letters of the past end here; what people wrote while the desk stood still goes out."""
    gone = stale.expire(now=now, reason=not_sent(), but_since=since, but_until=until)
    log.warning("letters from before the restore are not sent", letters=gone)
    catching_up.after_restore(but_since=since, but_until=until, now=now)


def _in_silence(passes: Iterable[Work], *, now: datetime) -> None:
    """Do what is due, over and over until nothing is. On hold nothing of it can leave."""
    mine = [one for one in passes if one.lane in SILENT_LANES and not one.on_hold and one.name not in NOT_IN_SILENCE]
    for _round in range(ROUNDS):
        if not sum([_try(one, now) for one in mine]):
            return
    log.warning("there was still work after many rounds", rounds=ROUNDS)


def _try(one: Work, now: datetime) -> int:
    try:
        return one.do(now)
    except Exception:
        log.exception("pass failed while the hold was ended", engine_pass=one.name)
        return 0
