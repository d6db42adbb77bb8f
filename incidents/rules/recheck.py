"""When time alone could change the value of a condition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from incidents.rules.conditions import leaves, moment, truth
from incidents.rules.fields import FIELDS
from incidents.rules.shapes import JSON, Facts, Tree

HOPS = 20  # after so many turns without a change the last one is answered: to look again early does no harm
TIMED = frozenset(name for name, field in FIELDS.items() if field.kind in ("time", "clock", "weekday") or field.changes_at is not None)
HALF_HOUR = timedelta(minutes=30)


def next_change(tree: Tree, facts: Facts, now: datetime) -> datetime | None:
    """The first moment after now at which the value may differ from now's; None: never by time alone. Never too late."""
    timed = [leaf for leaf in leaves(tree) if _turns_by_time(leaf)]
    if not timed or truth(tree, facts, None) is not None:
        return None
    today, at = truth(tree, facts, now), now
    for _hop in range(HOPS):
        turn = min((due for leaf in timed for due in _turns(leaf, facts, at) if due > at), default=None)
        if turn is None:
            return None
        at = turn
        if truth(tree, facts, at) is not today:
            break
    return at


def earliest(moments: Sequence[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _turns_by_time(leaf: Tree) -> bool:
    return leaf["field"] in TIMED


def _turns(leaf: Tree, facts: Facts, at: datetime) -> Iterator[datetime]:
    """Moments after `at` where this one condition may turn."""
    field = FIELDS[cast("str", leaf["field"])]
    if field.changes_at is not None:
        yield from _moments(facts.get(field.changes_at))
    elif field.kind == "time":
        lasts = timedelta(seconds=cast("Any", leaf.get("value") or 0)) if leaf["op"] == "for_at_least" else timedelta()
        yield from (since + lasts for since in _moments(facts.get(field.name)))
    else:
        bounds = cast("Sequence[str]", leaf["value"]) if field.kind == "clock" else ("00:00",)
        yield from _wall_clock(bounds, facts.get("time.zone"), at)


def _moments(value: JSON) -> Iterator[datetime]:
    found = moment(value)
    if found is not None:
        yield found


def _wall_clock(bounds: Sequence[str], zone: JSON, at: datetime) -> Iterator[datetime]:
    """Each boundary yesterday, today and on the two days after, both readings of an hour that comes twice.

    Where the offset changes nearby, a wall clock jumps over boundaries: there every half hour is a turn.
    """
    if not isinstance(zone, str):
        return
    where = ZoneInfo(zone)
    local = at.astimezone(where)
    for day in range(-1, 3):
        for bound in bounds:
            yield from _readings(local.date() + timedelta(days=day), time.fromisoformat(bound), where, at)
    if len({(local + timedelta(days=day)).utcoffset() for day in (-1, 0, 1, 2)}) > 1:
        yield at + HALF_HOUR - timedelta(minutes=at.minute % 30, seconds=at.second, microseconds=at.microsecond)


def _readings(day: date, bound: time, where: ZoneInfo, at: datetime) -> Iterator[datetime]:
    for fold in (0, 1):
        yield datetime.combine(day, bound, where).replace(fold=fold).astimezone(at.tzinfo)
