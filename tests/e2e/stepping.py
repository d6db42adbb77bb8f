"""Time by hand: the clock goes from one due moment to the next, and at each the engine runs until nothing moves.

`next_due` knows every due column of the house. A column that is missing there is noticed late, at the end of a move.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import Min, Q, QuerySet

from incidents.models import Command, Incident, LinkedAlert, Page, Run, Ticket
from incidents.states import LIVE_INCIDENT
from monitoring.models import Alert, Check, CheckState, Watch
from notifications import delivery
from notifications.delivery.sweeps import PATIENCE
from notifications.models import Attempt, Message
from notifications.states import IN_FLIGHT, WAITING, AttemptState, MessageState
from servicedesk import clock
from servicedesk.jobs.models import Job
from servicedesk.operations.engine import run_once
from servicedesk.operations.passes import PASSES, Pass

MOST_ROUNDS = 60
MOST_MOMENTS = 20_000


STORING = {one.name for one in PASSES if one.lane == "store"}  # goes on for long after days, and moves nothing anybody sees
BRISK = [one for one in PASSES if one.every_s < 60 and one.name not in STORING]
SLOW = [one for one in PASSES if one not in BRISK]


class NeverSettles(AssertionError):
    """Something is due again and again at the same moment."""


class Outside(Protocol):
    """What happens by itself beyond the engine: receipts arrive, checks report. `reporting` are checks never late."""

    reporting: Collection[str]

    def next_at(self) -> datetime | None: ...
    def act(self, now: datetime) -> None: ...


def run_until(target: datetime, outside: Outside) -> None:
    """Everything due up to `target` runs, in order, each at its own time; then it is `target`.

    On the way each slow pass keeps its pace, as in a running engine; at `target` all run, however lately they did.
    """
    ran = dict.fromkeys(SLOW, clock.now())
    settle(clock.now(), BRISK)
    for moment in _moments(target, outside):
        clock.move_to(moment)
        outside.act(moment)
        slow = [one for one, at in ran.items() if moment - at >= timedelta(seconds=one.every_s)]
        ran.update(dict.fromkeys(slow, moment))
        run_once(moment, slow)
        settle(moment, BRISK)
    clock.move_to(max(target, clock.now()))
    outside.act(target)
    settle(target)


def settle(now: datetime, passes: Collection[Pass] = PASSES) -> None:
    """Run the engine and deliver what is queued, at `now`, until nothing moves."""
    moved: dict[str, int] = {}
    for _round in range(MOST_ROUNDS):
        moved = {name: count for name, count in run_once(now, passes).items() if count and name not in STORING}
        sent = delivery.deliver_unclaimed(now=now, after=timedelta())
        if not moved and not sent:
            return
    raise NeverSettles(f"still moving at {now.isoformat()} after {MOST_ROUNDS} rounds: {moved}")


def _moments(target: datetime, outside: Outside) -> Iterator[datetime]:
    """The next due moment, as long as there is one; what was due before now has run."""
    now = clock.now()
    for _count in range(MOST_MOMENTS):
        moments = [moment for moment in (next_due(now, reporting=outside.reporting), outside.next_at()) if moment is not None]
        if not moments or min(moments) > target:
            return
        now = max(min(moments), now)
        yield now
    raise NeverSettles(f"more than {MOST_MOMENTS} moments before {target.isoformat()}")


def next_due(after: datetime, *, reporting: Collection[str] = ()) -> datetime | None:
    """The first moment later than `after` at which a row is due."""
    checks = CheckState.objects.filter(check_ref__is_paused=False)
    found = [_first(checks.exclude(check_ref__slug__in=reporting), "overdue_at", after), _first(checks, "recheck_at", after)]
    found += [_first(rows, column, after) for rows, column in _columns()]
    stuck = Message.objects.filter(lane=Message.Lane.PAGE, state__in=(MessageState.QUEUED, *IN_FLIGHT))
    lying = _first(stuck, "queued_at", after - PATIENCE)
    return min((moment for moment in [*found, lying and lying + PATIENCE] if moment is not None), default=None)


def _columns() -> Iterator[tuple[QuerySet[Any], str]]:
    yield CheckState.objects.filter(check_ref__is_paused=False), "closes_at"
    yield Watch.objects.filter(check_ref__is_paused=False), "due_at"
    yield Alert.objects.all(), "raise_at"
    yield Check.objects.filter(is_paused=True), "paused_until"
    yield Ticket.objects.all(), "evaluate_at"
    yield Ticket.objects.all(), "settle_at"
    yield Ticket.objects.all(), "unrated_due_at"
    yield LinkedAlert.objects.all(), "evaluate_at"
    yield Incident.objects.filter(state="proposed"), "decide_at"
    yield Incident.objects.live(), "settle_at"
    yield Command.objects.filter(incident__state__in=LIVE_INCIDENT), "remind_at"
    yield Run.objects.open(), "next_step_at"
    yield Page.objects.all(), "again_at"
    yield Message.objects.filter(state__in=WAITING), "due_at"
    yield Message.objects.filter(state__in=WAITING), "expires_at"
    yield Job.objects.open(), "due_at"
    yield Message.objects.all(), "hang_up_at"
    yield Attempt.objects.filter(state=AttemptState.UNKNOWN), "check_at"


def _first(rows: QuerySet[Any], column: str, after: datetime) -> datetime | None:
    found: datetime | None = rows.filter(Q(**{f"{column}__gt": after})).aggregate(first=Min(column))["first"]
    return found
