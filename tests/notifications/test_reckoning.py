"""Receipts that did not come are asked for; the books of a day are closed the next morning; the report counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifications import delivery, outbox, reckoning
from notifications.models import Attempt, Message, Reckoning
from tests.fakes.twilio_records import Receipts
from tests.notifications.makers import LETTER, NOW, SAM, after, only, page, person, sam
from tests.notifications.test_outbox_page import client

pytestmark = pytest.mark.django_db
FOUR = datetime(2026, 11, 25, 4, tzinfo=UTC)


def sent(twilio, *states: str) -> Message:
    """A page that Twilio took, and of whose end no receipt came."""
    twilio.receipts = Receipts(states=states, lost=frozenset(states))
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    message.refresh_from_db()
    assert message.state == "sent"
    return message


def test_a_lost_receipt_is_asked_for_after_five_minutes(phone, twilio):
    message = sent(twilio, "delivered")
    phone.expect("INC-214")
    twilio.texts[0].status = "delivered"
    assert delivery.ask_due(now=after(290)) == 0
    assert delivery.ask_due(now=after(301)) == 1
    message.refresh_from_db()
    assert (message.state, message.delivered_at) == ("delivered", after(301))
    assert delivery.ask_due(now=after(7200)) == 0


def test_what_twilio_says_was_not_delivered_goes_on_to_the_next_way(phone, twilio):
    message = sent(twilio, "undelivered")
    phone.expect("INC-214")
    twilio.texts[0].status, twilio.texts[0].error = "undelivered", 30006
    delivery.ask_due(now=after(301))
    message.refresh_from_db()
    assert message.state == "failed"
    assert "landline" in message.reason


def test_what_twilio_does_not_know_was_not_sent(phone, twilio):
    message = sent(twilio, "sent")
    phone.expect("INC-214")
    twilio.texts.clear()
    delivery.ask_due(now=after(301))
    message.refresh_from_db()
    assert (message.state, message.reason) == ("failed", "Twilio does not know this message.")


def test_while_twilio_says_nothing_it_is_asked_once_an_hour_for_a_day(phone, twilio):
    message = sent(twilio, "sent")
    phone.expect("INC-214")
    asked = [delivery.ask_due(now=after(minute * 60)) for minute in range(6, 60 * 30, 10)]
    assert 23 <= sum(asked) <= 26
    message.refresh_from_db()
    assert message.state == "sent"
    assert not Attempt.objects.exclude(check_at=None).exists()


def test_the_books_are_closed_once_at_four_with_every_message_in_one_column():
    user = sam()
    page(user)
    for n, state in enumerate(("delivered", "failed", "cancelled", "unknown")):
        row = outbox.post(thread="T-1", key=f"k{n}", channel="sms", to=SAM, letter=LETTER, now=NOW)
        Message.objects.filter(pk=row.pk).update(state=state, sent_at=NOW if n == 0 else None, delivered_at=NOW if n == 0 else None)
    assert not Reckoning.objects.exists()
    reckoning.close_due(now=FOUR - timedelta(minutes=1))
    assert not Reckoning.objects.exists()
    for _twice in range(2):
        reckoning.close_due(now=FOUR)
    book = Reckoning.objects.get()
    assert (book.made, book.sent, book.delivered, book.failed, book.dropped, book.unsettled) == (5, 1, 1, 1, 1, 2)


def test_what_was_learned_by_asking_stands_in_the_books(phone, twilio):
    sent(twilio, "delivered")
    phone.expect("INC-214")
    twilio.texts[0].status = "delivered"
    delivery.ask_due(now=after(301))
    reckoning.close_due(now=FOUR)
    assert Reckoning.objects.get().learned == 1


def test_the_report_counts_and_tells_why_with_few_queries(django_assert_max_num_queries):
    for n in range(6):
        row = outbox.post(thread="T-1", key=f"k{n}", channel="email", to="e@acme.test", letter=LETTER, now=NOW)
        Message.objects.filter(pk=row.pk).update(state="sent", sent_at=after(n))
    Message.objects.filter(key="k0").update(state="failed", sent_at=None, reason="The mail server refused: 550")
    found = reckoning.report(Message.objects.all(), since=NOW - timedelta(days=1), now=after(60))
    (line,) = found.lines
    assert (line.counts["made"], line.counts["sent"], line.counts["failed"], line.to_provider_s, line.slowest_s) == (6, 5, 1, 3.0, 5.0)
    assert found.reasons == [("email", "The mail server refused: 550", 1)]


def test_the_report_opens_for_the_desk_and_takes_no_nonsense():
    reader = client(person("ana", "agent"))
    for asked in ("", "?days=30", "?days=nonsense", "?days=-1"):
        answer = reader.get(f"/outbox/report/{asked}")
        assert answer.status_code == 200
        assert "Nothing was sent in this time." in answer.content.decode()
