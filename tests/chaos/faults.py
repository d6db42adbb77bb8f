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
from tests.chaos.test_story import Desk

Strike = Callable[[Desk, Ledger, Random], None]
ROUND_S = 6.0  # how long a lasting fault lasts


def kill(name: str) -> Strike:
    return lambda desk, _ledger, _random: desk.kill(name)


def flush(desk: Desk, _ledger: Ledger, _random: Random) -> None:
    """Everything the broker holds is gone."""
    with suppress(redis.RedisError):
        redis.Redis(unix_socket_path=str(desk.folder / "broker.sock"), socket_timeout=2).flushall()


def hang(desk: Desk, _ledger: Ledger, random: Random) -> None:
    """The broker takes connections and says nothing."""
    with suppress(KeyError, ProcessLookupError):
        broker = desk.pids()["broker"]
        os.kill(broker, signal.SIGSTOP)
        try:
            time.sleep(random.uniform(2, ROUND_S))
        finally:
            os.kill(broker, signal.SIGCONT)


def absent(desk: Desk, _ledger: Ledger, _random: Random) -> None:
    """No broker for the whole round: it is killed as often as it is started."""
    ends = time.monotonic() + ROUND_S + 4
    while time.monotonic() < ends:
        desk.kill("broker")
        time.sleep(0.05)


def twilio(verb: str, seconds: float = ROUND_S) -> Strike:
    def strike(desk: Desk, _ledger: Ledger, _random: Random) -> None:
        desk.twilio.behave(verb)
        time.sleep(seconds)
        desk.twilio.behave("ok")

    return strike


def killed_in_answer(desk: Desk, _ledger: Ledger, _random: Random) -> None:
    """The worker dies when Twilio has taken a message and before it could be told so."""
    once = threading.Event()

    def shoot(_text: object) -> None:
        if not once.is_set():
            once.set()
            desk.kill("worker")

    desk.twilio.on_text = shoot
    once.wait(ROUND_S)
    desk.twilio.on_text = None


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
}
EARLY = {"broker absent", "twilio drops", "twilio slow", "twilio 500", "worker killed in the answer", "broker hung"}
