"""A flood of letters goes through one connection; what happens to that connection loses none and sends none twice."""

from __future__ import annotations

import threading

import pytest

from notifications import channels, delivery, outbox, tasks
from notifications.channels import DeliveryFailed, OutcomeUnknown
from notifications.channels.smtp import kept_open
from notifications.delivery import letters
from notifications.models import Message
from servicedesk import clock
from tests.fakes.proxy import Fault, FaultyWire
from tests.notifications.makers import LETTER
from tests.notifications.parcels import mail


@pytest.fixture
def wire(settings, smtp):
    with FaultyWire((smtp.host, smtp.port)) as line:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", line.port
        yield line


def send(n: int) -> None:
    channels.send(mail(message_id=n, to=f"p{n}@acme.test"))


def arrived(fake) -> list[str]:
    return [letter.to for letter in fake.mails]


def test_fifty_letters_take_one_connection(wire, smtp):
    with kept_open():
        for n in range(50):
            send(n)
    assert arrived(smtp) == [f"p{n}@acme.test" for n in range(50)]
    assert wire.connections == 1


def test_outside_each_letter_has_its_own(wire):
    send(1)
    with kept_open():
        send(2)
    send(3)
    assert wire.connections == 3


def test_a_connection_the_server_ended_is_made_anew_and_nothing_is_lost(wire, smtp):
    with kept_open():
        send(1)
        wire.cut()
        send(2)
    assert arrived(smtp) == ["p1@acme.test", "p2@acme.test"]
    assert wire.connections == 2


def test_a_refused_recipient_leaves_the_connection_to_the_next(wire, smtp):
    smtp.behave("550 5.1.1 No such user", to="p1@acme.test")
    with kept_open():
        send(0)
        with pytest.raises(DeliveryFailed):
            send(1)
        send(2)
    assert arrived(smtp) == ["p0@acme.test", "p2@acme.test"]
    assert wire.connections == 1


def test_a_lost_answer_is_unknown_and_is_not_sent_again_by_itself(wire, smtp):
    smtp.behave("drop", to="p1@acme.test")
    with kept_open():
        send(0)
        with pytest.raises(OutcomeUnknown):
            send(1)
        send(2)
    assert arrived(smtp) == ["p0@acme.test", "p1@acme.test", "p2@acme.test"]


def test_a_line_that_stalls_ends_with_the_letters_own_deadline(wire, settings):
    settings.CHANNEL_READ_S = settings.CHANNEL_TOTAL_S = 0.5
    with kept_open():
        send(0)
        wire.fault = Fault(stall=True)
        with pytest.raises((DeliveryFailed, OutcomeUnknown)):
            send(1)
        wire.mend()


@pytest.mark.django_db(transaction=True)
def test_the_workers_of_the_bulk_lane_keep_it(wire, smtp):
    ids = [
        outbox.post(thread="T-1", key=f"k{n}", channel="email", to=f"p{n}@acme.test", letter=LETTER, now=clock.now()).pk for n in range(5)
    ]
    tasks.deliver_bulk(ids)
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
    assert wire.connections == 1


@pytest.mark.django_db
def test_letters_take_no_more_threads_than_are_theirs_so_that_others_are_free_for_pages(wire, smtp, monkeypatch):
    now = clock.now()
    first, second = (
        outbox.post(thread="T-1", key=f"k{n}", channel="email", to=f"p{n}@acme.test", letter=LETTER, now=now).pk for n in range(2)
    )
    send_one, done = channels.send, []

    def meanwhile(parcel):
        if parcel.to == "p0@acme.test":
            done.append(delivery.deliver_together([second], now=now))
        return send_one(parcel)

    monkeypatch.setattr(letters, "_at_letters", threading.BoundedSemaphore(1))
    monkeypatch.setattr(channels, "send", meanwhile)  # as another thread's task would, while the first letter is written
    assert delivery.deliver_together([first], now=now) == 2
    assert (done, arrived(smtp), wire.connections) == ([0], ["p0@acme.test", "p1@acme.test"], 1)
