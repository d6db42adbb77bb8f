"""A lost answer: the receipt is waited for, then the provider is asked, then the message goes out once more, marked."""

from __future__ import annotations

import pytest

from notifications import channels, delivery, outbox
from notifications.delivery import handing, outcomes
from notifications.models import Attempt, Message
from servicedesk import clock
from tests.notifications.makers import NOW, SAM, SAM_MAIL, after, at_the_provider, lease_over, only, page, rungs, sam

pytestmark = pytest.mark.django_db


def state(message: Message) -> str:
    return Message.objects.values_list("state", flat=True).get(pk=message.pk)


def test_a_lost_answer_is_unknown_and_nothing_is_repeated_at_once(phone, twilio):
    twilio.behave("drop", to=SAM)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    attempt = Attempt.objects.get()
    assert (state(message), attempt.state, attempt.check_at) == ("unknown", "unknown", after(15))
    assert delivery.reconcile_due(now=after(14)) == 0
    phone.expect("INC-214")


def test_the_receipt_is_waited_for_from_when_the_call_ended(phone, twilio, monkeypatch):
    moments = iter([0.0, 10.2])
    monkeypatch.setattr(handing, "monotonic", lambda: next(moments))
    twilio.behave("drop", to=SAM)
    delivery.deliver(only(page(sam())).pk, NOW)
    phone.expect("INC-214")
    assert Attempt.objects.get().check_at == after(25)


def test_a_receipt_settles_an_unknown_outcome_before_anybody_asks(phone, twilio):
    twilio.behave("drop", to=SAM)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    text = phone.expect("INC-214")
    assert twilio.report(text, "delivered") == 204
    assert delivery.reconcile_due(now=after(60)) == 0
    message.refresh_from_db()
    assert (message.state, message.provider_id, Attempt.objects.get().provider_id) == ("delivered", text.sid, text.sid)


def test_what_the_provider_has_is_adopted_and_not_sent_again(phone, twilio):
    twilio.behave("drop", to=SAM)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    assert delivery.reconcile_due(now=after(15)) == 1
    text = phone.expect("INC-214")
    message.refresh_from_db()
    assert (message.state, message.provider_id, message.is_possible_duplicate) == ("sent", text.sid, False)


def test_what_the_provider_does_not_have_goes_out_once_more_and_is_marked(phone, twilio):
    twilio.behave("vanish", to=SAM, times=1)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    delivery.reconcile_due(now=after(15))
    message.refresh_from_db()
    assert (message.state, message.is_possible_duplicate) == ("queued", True)
    delivery.deliver(message.pk, after(15))
    assert "reply A214" in phone.expect("INC-214").body
    assert state(message) == "sent"


def test_an_answer_lost_twice_is_not_tried_a_third_time(twilio):
    twilio.behave("vanish", to=SAM)
    errand = page(sam((0, "sms", SAM), (600, "email", SAM_MAIL)))
    sms, mail = rungs(errand)
    for moment in (0, 15, 30):
        delivery.deliver(sms.pk, after(moment))
        delivery.reconcile_due(now=after(moment + 15))
    assert (state(sms), sms.tries.count(), state(mail)) == ("dead", 2, "queued")


def test_a_crash_between_accepting_and_recording_ends_in_one_message(phone, twilio, monkeypatch):
    message = only(page(sam()))

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "sent", crash)
        with pytest.raises(KeyboardInterrupt):
            delivery.deliver(message.pk, NOW)
    assert state(message) == "sending"
    lease_over(message)
    delivery.deliver_unclaimed(now=after(21))
    assert state(message) == "unknown"
    delivery.reconcile_due(now=after(21))
    phone.expect("INC-214")
    assert (state(message), Attempt.objects.get().state) == ("sent", "accepted")


def test_a_channel_that_breaks_may_have_sent(monkeypatch, caplog):
    def broken(parcel: channels.Parcel) -> str:
        raise RuntimeError("time limit")

    monkeypatch.setattr(channels, "send", broken)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    assert state(message) == "unknown"
    assert "time limit" in caplog.text


def test_a_provider_that_cannot_tell_is_asked_for_a_minute(phone, twilio, settings):
    twilio.behave("drop", to=SAM)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    phone.expect("INC-214")
    real, settings.TWILIO_API_BASE = settings.TWILIO_API_BASE, "http://127.0.0.1:9"
    delivery.reconcile_due(now=after(15))
    assert state(message) == "unknown"
    settings.TWILIO_API_BASE = real
    delivery.reconcile_due(now=after(45))
    assert (state(message), len(twilio.texts)) == ("sent", 1)


def test_a_provider_that_never_tells_gets_the_message_once_more(twilio, settings):
    twilio.behave("drop", to=SAM, times=1)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    settings.TWILIO_API_BASE = "http://127.0.0.1:9"
    delivery.reconcile_due(now=after(60))
    message.refresh_from_db()
    assert (message.state, message.is_possible_duplicate) == ("queued", True)


def test_a_mail_server_cannot_be_asked_so_the_letter_goes_once_more_with_the_same_id(mailbox, smtp, settings):
    settings.CHANNEL_READ_S = 0.5
    smtp.behave("drop", to="ella@acme.test")
    letter = outbox.post(thread="T-1042", key="k", channel="email", to="ella@acme.test", letter=page_letter(), now=NOW)
    delivery.deliver(letter.pk, NOW)
    delivery.reconcile_due(now=after(15))
    smtp.behave("ok", to="ella@acme.test")
    delivery.deliver(letter.pk, after(15))
    first, second = mailbox.expect("Email down"), mailbox.expect("Email down")
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert state(letter) == "sent"


def page_letter() -> outbox.Letter:
    return outbox.Letter(subject="Email down", text="Email is down", html="", sms="", short="")


def test_nothing_is_repeated_after_an_acknowledgement(phone, twilio):
    twilio.behave("vanish", to=SAM)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    outbox.cancel("INC-214", now=after(5), reason="acknowledged")
    delivery.reconcile_due(now=after(15))
    delivery.deliver_unclaimed(now=after(60))
    assert state(message) == "cancelled"
    assert [asked.method for asked in twilio.journal].count("POST") == 1


def test_a_lost_answer_found_after_an_acknowledgement_is_told_as_sent(phone, twilio):
    twilio.behave("drop", to=SAM)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    phone.expect("INC-214")
    assert outbox.cancel("INC-214", now=after(5), reason="acknowledged") == [message.person]
    delivery.reconcile_due(now=after(15))
    assert state(message) == "sent"


def test_another_page_with_the_same_code_is_not_mistaken_for_the_lost_one(phone, twilio):
    user = sam()
    first = only(page(user, key="run-1"))
    delivery.deliver(first.pk, NOW)
    twilio.behave("vanish", to=SAM, times=1)
    second = only(page(user, key="run-2"))
    delivery.deliver(second.pk, NOW)
    delivery.reconcile_due(now=after(15))
    phone.expect("INC-214")
    assert (state(second), second.tries.get().provider_id) == ("queued", "")


def test_two_engines_do_not_ask_for_the_same_lost_answer(monkeypatch):
    user = sam()
    messages = [only(page(user, thread=thread)) for thread in ("INC-214", "INC-215")]
    for message in messages:
        outcomes.unknown(at_the_provider(message), "lost", now=NOW)
    asked: list[int] = []

    def find(parcel: channels.Parcel, **_: object) -> str:
        asked.append(parcel.message_id)
        delivery.reconcile_due(now=after(15))  # the other engine, meanwhile
        raise channels.OutcomeUnknown("cannot tell")

    monkeypatch.setattr(channels, "find", find)
    delivery.reconcile_due(now=after(15))
    assert asked == [message.pk for message in messages]


def test_the_call_is_dated_by_real_time_for_the_provider_does_not_know_ours():
    attempt = at_the_provider(only(page(sam())))
    attempt.refresh_from_db()
    assert abs(attempt.called_at - clock.wall()).total_seconds() < 30
    assert attempt.started_at == NOW
