"""Is this check a problem? One engine for pushed results, heartbeats and probes. Pure.

A bad result is soft until `confirm` results in a row (or `confirm` of the last `of`) are bad and `for_s` seconds have
passed since the first of them; then the check has a problem. It is over after `clear_confirm` good results in a row
and `keep_s` seconds without a bad one. Server time orders results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

Status = Literal["ok", "warning", "critical", "unknown"]
Change = Literal["opened", "worsened", "eased", "cleared", "flapping_started", "flapping_stopped"]
Why = tuple[tuple[str | float, ...], ...]

# Not knowing is the least of the bad ones: it never hides a known warning or critical.
RANK: Mapping[str, int] = {"ok": 0, "unknown": 1, "warning": 2, "critical": 3}
LETTER: Mapping[str, str] = {"ok": "o", "unknown": "u", "warning": "w", "critical": "c"}
# Icinga 2, lib/icinga/checkable-flapping.cpp: 20 change slots; 0.02 is the smallest part, so whole numbers suffice.
REMEMBERED = 21
FLAPPING_ABOVE, CALM_BELOW = 30.0, 25.0
TIMES = ("bad_since", "since", "last_at", "last_bad_at", "started_at")


@dataclass(frozen=True, slots=True)
class Options:
    """`of`: bad when `confirm` of the last `of` results are, in any order. `unknown`: what an unknown result counts
    as. `calm_s`: without any result for so long a check does not flap; senders that speak only on change need it."""

    confirm: int = 1
    for_s: int = 0
    clear_confirm: int = 1
    keep_s: int = 0
    of: int | None = None
    unknown: Literal["alert", "warn", "ignore"] = "alert"
    flap: bool = True
    calm_s: int = 3600


@dataclass(frozen=True, slots=True)
class State:
    """The memory of one check. `status` is hard (unknown while nothing is confirmed), `soft` the last result's.

    `problem`: an alert is open. `bad_since`: the first bad result of the streak, kept while the problem lasts.
    `started_at`: the newest start a sender gave, never later than its arrival. `window`: for `of`, when each of the
    last results came if it was bad. `crossed`: metrics beyond a threshold and not yet back in the range that clears them.
    """

    status: Status = "unknown"
    problem: bool = False
    soft: Status = "unknown"
    streak: int = 0
    bad_since: datetime | None = None
    since: datetime | None = None
    last_at: datetime | None = None
    last_bad_at: datetime | None = None
    started_at: datetime | None = None
    worst: Status = "ok"
    history: str = ""
    flapping: bool = False
    window: tuple[datetime | None, ...] = ()
    crossed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """`at` is the server's time of arrival, `started_at` the sender's own."""

    status: Status
    at: datetime
    started_at: datetime | None = None
    summary: str = ""
    crossed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`change` names the most telling change, `state` has them all. `why`: a code, then its numbers."""

    state: State
    change: Change | None
    recheck_at: datetime | None
    why: Why


def verdict(state: State | None, reading: Reading, options: Options, now: datetime) -> Verdict:
    """Judge one result. State None: the first of this check."""
    before = state or State()
    if reading.status == "unknown" and options.unknown == "ignore":
        return Verdict(before, None, _recheck_at(before, options), (("unknown_ignored",),))
    if reading.status == "ok" and _is_older(before, reading):
        return Verdict(before, None, _recheck_at(before, options), (("older_than_last",),))
    return _judge(before, _heard(before, reading, options), options, now)


def recheck(state: State, options: Options, now: datetime) -> Verdict:
    """Judge by the passing of time alone, at the moment an earlier verdict asked for."""
    return _judge(state, _calmed(state, options, now), options, now)


def settled(state: State) -> bool:
    """OK and remembering nothing but OK: another OK leaves no trace, neither now nor in any later verdict.

    A check with a problem is never settled: each bad result moves the times that decide when it is over.
    """
    quiet = not state.flapping and not any(state.window)
    return quiet and state.status == state.soft == "ok" and set(state.history) <= {LETTER["ok"]}


def unchanged(state_status: str, is_settled: bool, reading_status: str) -> bool:
    """The rule SQL may apply without asking the verdict."""
    return is_settled and state_status == reading_status


def percent(history: str) -> float:
    """Weighted share of changes among the last results: 0.8 + 0.02 i per slot of 20, the newest i = 19."""
    changes = [before != after for before, after in pairwise(history[-REMEMBERED:])]
    return sum(40 + i for i, changed in zip(range(19, -1, -1), reversed(changes), strict=False) if changed) / 10


def dump(state: State) -> dict[str, Any]:
    """For a JSON column."""
    plain = asdict(state)
    plain.update({name: _text(plain[name]) for name in TIMES}, window=[_text(at) for at in state.window], crossed=list(state.crossed))
    return plain


def load(plain: Mapping[str, Any]) -> State | None:
    """None for an empty column: nothing was judged yet."""
    if not plain:
        return None
    times = {name: _moment(plain[name]) for name in TIMES}
    return State(**{**plain, **times, "window": tuple(_moment(at) for at in plain["window"]), "crossed": tuple(plain.get("crossed", ()))})


def _is_older(state: State, reading: Reading) -> bool:
    """By either clock older than what is known: it may not close what came after it."""
    if state.last_at is not None and reading.at < state.last_at:
        return True
    started_at = _started(reading)
    return started_at is not None and state.started_at is not None and started_at < state.started_at


def _started(reading: Reading) -> datetime | None:
    """A sender whose clock runs ahead must not make later results look old."""
    return min(reading.started_at, reading.at) if reading.started_at else None


def _heard(state: State, reading: Reading, options: Options) -> State:
    """The state with this result remembered, nothing judged yet."""
    soft: Status = "warning" if reading.status == "unknown" and options.unknown == "warn" else reading.status
    bad, goes_on = soft != "ok", state.streak > 0 and (soft == "ok") == (state.soft == "ok")
    window = (*state.window, reading.at if bad else None)[-options.of :] if options.of else ()
    state = _calmed(state, options, reading.at)
    history = (state.history + LETTER[soft])[-REMEMBERED:]
    return replace(
        state,
        soft=soft,
        streak=state.streak + 1 if goes_on else 1,
        bad_since=state.bad_since if state.problem else _bad_since(state, reading.at, window, bad, goes_on),
        last_at=max(reading.at, state.last_at or reading.at),
        last_bad_at=reading.at if bad else state.last_bad_at,
        started_at=max(filter(None, (state.started_at, _started(reading))), default=None),
        history=history,
        flapping=options.flap and _flaps(history, state.flapping),
        window=window,
        crossed=reading.crossed,
    )


def _bad_since(state: State, at: datetime, window: tuple[datetime | None, ...], bad: bool, goes_on: bool) -> datetime | None:
    if window:
        return next(filter(None, window), None)
    if not bad:
        return None
    return state.bad_since if goes_on else at


def _flaps(history: str, already: bool) -> bool:
    return percent(history) >= CALM_BELOW if already else percent(history) > FLAPPING_ABOVE


def _calmed(state: State, options: Options, now: datetime) -> State:
    """After a long silence only the last result is remembered for flapping."""
    if state.last_at is None or now < state.last_at + timedelta(seconds=options.calm_s):
        return state
    return replace(state, history=state.history[-1:], flapping=False)


def _judge(before: State, heard: State, options: Options, now: datetime) -> Verdict:
    """From the state last told and the state just heard to the state now told."""
    told = _with_problem(heard, options, now) if heard.problem else _without_problem(heard, options, now)
    return Verdict(told, _change(before, told), _recheck_at(told, options), why(heard, options, now))


def _without_problem(state: State, options: Options, now: datetime) -> State:
    if _is_confirmed(state, options) and _passed(state.bad_since, options.for_s, now):
        return replace(state, problem=True, status=state.soft, since=now, worst=state.soft)
    if state.soft == "ok" and state.status != "ok":
        return replace(state, status="ok", since=now)
    return state


def _with_problem(state: State, options: Options, now: datetime) -> State:
    if state.soft == "ok":
        return _cleared(state, now) if _may_clear(state, options, now) else state
    falls = RANK[state.soft] < RANK[state.status]
    if state.soft == state.status or (falls and (state.flapping or state.soft == "unknown")):
        return state
    return replace(state, status=state.soft, since=now, worst=max(state.worst, state.soft, key=RANK.__getitem__))


def _cleared(state: State, now: datetime) -> State:
    return replace(state, problem=False, status="ok", since=now, worst="ok", bad_since=next(filter(None, state.window), None))


def _is_confirmed(state: State, options: Options) -> bool:
    return state.soft != "ok" and _bad_count(state) >= options.confirm


def _bad_count(state: State) -> int:
    if state.window:
        return sum(at is not None for at in state.window)
    return state.streak if state.soft != "ok" else 0


def _may_clear(state: State, options: Options, now: datetime) -> bool:
    return _is_over(state, options) and _passed(state.last_bad_at, options.keep_s, now)


def _is_over(state: State, options: Options) -> bool:
    """But for the time it is kept, this problem has passed. A flapping one has not."""
    return not state.flapping and state.streak >= options.clear_confirm and _bad_count(state) < options.confirm


def _passed(start: datetime | None, seconds: int, now: datetime) -> bool:
    return start is None or now >= start + timedelta(seconds=seconds)


def _recheck_at(state: State, options: Options) -> datetime | None:
    """When time alone could change the verdict."""
    moments = []
    if state.problem and state.soft == "ok" and _is_over(state, options) and state.last_bad_at:
        moments.append(state.last_bad_at + timedelta(seconds=options.keep_s))
    if not state.problem and _is_confirmed(state, options) and state.bad_since:
        moments.append(state.bad_since + timedelta(seconds=options.for_s))
    if state.flapping and state.last_at:
        moments.append(state.last_at + timedelta(seconds=options.calm_s))
    return min(moments, default=None)


def _change(before: State, after: State) -> Change | None:
    if before.problem != after.problem:
        return "opened" if after.problem else "cleared"
    if after.problem and RANK[after.status] > RANK[before.status]:
        return "worsened"
    if before.flapping != after.flapping:
        return "flapping_started" if after.flapping else "flapping_stopped"
    return "eased" if after.problem and RANK[after.status] < RANK[before.status] else None


def why(state: State, options: Options, now: datetime) -> Why:
    """What a verdict of this state turns on, in its own order: a code, the number seen, the number needed."""
    found: list[tuple[str | float, ...]] = []
    if state.soft != "ok" and not state.problem:
        found.append(
            ("bad_of_last", _bad_count(state), options.confirm, options.of)
            if options.of
            else ("bad_in_a_row", state.streak, options.confirm)
        )
        found += [("bad_for_s", _seconds(state.bad_since, now), options.for_s)] if options.for_s else []
    if state.soft == "ok" and state.problem:
        found.append(("good_in_a_row", state.streak, options.clear_confirm))
        found += [("good_for_s", _seconds(state.last_bad_at, now), options.keep_s)] if options.keep_s else []
    if state.flapping:
        found.append(("flapping_percent", round(percent(state.history), 1), CALM_BELOW))
    return tuple(found)


def _seconds(start: datetime | None, now: datetime) -> float:
    return (now - start).total_seconds() if start else 0.0


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
