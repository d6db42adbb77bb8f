"""An acknowledgement ends the paging: nothing new starts, whatever the workers are doing at that moment."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction

from notifications import channels, delivery, outbox
from notifications.delivery import handing, outcomes
from notifications.models import Errand, Message
from servicedesk import doorbell
from tests.notifications.makers import NOW, SAM, SAM_MAIL, after, at_the_provider, notice, only, page, rungs, sam

LADDER = ((0, "sms", SAM), (600, "email", SAM_MAIL))


def state(message: Message) -> str:
    return Message.objects.values_list("state", flat=True).get(pk=message.pk)


def acknowledge(**only_person: object) -> list[str]:
    told = outbox.cancel("INC-214", now=after(1), reason="Sam has it.", **only_person)
    return [person.username for person in told]


@pytest.mark.django_db
def test_what_waits_is_cancelled_and_nobody_was_told(phone):
    errand = page(sam(*LADDER))
    assert acknowledge() == []
    delivery.deliver(rungs(errand)[0].pk, after(2))
    assert [(row.state, row.reason) for row in rungs(errand)] == [("cancelled", "Sam has it.")] * 2
    errand.refresh_from_db()
    assert errand.state == "cancelled"


@pytest.mark.django_db
def test_a_worker_between_claim_and_call_calls_nobody(phone):
    message = only(page(sam()))
    attempt = handing.claim(message.pk, now=NOW)
    assert acknowledge() == []
    assert not handing.begin(attempt)
    outcomes.stopped(attempt, now=after(2))
    assert state(message) == "cancelled"


@pytest.mark.django_db
def test_the_stop_is_read_immediately_before_the_call(phone, monkeypatch):
    message = only(page(sam()))
    claim = handing.claim

    def slow(*args: object, **kwargs: object) -> object:
        attempt = claim(*args, **kwargs)
        acknowledge()
        return attempt

    monkeypatch.setattr(handing, "claim", slow)
    delivery.deliver(message.pk, NOW)
    assert state(message) == "cancelled"


@pytest.mark.django_db
def test_a_message_already_at_the_provider_is_told_as_sent():
    message = only(page(sam()))
    attempt = at_the_provider(message)
    assert acknowledge() == ["sam"]
    outcomes.sent(attempt, "SM1", now=after(2))
    assert state(message) == "sent"


@pytest.mark.django_db
def test_whom_no_message_reached_was_not_told(twilio):
    twilio.behave("fail:21211")
    delivery.deliver(only(page(sam())).pk, NOW)
    assert acknowledge() == []


@pytest.mark.django_db
def test_a_failure_after_the_acknowledgement_is_not_repeated():
    errand = page(sam(*LADDER))
    sms, mail = rungs(errand)
    attempt = at_the_provider(sms)
    acknowledge()
    outcomes.failed(attempt, channels.DeliveryFailed("busy", permanent=False), now=after(2))
    assert (state(sms), state(mail)) == ("cancelled", "cancelled")


@pytest.mark.django_db
def test_an_undelivered_page_is_not_repeated_after_the_acknowledgement(phone, twilio):
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    text = phone.expect("INC-214")
    acknowledge()
    twilio.report(text, "undelivered", 30003)
    assert state(message) == "failed"


@pytest.mark.django_db
def test_only_the_person_meant_is_left_alone(phone):
    user = sam()
    dana = user.__class__.objects.create_user("dana", created_at=NOW, name="Dana")
    mine = page(user)
    other = Errand.objects.create(person=dana, thread="INC-214", key="k", kind="page", urgency="urgent", created_at=NOW)
    acknowledge(only_person=user)
    other.refresh_from_db()
    assert (only(mine).state, other.state) == ("cancelled", "open")


@pytest.mark.django_db
def test_letters_that_wake_nobody_are_not_pages_and_still_go_out():
    user = sam()
    told = notice(user)
    page(user)
    page(user, thread="INC-215")
    acknowledge()
    told.refresh_from_db()
    assert (only(told).state, told.state) == ("queued", "open")
    assert only(Errand.objects.get(thread="INC-215")).state == "queued"


@pytest.mark.django_db
def test_whoever_answered_is_told_as_acted_and_is_done(phone):
    user = sam(*LADDER)
    errand = page(user)
    sms, mail = rungs(errand)
    delivery.deliver(sms.pk, NOW)
    phone.expect("INC-214")
    outbox.acted("INC-214", user, now=after(9))
    acknowledge()
    sms.refresh_from_db()
    errand.refresh_from_db()
    assert (sms.state, sms.acted_at, state(mail), errand.state) == ("answered", after(9), "cancelled", "done")


# Races, with real transactions


@pytest.fixture
def no_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "ring", lambda task, ids: None)


def in_thread(run: object) -> threading.Thread:
    def whole() -> None:
        try:
            run()
        finally:
            connection.close()

    thread = threading.Thread(target=whole)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_bell")
def test_many_workers_send_one_message_once(monkeypatch):
    sent: list[int] = []
    monkeypatch.setattr(channels, "send", lambda parcel: sent.append(parcel.message_id) or "SM1")
    message = only(page(sam()))
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        delivery.deliver(message.pk, NOW)

    for thread in [in_thread(work) for _ in range(6)]:
        thread.join()
    assert (sent, state(message)) == ([message.pk], "sent")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_bell")
def test_no_call_begins_after_an_acknowledgement_is_committed(monkeypatch):
    """The worker and the acknowledgement race; whichever commits first, the provider is not called after the other."""
    calls: list[float] = []
    monkeypatch.setattr(channels, "send", lambda parcel: calls.append(time.monotonic()) or "SM1")
    user = sam()
    late = 0
    for number in range(30):
        thread = f"INC-{300 + number}"
        message = only(page(user, thread=thread))
        start = threading.Barrier(2)

        def work(pk: int = message.pk, start: threading.Barrier = start) -> None:
            start.wait()
            delivery.deliver(pk, NOW)

        worker = in_thread(work)
        start.wait()
        time.sleep(number % 10 / 1000)
        outbox.cancel(thread, now=after(1), reason="acknowledged")
        committed = time.monotonic()
        worker.join()
        late += any(call > committed + 0.05 for call in calls)
        calls.clear()
        assert state(message) in {"cancelled", "sent"}
    assert late == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
@pytest.mark.usefixtures("no_bell")
def test_the_last_look_waits_for_an_acknowledgement_that_is_being_committed(monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    called = threading.Event()
    monkeypatch.setattr(channels, "send", lambda parcel: called.set() or "SM1")
    message = only(page(sam()))
    attempt = handing.claim(message.pk, now=NOW)
    with transaction.atomic():
        outbox.cancel("INC-214", now=after(1), reason="acknowledged")
        looking = in_thread(lambda: handing.begin(attempt) and handing.hand_over(attempt, now=NOW))
        assert not called.wait(0.5)
    looking.join()
    assert not called.is_set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_bell")
def test_two_failing_methods_at_once_settle_the_errand_once():
    errand = page(sam((0, "sms", SAM), (0, "email", SAM_MAIL)))
    attempts = [at_the_provider(message) for message in rungs(errand)]
    refusal = channels.DeliveryFailed("refused", permanent=True)
    threads = [in_thread(lambda one=one: outcomes.failed(one, refusal, now=NOW)) for one in attempts]
    for thread in threads:
        thread.join()
    errand.refresh_from_db()
    assert errand.state == "unreachable"
