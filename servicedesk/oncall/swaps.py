"""Swaps: asked by one, agreed by the other. Unanswered a day before the first shift, they lapse and nothing changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from servicedesk.audit import trail
from servicedesk.directory.models import User
from servicedesk.oncall import changes, roster, shifts
from servicedesk.oncall.changes import Change
from servicedesk.oncall.models import Override, Schedule, Swap

LAPSES_BEFORE = timedelta(hours=24)


class SwapRefused(ValueError):
    """It cannot be asked or agreed; the words say why."""


@dataclass(frozen=True, slots=True)
class Offer:
    """`gives`: a stretch in which the asker is on call. `takes`: one of the other's in return, or None."""

    other: User
    gives: shifts.Span
    takes: shifts.Span | None = None


@transaction.atomic
def ask(schedule: Schedule, offer: Offer, *, by: User, now: datetime) -> Swap:
    """Raises SwapRefused where a stretch is not theirs, or is too near for the other to answer."""
    begins = min(offer.gives[0], offer.takes[0] if offer.takes else offer.gives[0])
    if begins - LAPSES_BEFORE <= now:
        raise SwapRefused(_("A swap is asked more than 24 hours before the first of the two shifts. Take an override instead."))
    _refuse_strangers(schedule, by, offer)
    takes_from, takes_until = offer.takes or (None, None)
    made = Swap.objects.create(
        schedule=schedule, asker=by, other=offer.other, gives_from=offer.gives[0], gives_until=offer.gives[1],
        takes_from=takes_from, takes_until=takes_until, asked_at=now, lapses_at=begins - LAPSES_BEFORE,
    )  # fmt: skip
    trail.record(schedule, "ask swap", actor=by, now=now, after=_told(made))
    return made


@transaction.atomic
def agree(swap: Swap, *, by: User, now: datetime) -> Swap:
    """The other wants it: each covers for the other. Agreed already: unchanged. Raises SwapRefused."""
    row = _locked(swap)
    if row.state == Swap.State.AGREED:
        return row
    if row.state != Swap.State.ASKED or row.lapses_at <= now:
        raise SwapRefused(_("This swap is over: %(state)s.") % {"state": row.get_state_display().lower()})
    _refuse_strangers(row.schedule, row.asker, offer_of(row))
    cover = Override.Kind.COVER
    changes.make(row.schedule, Change(cover, row.other, row.asker, row.gives_from, row.gives_until), by=by, now=now)
    if row.takes_from and row.takes_until:
        changes.make(row.schedule, Change(cover, row.asker, row.other, row.takes_from, row.takes_until), by=by, now=now)
    return _end(row, Swap.State.AGREED, by=by, now=now)


@transaction.atomic
def end(swap: Swap, state: str, *, by: User | None, now: datetime) -> Swap:
    """Declined by the other, withdrawn by the asker, or lapsed. Over already: unchanged."""
    row = _locked(swap)
    return _end(row, state, by=by, now=now) if row.state == Swap.State.ASKED else row


def offer_of(swap: Swap) -> Offer:
    takes = (swap.takes_from, swap.takes_until) if swap.takes_from and swap.takes_until else None
    return Offer(swap.other, (swap.gives_from, swap.gives_until), takes)


def _locked(swap: Swap) -> Swap:
    return Swap.objects.select_for_update(of=("self",)).select_related("schedule__team", "asker", "other").get(pk=swap.pk)


def _end(row: Swap, state: str, *, by: User | None, now: datetime) -> Swap:
    row.state, row.answered_at = state, now
    row.save(update_fields=["state", "answered_at"])
    trail.record(row.schedule, f"swap {state}", actor=by, now=now, after=_told(row))
    return row


def _refuse_strangers(schedule: Schedule, asker: User, offer: Offer) -> None:
    """Both stretches must be what the final line-up says, now."""
    for person, span in ((asker, offer.gives), (offer.other, offer.takes)):
        if span is not None and not _has(schedule, person, span):
            raise SwapRefused(_("%(name)s is not on call for all of that time any more.") % {"name": person})


def _has(schedule: Schedule, person: User, span: shifts.Span) -> bool:
    line = roster.line_up(schedule, start=span[0], end=span[1])
    own = [shifts.Shift(duty.person.pk, duty.starts_at, duty.ends_at, None, "rotation") for duty in line if duty.person == person]
    return not shifts.gaps(own, *span)


def _told(swap: Swap) -> dict[str, Any]:
    times = {"gives": [swap.gives_from.isoformat(), swap.gives_until.isoformat()]}
    takes = [swap.takes_from.isoformat(), swap.takes_until.isoformat()] if swap.takes_from and swap.takes_until else None
    return {"asker": swap.asker.username, "other": swap.other.username, **times, "takes": takes}
