"""The engine: the memory of last resort. Whatever is due and unclaimed is found here, with or without a broker.

One loop a lane, one lease a pass on the database's clock. Two engines are harmless: the one that holds the lease runs
the pass, and a pass claims its rows before it acts, so that even a lease that ran out does no harm.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import Case, DurationField, ExpressionWrapper, F, IntegerField, Q, Value, When
from django.db.models.functions import Now

from incidents import catching_up
from servicedesk import clock
from servicedesk.directory import tongues
from servicedesk.operations import standstill
from servicedesk.operations.models import EnginePass
from servicedesk.operations.passes import PASSES, Pass

log = structlog.get_logger(__name__)

VERSION = 1  # raise it when an older engine must not run the passes beside this one
TICK_S = 1.0
LEASE_S = 5.0
RENEW_S = 2.0
CATCH_UP_S = 1.0  # a pass that handled rows is run again at once, for this long
BACK_OFF_MOST_S = 10.0
REST_S = 30.0  # nobody ran a pass for so long: what it looks for may have been missed rather than missing
STOP_S = 3.0
STEPPED_S = 5.0  # a wall clock that moved so much against the monotonic one was set by somebody
PATIENCE_S = {
    "desk": 30.0,
    "post": 90.0,
    "mail": 120.0,
    "work": 120.0,
    "store": 300.0,
    "outside": 60.0,
}  # a lane that stands still for longer lets the heartbeat go stale


def run_once(now: datetime, passes: Iterable[Pass] = PASSES) -> dict[str, int]:
    """Run every pass once at `now`, in order; rows handled by pass. All run, then what failed is raised together."""
    handled, errors = {}, []
    for one in passes:
        try:
            handled[one.name] = one.run(now=now)
        except Exception as error:
            log.exception("pass failed", engine_pass=one.name)
            errors.append(error)
    if errors:
        raise ExceptionGroup("engine passes failed", errors)
    return handled


class Leases:
    """The passes this engine may run. One statement renews them all and notes what ran since the last one."""

    def __init__(self, names: Sequence[str], holder: str) -> None:
        self.names, self.holder = names, holder
        self.held: set[str] = set()
        self.took_ms: dict[str, int] = {}
        self.renewed_at = float("-inf")
        self.on_hold = False

    def hold(self, name: str) -> bool:
        """True when `name` is ours now; renews first when it is time."""
        if time.monotonic() - self.renewed_at >= RENEW_S:
            self.renew()
        return name in self.held

    def renew(self) -> None:
        rows = EnginePass.objects.filter(name__in=self.names, version__lte=VERSION)
        free = Q(lease_until=None) | Q(lease_until__lt=Now()) | Q(holder=self.holder)
        rows.filter(free).update(holder=self.holder, lease_until=Now() + timedelta(seconds=LEASE_S), **self.news())
        self.renewed_at, self.on_hold = time.monotonic(), standstill.is_on()
        self.held = set(rows.filter(holder=self.holder).values_list("name", flat=True))
        self.took_ms = {}

    def note(self) -> None:
        """Write down what ran, at most every RENEW_S: a lane with little to do would else tell of it at its next turn only."""
        if self.took_ms and time.monotonic() - self.renewed_at >= RENEW_S:
            self.renew()

    def news(self) -> dict[str, Case]:
        """The columns that change for passes that ran."""
        if not self.took_ms:
            return {}
        took = [When(name=name, then=Value(ms)) for name, ms in self.took_ms.items()]
        ran = When(name__in=list(self.took_ms), then=Now())
        return {"ran_at": Case(ran, default=F("ran_at")), "took_ms": Case(*took, default=F("took_ms"), output_field=IntegerField())}

    def rested_s(self, name: str) -> float:
        """Seconds since any engine ran this pass, by the database's clock; 0 where none ever did."""
        rested = ExpressionWrapper(Now() - F("ran_at"), output_field=DurationField())
        found = EnginePass.objects.filter(name=name).exclude(ran_at=None).annotate(rested=rested).values_list("rested", flat=True).first()
        return found.total_seconds() if found else 0.0

    def release(self) -> None:
        EnginePass.objects.filter(holder=self.holder, name__in=self.names).update(lease_until=None, holder="", **self.news())


class Lane:
    """Passes that run one after the other, each at its own pace; a failing one backs off and stops nobody."""

    def __init__(self, passes: Sequence[Pass], holder: str, stop: threading.Event) -> None:
        self.passes, self.stop = passes, stop
        self.leases = Leases([one.name for one in passes], holder)
        self.next_at = dict.fromkeys(self.leases.names, 0.0)
        self.failures = dict.fromkeys(self.leases.names, 0)
        self.ran_at = dict.fromkeys(self.leases.names, float("-inf"))
        self.moved_at = time.monotonic()

    def loop(self) -> None:
        while not self.stop.is_set():
            close_old_connections()
            self.tick()
            self.stop.wait(TICK_S)
        self.leave()

    def tick(self) -> None:
        for one in self.passes:
            self.moved_at = time.monotonic()
            if not self.stop.is_set() and self.moved_at >= self.next_at[one.name]:
                self.attempt(one)
        self.note()

    def is_held(self, one: Pass) -> bool:
        """The desk is on hold, and this pass with it."""
        return self.leases.on_hold and not one.on_hold

    def note(self) -> None:
        try:
            self.leases.note()
        except (DatabaseError, InterfaceError):
            log.warning("what ran could not be written down; it is tried again")
            connection.close()

    def attempt(self, one: Pass) -> None:
        try:
            if self.leases.hold(one.name):
                if self.is_held(one):
                    return  # looked at again at once: an hourly pass does not wait another hour when the hold ends
                self.leases.took_ms[one.name] = self.run(one)
            self.failures[one.name] = 0
        except Exception as error:
            self.failures[one.name] += 1
            log.exception("pass failed", engine_pass=one.name, failures=self.failures[one.name])
            if isinstance(error, DatabaseError | InterfaceError):
                connection.close()
        self.next_at[one.name] = time.monotonic() + self.pause_s(one)

    def run(self, one: Pass) -> int:
        """Run it until nothing is left or its time is over; milliseconds taken."""
        began = time.monotonic()
        self.wake(one)
        with tongues.in_house():
            while one.run(now=clock.now()) and time.monotonic() - began < CATCH_UP_S and not self.stop.is_set():
                pass
        self.ran_at[one.name] = time.monotonic()
        return round((self.ran_at[one.name] - began) * 1000)

    def wake(self, one: Pass) -> None:
        """Tell a pass that nobody ran for a while how long that was."""
        if one.after_rest is None or time.monotonic() - self.ran_at[one.name] < REST_S:
            return
        now, rested = clock.now(), self.leases.rested_s(one.name)
        if rested >= REST_S:
            done = one.after_rest(since=now - timedelta(seconds=rested), now=now)
            log.warning("nobody ran this pass for a while", engine_pass=one.name, rested_s=round(rested), forgiven=done)

    def pause_s(self, one: Pass) -> float:
        """A little less than `every_s`, because the loop itself waits a tick; no longer than a lease where another holds it."""
        if self.failures[one.name]:
            return min(one.every_s * 2.0 ** self.failures[one.name], BACK_OFF_MOST_S)
        ours = one.name in self.leases.held
        return (one.every_s if ours else min(one.every_s, LEASE_S)) - TICK_S / 2

    def leave(self) -> None:
        try:
            self.leases.release()
        except DatabaseError:
            log.warning("leases were not given back; they run out by themselves")
        connection.close()


class Engine:
    """All lanes, a heartbeat for the supervisor, and a clean end."""

    def __init__(self, passes: Sequence[Pass] = PASSES, heartbeat: Path | None = None) -> None:
        self.passes, self.heartbeat = passes, heartbeat
        self.stop = threading.Event()
        self.clocks_apart = time.time() - time.monotonic()
        holder = f"{socket.gethostname()}:{os.getpid()}"
        names = dict.fromkeys(one.lane for one in passes)
        self.lanes = {name: Lane([one for one in passes if one.lane == name], holder, self.stop) for name in names}

    def run(self) -> None:
        """Until `stop` is set."""
        catch_up()
        enrol(self.passes)
        threads = [threading.Thread(target=lane.loop, name=name, daemon=True) for name, lane in self.lanes.items()]
        for thread in threads:
            thread.start()
        while not self.stop.wait(TICK_S):
            self.beat()
            self.look_at_clock()
        until = time.monotonic() + STOP_S
        for thread in threads:
            thread.join(max(until - time.monotonic(), 0))

    def beat(self) -> None:
        now = time.monotonic()
        if self.heartbeat and all(now - lane.moved_at < PATIENCE_S.get(name, 30.0) for name, lane in self.lanes.items()):
            self.heartbeat.touch()

    def look_at_clock(self) -> float:
        """Seconds the machine's clock was set by since the last look. Leases run on the database's clock; due times do not."""
        apart = time.time() - time.monotonic()
        step, self.clocks_apart = apart - self.clocks_apart, apart
        if abs(step) < STEPPED_S:
            return 0.0
        log.error("the machine's clock was set; what falls due moves with it", by_s=round(step))
        return step


def catch_up() -> None:
    """One page for all that fell due while no engine ran. Nothing on a new database."""
    try:
        if standstill.is_on():  # whoever ends the hold catches up
            return
        last = EnginePass.objects.exclude(ran_at=None).annotate(at=Now()).order_by("-ran_at").values_list("at", "ran_at").first()
        if last is not None and last[1] is not None:
            now = clock.now()
            catching_up.after_downtime(since=now - (last[0] - last[1]), now=now)
    except DatabaseError:
        log.exception("what fell due meanwhile could not be gathered; the rules take it one by one")


def newer() -> int:
    """The version of a newer engine that has worked on this database; 0: none. An older one leaves its passes alone."""
    found = EnginePass.objects.filter(version__gt=VERSION).order_by("-version").first()
    return found.version if found else 0


def enrol(passes: Sequence[Pass]) -> None:
    """A row for each pass; an older engine's row is raised to this version."""
    EnginePass.objects.bulk_create(
        [EnginePass(name=one.name, every_s=one.every_s, version=VERSION) for one in passes], ignore_conflicts=True
    )
    for one in passes:
        EnginePass.objects.filter(name=one.name, version__lte=VERSION).update(every_s=one.every_s, version=VERSION)
    if theirs := newer():
        log.error("a newer engine works on this database; this one runs nothing. Upgrade it or stop it.", ours=VERSION, theirs=theirs)
