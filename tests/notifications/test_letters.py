"""Letters that go in lots: few statements, and each still has its own end, whatever happens to its neighbours."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db.models.functions import Now

from notifications import channels, delivery, outbox
from notifications.channels import DeliveryFailed, OutcomeUnknown
from notifications.delivery import handing, letters, receipts
from notifications.models import Attempt, Message
from servicedesk import doorbell
from tests.incidents.racing import at_once
from tests.notifications.makers import LETTER, NOW, SAM, SAM_MAIL, lease_over, method, notice, page, person, sam

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_bell(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    rung: list[int] = []
    monkeypatch.setattr(doorbell._bell, "add", lambda task, ids: rung.extend(ids))
    return rung


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whom the mail server was handed a letter for; what `said` holds of an address is raised instead."""
    to: list[str] = []

    def send(parcel: channels.Parcel) -> str:
        to.append(parcel.to)
        if parcel.to in said:
            raise said[parcel.to]
        return f"<{parcel.message_id}@acme.test>"

    monkeypatch.setattr(channels, "send", send)
    return to


said: dict[str, Exception] = {}


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    said.clear()


def posted(number: int, **changes: object) -> list[int]:
    usual = {"thread": "T-1", "channel": "email", "letter": LETTER, "now": NOW, **changes}
    return [outbox.post(key=f"k{n}", to=f"p{n}@acme.test", **usual).pk for n in range(number)]


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


def test_a_hundred_letters_cost_two_statements_each_at_most(sent, django_assert_max_num_queries):
    ids = posted(100)
    with django_assert_max_num_queries(200):
        delivery.deliver_together(ids, now=NOW)
    assert (set(states()), len(sent), Attempt.objects.filter(state="accepted").count()) == ({"sent"}, 100, 100)
    assert Message.objects.get(pk=ids[7]).provider_id == Attempt.objects.get(message=ids[7]).provider_id == f"<{ids[7]}@acme.test>"


def test_each_has_its_own_end(sent):
    said["p1@acme.test"] = DeliveryFailed("No such box", permanent=True)
    said["p2@acme.test"] = OutcomeUnknown("No answer")
    said["p3@acme.test"] = ValueError("whatever")
    delivery.deliver_together(posted(5), now=NOW)
    assert states() == ["sent", "failed", "unknown", "unknown", "sent"]


def test_who_stops_a_letter_before_it_is_begun_stops_it(sent):
    attempts = letters.claim(posted(3), now=NOW)
    Message.objects.filter(key="k1").update(stop_at=NOW)
    letters._hand_over(attempts, now=NOW, ends=float("inf"))
    assert (states(), sent) == (["sent", "cancelled", "sent"], ["p0@acme.test", "p2@acme.test"])


def test_a_crash_leaves_unknown_what_was_begun_and_queues_the_rest(sent):
    attempts = letters.claim(posted(5), now=NOW)
    assert letters.begin(attempts[:2]) == {one.pk for one in attempts[:2]}
    Message.objects.update(lease_until=Now() - timedelta(seconds=1))  # the worker is gone
    delivery.deliver_unclaimed(now=NOW, limit=5)
    assert states()[:2] == ["unknown", "unknown"]
    assert set(states()[2:]) <= {"queued", "sent"}
    assert not {"p0@acme.test", "p1@acme.test"} & set(sent)


def test_a_lot_whose_outcome_cannot_be_written_is_unknown_and_not_sent_twice(sent, monkeypatch, caplog):
    monkeypatch.setattr(letters, "record", lambda went, *, now: (_ for _ in ()).throw(OSError("no database")))
    ids = posted(3)
    delivery.deliver_together(ids, now=NOW)
    assert states() == ["sending"] * 3
    for message in Message.objects.all():
        lease_over(message)
    delivery.deliver_unclaimed(now=NOW)
    assert (states(), len(sent)) == (["unknown"] * 3, 3)


def test_what_the_time_did_not_allow_is_as_if_it_had_not_been_claimed(sent, monkeypatch, no_bell, django_capture_on_commit_callbacks):
    ids = posted(3)
    attempts = letters.claim(ids, now=NOW)
    times = iter([0.0, 0.0, 9.0, 9.0])
    monkeypatch.setattr(letters, "monotonic", lambda: next(times))
    with django_capture_on_commit_callbacks(execute=True):
        letters._hand_over(attempts, now=NOW, ends=5.0)
    assert (states(), no_bell) == (["sent", "queued", "queued"], ids[1:])
    assert list(Message.objects.order_by("pk").values_list("attempts", flat=True)) == [1, 0, 0]
    assert Attempt.objects.count() == 1


def test_a_notice_that_went_out_needs_no_second_method(sent):
    errand = notice(sam((0, "email", SAM_MAIL), (300, "sms", SAM)))
    delivery.deliver_together(list(errand.messages.filter(channel="email").values_list("pk", flat=True)), now=NOW)
    errand.refresh_from_db()
    assert (errand.state, states()) == ("done", ["sent", "cancelled"])


def test_what_was_said_against_an_address_is_over_when_a_letter_arrives_there(sent):
    address = method(person("ben", "agent"), "email", "p0@acme.test")
    type(address).objects.update(flagged_at=NOW, flagged_code="5.1.1", flagged_reason="No such box")
    delivery.deliver_together(posted(1, method=address), now=NOW)
    address.refresh_from_db()
    assert (states(), address.flagged_at) == (["sent"], None)


def test_a_receipt_that_was_faster_than_its_answer_stands(sent):
    [attempt] = letters.claim(posted(1), now=NOW)
    letters.begin([attempt])
    receipts.receipt(attempt.token, status="delivered", provider_id="<1@acme.test>", event_id="e1", raw={}, now=NOW)
    letters.record([(attempt, "<1@acme.test>")], now=NOW)
    attempt.refresh_from_db()
    assert (states(), attempt.state, attempt.provider_id) == (["delivered"], "delivered", "<1@acme.test>")


def test_pages_repeats_and_methods_that_are_off_go_one_by_one(sent):
    off = method(person("ben", "agent"), "email", "off@acme.test")
    type(off).objects.update(disabled_at=NOW)
    ids = posted(1, method=off)
    again = outbox.post(key="again", to="x@acme.test", thread="T-1", channel="email", letter=LETTER, now=NOW)
    Message.objects.filter(pk=again.pk).update(attempts=1)
    paged = page(sam((0, "email", SAM_MAIL))).messages.get()
    assert letters.claim([*ids, again.pk, paged.pk], now=NOW) == []
    delivery.deliver_together([*ids, again.pk, paged.pk], now=NOW)
    assert states() == ["failed", "sent", "sent"]


@pytest.mark.django_db(transaction=True)
def test_of_four_who_reach_for_the_same_letters_one_has_each(sent):
    ids = posted(30)
    claimed = at_once(*[partial(letters.claim, ids, now=NOW)] * 3, partial(handing.claim, ids[3], now=NOW))
    owned = [one.message_id for lot in claimed if isinstance(lot, list) for one in lot] + [
        one.message_id for one in claimed if isinstance(one, Attempt)
    ]
    assert sorted(owned) == ids
    assert Attempt.objects.count() == 30
