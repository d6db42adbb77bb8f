"""Handing over: who is told that a turn begins, and swaps with what each of the two is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from incidents import letters_oncall
from notifications.models import Errand
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import User
from servicedesk.oncall import roster, shifts, swaps
from servicedesk.oncall.models import Schedule, Swap
from servicedesk.oncall.roster import Duty
from servicedesk.oncall.swaps import Offer

BEFORE = timedelta(hours=24)
STILL_TOLD = timedelta(hours=1)  # after a turn began, where the desk was down then
SHORTEST = timedelta(hours=12)  # a turn announced a day before; who takes over daily hears it when it begins
BREAK = timedelta(hours=20)
Due = tuple[Schedule, Duty, bool, str]


def tell_due(*, now: datetime) -> int:
    """Who begins within a day, and who has begun: each told once, about each turn. How many."""
    found = list(_beginning(now))
    known = set(Errand.objects.filter(key__in=[key for *_rest, key in found]).values_list("key", flat=True))
    new = [each for each in found if each[-1] not in known]
    for schedule, duty, is_now, key in new:
        letters_oncall.begins(duty.person, schedule, duty, key=key, is_now=is_now, now=now)
    return len(new)


def _beginning(now: datetime) -> Iterator[Due]:
    low, high = now - STILL_TOLD - BREAK, now + BEFORE + shifts.INSTANT  # a turn that begins in just 24 hours is one of them
    for rota in roster.load(list(Schedule.objects.select_related("team", "fallback")), start=low, end=high):
        line = roster.stretches(rota.line_up(low, high))
        for duty in line:
            if any(_resumes(duty, other) for other in line):
                continue
            if now - STILL_TOLD < duty.starts_at <= now:
                yield rota.schedule, duty, True, _key(rota.schedule, duty, "now")
            elif duty.starts_at > now and duty.ends_at - duty.starts_at >= SHORTEST:
                yield rota.schedule, duty, False, _key(rota.schedule, duty, "before")


def _resumes(duty: Duty, other: Duty) -> bool:
    """Whether the same person was on call until shortly before: nights in a row are one turn to whoever has them."""
    return other.person == duty.person and timedelta(0) <= duty.starts_at - other.ends_at < BREAK and other is not duty


def _key(schedule: Schedule, duty: Duty, word: str) -> str:
    return f"turn:{schedule.pk}:{duty.person.pk}:{duty.starts_at:%Y%m%dT%H%M}:{word}"


# Swaps


@tongues.deed
def ask_swap(schedule: Schedule, offer: Offer, *, by: User, now: datetime) -> Swap:
    """Ask the other, who is told what they would give and get. Raises SwapRefused."""
    row = swaps.ask(schedule, offer, by=by, now=now)
    with tongues.reader(row.other):
        title = _("%(name)s asks you to swap on %(schedule)s") % {"name": row.asker, "schedule": schedule}
        until = moments.stamp(zones.local(row.lapses_at, row.other), zones.local(now, row.other))
        said = f"{sentence(row, row.other, now=now)} " + _("Answer by %(until)s; after that nothing changes.") % {"until": until}
    letters_oncall.swap(row.other, row, title, said, now=now)
    return row


@tongues.deed
def answer_swap(row: Swap, answer: str, *, by: User, now: datetime) -> Swap:
    """ "agree" or "decline" by the one asked, "withdraw" by the asker; the other of the two is told. Raises SwapRefused."""
    before = row.state
    if answer == "agree":
        row = swaps.agree(row, by=by, now=now)
    else:
        row = swaps.end(row, Swap.State.DECLINED if answer == "decline" else Swap.State.WITHDRAWN, by=by, now=now)
    if row.state != before:
        _tell(row, row.asker if by == row.other else row.other, now=now)
    return row


def lapse_due(*, now: datetime, limit: int = 50) -> int:
    """Swaps nobody answered in time; both are told. How many."""
    late = list(Swap.objects.due(now).order_by("lapses_at")[:limit])
    for row in late:
        with transaction.atomic():
            row = swaps.end(row, Swap.State.LAPSED, by=None, now=now)
            for person in (row.asker, row.other):
                _tell(row, person, now=now)
    return len(late)


def _tell(row: Swap, person: User, *, now: datetime) -> None:
    with tongues.reader(person):
        title = _("Swap on %(schedule)s: %(state)s") % {"schedule": row.schedule, "state": row.get_state_display().lower()}
        said = sentence(row, person, now=now)
    letters_oncall.swap(person, row, title, said, now=now)


def sentence(row: Swap, reader: User, *, now: datetime) -> str:
    """ "Ben takes Mon 30 Nov, 09:00 to Mon 7 Dec, 09:00 of Ana; Ana takes … of Ben." On the reader's clock."""
    said = [_takes(row.other, row.asker, row.gives_from, row.gives_until, reader, now)]
    if row.takes_from and row.takes_until:
        said.append(_takes(row.asker, row.other, row.takes_from, row.takes_until, reader, now))
    return "; ".join(said) + "."


def _takes(who: User, of: User, start: datetime, end: datetime, reader: User, now: datetime) -> str:
    here = zones.local(now, reader)
    times = {"start": moments.stamp(zones.local(start, reader), here), "end": moments.stamp(zones.local(end, reader), here)}
    return _("%(who)s takes %(start)s to %(end)s of %(of)s") % {"who": who, "of": of, **times}
