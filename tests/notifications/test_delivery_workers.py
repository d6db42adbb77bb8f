"""Workers that die or sleep: their rows are taken back, and what they say late does no harm."""

from __future__ import annotations

import pytest

from notifications import channels, delivery
from notifications.delivery import handing, lost, outcomes
from notifications.models import Message
from tests.notifications.makers import NOW, SAM, SAM_MAIL, after, at_the_provider, lease_over, only, page, rungs, sam

pytestmark = pytest.mark.django_db


def state(message: Message) -> str:
    return Message.objects.values_list("state", flat=True).get(pk=message.pk)


def test_a_worker_that_dies_before_the_call_costs_only_time(phone):
    message = only(page(sam()))
    handing.claim(message.pk, now=NOW)
    assert delivery.deliver_unclaimed(now=after(10)) == 0
    lease_over(message)
    delivery.deliver_unclaimed(now=after(25))
    phone.expect("INC-214")
    assert state(message) == "sent"


def test_a_row_that_kills_every_worker_is_given_up():
    errand = page(sam())
    message = only(errand)
    for _ in range(5):
        assert handing.claim(message.pk, now=NOW)
        lease_over(message)
        delivery.deliver_unclaimed(now=NOW)
    errand.refresh_from_db()
    assert (state(message), errand.state) == ("dead", "unreachable")


def test_a_worker_that_dies_after_the_call_leaves_an_unknown_outcome():
    message = only(page(sam()))
    attempt = at_the_provider(message)
    lease_over(message)
    delivery.deliver_unclaimed(now=after(25))
    attempt.refresh_from_db()
    assert (state(message), attempt.state, attempt.check_at) == ("unknown", "unknown", after(25))


def test_a_worker_that_slept_through_its_lease_calls_nobody(phone):
    message = only(page(sam()))
    late = handing.claim(message.pk, now=NOW)
    lease_over(message)
    assert not handing.begin(late)
    outcomes.stopped(late, now=after(30))
    delivery.deliver_unclaimed(now=after(30))
    phone.expect("INC-214")
    assert state(message) == "sent"


def test_a_late_loser_does_not_overwrite_the_result_of_its_successor():
    message = only(page(sam()))
    late = handing.claim(message.pk, now=NOW)
    lease_over(message)
    delivery.deliver_unclaimed(now=NOW)  # taken back
    winner = at_the_provider(message)
    outcomes.failed(late, channels.DeliveryFailed("refused", permanent=True), now=NOW)
    assert state(message) == "sending"
    outcomes.sent(winner, "SM-winner", now=NOW)
    outcomes.sent(late, "SM-late", now=NOW)
    message.refresh_from_db()
    assert (message.state, message.provider_id) == ("sent", "SM-winner")


def test_a_worker_that_returns_late_with_an_answer_is_still_heard():
    message = only(page(sam()))
    attempt = at_the_provider(message)
    lease_over(message)
    delivery.deliver_unclaimed(now=after(25))
    outcomes.sent(attempt, "SM1", now=after(26))
    attempt.refresh_from_db()
    assert (state(message), attempt.state, attempt.check_at) == ("sent", "accepted", after(326))  # then its receipt is asked for


def test_a_worker_that_returns_late_with_a_failure_is_still_heard(twilio):
    errand = page(sam((0, "sms", SAM), (600, "email", SAM_MAIL)))
    sms, mail = rungs(errand)
    attempt = at_the_provider(sms)
    lease_over(sms)
    delivery.deliver_unclaimed(now=after(25), limit=1)
    outcomes.failed(attempt, channels.DeliveryFailed("refused", permanent=True), now=after(26))
    assert (state(sms), state(mail)) == ("failed", "queued")


def test_a_late_loser_that_did_call_does_not_end_the_attempt_of_its_successor():
    errand = page(sam((0, "sms", SAM), (600, "email", SAM_MAIL)))
    sms, mail = rungs(errand)
    first = at_the_provider(sms)
    outcomes.unknown(first, "lost", now=NOW)
    lost.not_found(first, now=after(15))
    second = at_the_provider(sms, after(15))
    outcomes.sent(first, "SM-late", now=after(16))
    assert (state(sms), state(mail)) == ("sending", "planned")
    outcomes.sent(second, "SM-second", now=after(17))
    sms.refresh_from_db()
    assert (sms.state, sms.provider_id) == ("sent", "SM-second")


def test_a_late_refusal_does_not_end_the_attempt_of_its_successor():
    errand = page(sam((0, "sms", SAM), (600, "email", SAM_MAIL)))
    sms, mail = rungs(errand)
    first = at_the_provider(sms)
    outcomes.unknown(first, "lost", now=NOW)
    lost.not_found(first, now=after(15))
    at_the_provider(sms, after(15))
    outcomes.failed(first, channels.DeliveryFailed("refused", permanent=True), now=after(16))
    assert (state(sms), state(mail)) == ("sending", "planned")
