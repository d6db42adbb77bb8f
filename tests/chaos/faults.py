"""The faults. Each strikes a running desk once and heals what the desk cannot heal itself."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random

import redis

from tests.chaos.ledger import Ledger
from tests.chaos.under import Under
from tests.fakes.proxy import Fault

Strike = Callable[[Under, Ledger, Random], None]
ROUND_S = 6.0  # how long a lasting fault lasts


def kill(name: str) -> Strike:
    return lambda desk, _ledger, _random: desk.kill(name)


def flush(desk: Under, _ledger: Ledger, _random: Random) -> None:
    """Everything the broker holds is gone."""
    with suppress(redis.RedisError):
        desk.broker().flushall()


def hang(desk: Under, _ledger: Ledger, random: Random) -> None:
    """The broker takes connections and says nothing."""
    with suppress(KeyError, ProcessLookupError):
        broker = desk.pids()["broker"]
        os.kill(broker, signal.SIGSTOP)
        try:
            time.sleep(random.uniform(2, ROUND_S))
        finally:
            os.kill(broker, signal.SIGCONT)


def absent(desk: Under, _ledger: Ledger, _random: Random) -> None:
    """No broker for the whole round: it is killed as often as it is started."""
    ends = time.monotonic() + ROUND_S + 4
    while time.monotonic() < ends:
        desk.kill("broker")
        time.sleep(0.05)


def twilio(verb: str, seconds: float = ROUND_S) -> Strike:
    def strike(desk: Under, _ledger: Ledger, _random: Random) -> None:
        desk.twilio.behave(verb)
        time.sleep(seconds)
        desk.twilio.behave("ok")

    return strike


def killed_in_answer(desk: Under, _ledger: Ledger, _random: Random) -> None:
    """The worker dies when Twilio has taken a message and before it could be told so."""
    once = threading.Event()

    def shoot(_text: object) -> None:
        if not once.is_set():
            once.set()
            desk.kill("worker")

    desk.twilio.on_text = shoot
    once.wait(ROUND_S)
    desk.twilio.on_text = None


def dies(place: str) -> Strike:
    def strike(desk: Under, _ledger: Ledger, _random: Random) -> None:
        assert desk.dies_at(place, ROUND_S), f"no process came to {place}"

    return strike


def wire(name: str, fault: Fault, *, seconds: float = ROUND_S, cuts: bool = False) -> Strike:
    """Trouble on the line to one server for some seconds; `cuts`: the open connections end first."""

    def strike(desk: Under, _ledger: Ledger, _random: Random) -> None:
        line = desk.wires[name]
        line.fault = fault
        if cuts:
            line.cut()
        time.sleep(seconds)
        line.mend()

    return strike


LINES: Mapping[str, Strike] = {
    "line to postgresql cut": wire("postgresql", Fault(reset=True), seconds=2, cuts=True),
    "line to postgresql stalled": wire("postgresql", Fault(stall=True), seconds=4),
    "line to postgresql slow": wire("postgresql", Fault(delay_s=1), cuts=True),
    "line to redis cut": wire("redis", Fault(reset=True), cuts=True),
    "line to redis stalled": wire("redis", Fault(stall=True)),
    "line to smtp cut": wire("smtp", Fault(cut_after=60)),
    "line to smtp stalled": wire("smtp", Fault(black_hole=True)),
    "line to smtp slow": wire("smtp", Fault(bytes_per_s=40)),
    "line to twilio cut": wire("twilio", Fault(reset=True)),
    "line to twilio stalled": wire("twilio", Fault(black_hole=True)),
    "line to twilio cut in the answer": wire("twilio", Fault(cut_after=20)),
}
FAULTS: Mapping[str, Strike] = {
    **LINES,
    "worker killed": kill("worker"),
    "engine killed": kill("engine"),
    "web killed": kill("web"),
    "broker killed": kill("broker"),
    "broker flushed": flush,
    "broker hung": hang,
    "broker absent": absent,
    "twilio drops": twilio("drop"),
    "twilio slow": twilio("slow:3"),
    "twilio 500": twilio("500"),
    "worker killed in the answer": killed_in_answer,
    "killed before the doorbell": dies("commit"),
    "killed before the record": dies("record"),
}
EARLY = {"broker absent", "twilio drops", "twilio slow", "twilio 500", "worker killed in the answer", "broker hung"} | {
    "killed before the doorbell",
    "killed before the record",
}
EARLY |= set(LINES)


def faults_for(desk: Under) -> list[str]:
    """Those that this desk can meet: SQLite has no line, and the bundled broker a socket."""
    return sorted(name for name in FAULTS if name not in LINES or name.split()[2] in desk.wires)


BROKER = {"broker killed", "broker flushed", "broker hung", "broker absent"}
