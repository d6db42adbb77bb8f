"""Why a check is as it is told, and why nobody was told. Pure: reasons as codes with their numbers, words elsewhere.

The reasons stand in the order in which a signal meets them: taken at all, judged, confirmed, held back, told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitoring import verdict


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` names it; `values` are its numbers or names, in the order the words need. `stops`: this is why nobody was told."""

    code: str
    values: tuple[Any, ...] = ()
    stops: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a check when it is asked about. `told_at`: when the desk heard of the open alert."""

    is_paused: bool = False
    held_by: str = ""
    told_at: datetime | None = None
    has_alert: bool = False
    silences: tuple[str, ...] = ()


# Why one signal changed nothing: what `verdict` and the doors store beside it.
STOPPED = frozenset({"unknown_ignored", "older_than_last", "began_before_the_end", "told_after_the_end", "paused"})
WAITING = frozenset({"bad_in_a_row", "bad_of_last", "bad_for_s"})


def signal(change: str, why: Iterable[Sequence[Any]]) -> tuple[Reason, ...]:
    """Of one stored result: what it changed, or what kept it from changing anything."""
    reasons = [Reason(str(code), tuple(values), stops=_stops(str(code), values)) for code, *values in why]
    if change:
        return (Reason(change), *reasons)
    return tuple(reasons) or (Reason("nothing_new"),)


def check(state: verdict.State, options: verdict.Options, around: Around, now: datetime) -> tuple[Reason, ...]:
    """Of a check as it stands now: why it is, or is not, an alert somebody was told of."""
    reasons = [*_standing(state, around)]
    judged = verdict.why(state, options, now) if state.last_at else ()
    reasons += [Reason(str(code), tuple(values), stops=_stops(str(code), values)) for code, *values in judged]
    if around.has_alert:
        reasons += _telling(around)
    return tuple(reasons)


def _standing(state: verdict.State, around: Around) -> Iterable[Reason]:
    if around.is_paused:
        yield Reason("paused", stops=True)
    if state.last_at is None:
        yield Reason("never_heard", stops=True)
    elif state.problem:
        yield Reason("bad_since", (state.status, state.bad_since))
    elif state.soft == "ok":
        yield Reason("well_since", (state.since or state.last_at,))
    if state.crossed:
        yield Reason("not_back_inside", (", ".join(state.crossed),))


def _telling(around: Around) -> Iterable[Reason]:
    if around.held_by:
        yield Reason("held_by", (around.held_by,), stops=True)
    for name in around.silences:
        yield Reason("silenced", (name,), stops=True)
    if around.told_at is not None:
        yield Reason("told", (around.told_at,))
    elif not around.held_by:
        yield Reason("about_to_be_told")


def _stops(code: str, values: Sequence[Any]) -> bool:
    """Bad results that are too few, or not bad for long enough yet, and whatever was not even judged."""
    if code in STOPPED:
        return True
    return code in WAITING and len(values) > 1 and float(values[0]) < float(values[1])
