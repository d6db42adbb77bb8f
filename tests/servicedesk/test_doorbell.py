"""The doorbell rings after commit, never in the request, and a broken broker costs a request nothing."""

from __future__ import annotations

import json
import socket
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.db import transaction

from servicedesk import doorbell
from servicedesk.celery import app
from tests.patience import LONG_S
from tests.servicedesk.test_supervisor import until


class Broker:
    """What was published to one broker, read where Celery's Redis transport keeps it."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(url.replace("redis+socket://", "unix://"))
        self.prefix = app.conf.broker_transport_options["global_keyprefix"]

    def rung(self, queue: str, count: int = 1, seconds: float = LONG_S) -> list[tuple[str, list[int]]]:
        """(task, ids) of what lies in `queue`, oldest first, once `count` lie there."""
        end = time.monotonic() + seconds
        while self.client.llen(self.prefix + queue) < count and time.monotonic() < end:
            time.sleep(0.01)
        found = [json.loads(raw) for raw in reversed(self.client.lrange(self.prefix + queue, 0, -1))]
        return [(message["headers"]["task"], json.loads(b64decode(message["body"]))[1]["ids"]) for message in found]

    def clear(self) -> None:
        self.client.delete(self.prefix + "page", self.prefix + "bulk")
        self.client.close()


@pytest.fixture(autouse=True)
def fresh_bell(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(doorbell, "_bell", doorbell._Bell())
    yield
    app.close()


@pytest.fixture
def publishers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that spoke with the broker, by name."""
    send, names = app.send_task, []

    def noted(*args: object, **given: object) -> object:
        names.append(threading.current_thread().name)
        return send(*args, **given)

    monkeypatch.setattr(app, "send_task", noted)
    return names


@pytest.fixture
def broker(embedded_broker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    use(embedded_broker, monkeypatch)
    ours = Broker(embedded_broker)
    yield ours
    ours.clear()


def use(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Celery publish to `url`, past the pool it keeps."""
    app.close()
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    monkeypatch.setattr(app.conf, "broker_url", url)
    monkeypatch.setattr(app.conf, "broker_write_url", url)


@pytest.mark.django_db(transaction=True)
def test_rings_of_one_transaction_arrive_together_and_once_each(broker: Broker) -> None:
    with transaction.atomic():
        doorbell.ring("a.b", [1, 2])
        doorbell.ring("a.b", [2, 3])
    assert broker.rung("bulk") == [("a.b", [1, 2, 3])]


@pytest.mark.django_db(transaction=True)
def test_a_page_goes_to_the_page_queue(broker: Broker) -> None:
    doorbell.ring("notifications.tasks.deliver_page", [7])
    assert broker.rung("page") == [("notifications.tasks.deliver_page", [7])]


@pytest.mark.django_db(transaction=True)
def test_many_ids_are_split_into_lots_of_fifty(broker: Broker) -> None:
    doorbell.ring("a.b", range(120))
    assert [len(ids) for _, ids in broker.rung("bulk", count=3)] == [50, 50, 20]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_is_rolled_back_rings_nobody(broker: Broker) -> None:
    with transaction.atomic():
        doorbell.ring("a.b", [1])
        transaction.set_rollback(True)
    assert broker.rung("bulk", seconds=0.3) == []


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_costs_the_request_nothing_and_opens_the_circuit(
    publishers: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(f"redis+socket://{tmp_path}/nobody.sock", monkeypatch)
    doorbell.ring("a.b", [1])
    assert opened()
    assert publishers == ["doorbell"]


@pytest.mark.django_db(transaction=True)
def test_a_hung_broker_costs_the_request_nothing_and_opens_the_circuit(publishers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hung:  # takes connections and never answers
        use(f"redis://127.0.0.1:{hung.getsockname()[1]}/0", monkeypatch)
        doorbell.ring("a.b", [1])
        assert opened()
        assert publishers == ["doorbell"]


def test_an_open_circuit_drops_rings_and_asks_no_broker(publishers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "QUIET_S", LONG_S)
    doorbell._bell.hush("a.b", "gone")
    doorbell._bell.publish("a.b", [1])
    assert publishers == []


def test_the_circuit_closes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "QUIET_S", 1.0)
    doorbell._bell.hush("a.b", "gone")
    assert doorbell.circuit()["open"]
    assert until(lambda: not doorbell.circuit()["open"], LONG_S)


@pytest.mark.django_db(transaction=True)
def test_a_ring_that_cannot_be_published_does_not_silence_the_next(broker: Broker) -> None:
    doorbell.ring("a.b", [object()])  # type: ignore[list-item]  # JSON cannot say this
    time.sleep(0.2)
    doorbell.ring("a.c", [1])
    assert broker.rung("bulk") == [("a.c", [1])]


def test_one_thread_serves_all_rings() -> None:
    for number in range(20):
        doorbell._bell.add("a.b", [number])
    assert sum(thread.name == "doorbell" and thread is doorbell._bell.thread for thread in threading.enumerate()) == 1


def opened() -> bool:
    return bool(until(lambda: doorbell.circuit()["open"], LONG_S))


@pytest.mark.django_db(transaction=True)
def test_what_is_rung_before_anybody_listens_is_dropped_and_later_rings_are_heard(broker: Broker) -> None:
    with doorbell.held():
        doorbell.ring("a.b", [1])
    doorbell.ring("a.b", [2])
    assert broker.rung("bulk") == [("a.b", [2])]
