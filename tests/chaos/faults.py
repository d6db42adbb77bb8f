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


FAULTS: Mapping[str, Strike] = {
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
BROKER = {"broker killed", "broker flushed", "broker hung", "broker absent"}
