"""From the queue to the provider and back: each message is handed over once, and what came of it is not lost."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import channels, delivery, outbox, walk
from notifications.delivery import handing, outcomes
from notifications.models import Attempt, ContactMethod, Message
from servicedesk import doorbell
from servicedesk.celery import app
from tests.notifications.makers import (
    LETTER,
    NOW,
    SAM,
    SAM_MAIL,
    SMS,
    after,
    notice,
    only,
    page,
    rungs,
    sam,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung_for(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """What was rung for, in order, as the broker would hear it."""
    heard: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(doorbell, "ring", lambda task, ids: heard.append((task, list(ids))))
    return heard


def state(message: Message) -> str:
    return Message.objects.values_list("state", flat=True).get(pk=message.pk)


def test_a_page_is_sent_and_then_delivered(phone, twilio):
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    assert phone.expect("INC-214", to=SAM).body == SMS
    message.refresh_from_db()
    assert (message.state, message.sent_at, message.attempts, message.delivered_at) == ("sent", NOW, 1, None)
    twilio.settle()
    message.refresh_from_db()
    assert message.state == "delivered"
    assert message.delivered_at is not None


def test_an_accepted_message_without_a_receipt_is_never_called_delivered(phone, twilio):
    twilio.behave("silent")
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    twilio.settle()
    phone.expect("INC-214")
    assert state(message) == "sent"


def test_a_letter_goes_out_by_mail(mailbox):
    letter = outbox.post(thread="T-1042", key="T-1042:1", channel="email", to="ella@acme.test", letter=LETTER, now=NOW)
    delivery.deliver(letter.pk, NOW)
    mail = mailbox.expect("Email down", to="ella@acme.test")
    assert (state(letter), "<p>Email is down</p>" in mail.html) == ("sent", True)


def test_the_intent_and_its_token_are_kept_before_the_provider_is_called(monkeypatch, settings):
    message = only(page(sam()))
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr(
        channels, "send", lambda parcel: seen.append((state(message), Attempt.objects.get(token=parcel.token).state)) or "SM1"
    )
    delivery.deliver(message.pk, NOW)
    assert seen == [("sending", "sending")]


def test_a_message_delivered_a_second_time_is_not_sent_a_second_time(phone):
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    delivery.deliver(message.pk, NOW)
    phone.expect("INC-214")


def test_a_row_is_claimed_once():
    message = only(page(sam()))
    assert handing.claim(message.pk, now=NOW) is not None
    assert handing.claim(message.pk, now=NOW) is None


@pytest.mark.parametrize("column", ["due_at", "expires_at", "stop_at"])
def test_a_row_is_not_claimed_early_late_or_when_stopped(column):
    message = only(page(sam()))
    Message.objects.filter(pk=message.pk).update(**{column: after(60) if column == "due_at" else NOW})
    assert handing.claim(message.pk, now=NOW) is None


def test_a_hard_failure_takes_the_next_method_in_the_same_instant(phone, twilio, mailbox, rung_for):
    twilio.behave("fail:21211", to=SAM)
    errand = page(sam((0, "sms", SAM), (600, "email", SAM_MAIL)))
    sms, mail = rungs(errand)
    rung_for.clear()
    delivery.deliver(sms.pk, NOW)
    mail.refresh_from_db()
    assert (state(sms), mail.state, mail.due_at) == ("failed", "queued", NOW)
    assert rung_for == [("notifications.tasks.deliver_page", [mail.pk])]
    delivery.deliver(mail.pk, NOW)
    mailbox.expect("INC-214", to=SAM_MAIL)


def test_a_number_that_cannot_be_reached_is_flagged_with_the_reason_and_stays_on(twilio):
    twilio.behave("fail:21614", to=SAM)
    delivery.deliver(only(page(sam())).pk, NOW)
    method = ContactMethod.objects.get(address=SAM)
    assert (method.flagged_at, method.flagged_code, method.disabled_at) == (NOW, "21614", None)
    assert "text messages" in method.flagged_reason
    assert (method.is_flagged(after(5 * 3600)), method.is_flagged(after(6 * 3600))) == (True, False)


def test_who_opted_out_is_switched_off(twilio):
    twilio.behave("fail:21610", to=SAM)
    delivery.deliver(only(page(sam())).pk, NOW)
    method = ContactMethod.objects.get(address=SAM)
    assert (method.disabled_code, method.flagged_at) == ("21610", None)


def test_a_flagged_number_is_tried_where_nothing_else_is_left_and_its_receipt_lifts_the_flag(phone, twilio):
    user = sam()
    ContactMethod.objects.update(flagged_at=NOW, flagged_code="21211", flagged_reason="This is not a telephone number.")
    delivery.deliver(only(page(user, now=after(60))).pk, after(60))
    twilio.report(phone.expect("INC-214", to=SAM), "delivered")
    assert ContactMethod.objects.get(address=SAM).flagged_at is None


def test_a_fault_of_our_account_does_not_flag_anybodys_number(twilio):
    twilio.behave("401", to=SAM)
    delivery.deliver(only(page(sam())).pk, NOW)
    method = ContactMethod.objects.get(address=SAM)
    assert (method.disabled_at, method.flagged_at) == (None, None)


def test_a_method_switched_off_after_planning_is_not_used_any_more(phone):
    message = only(page(sam()))
    ContactMethod.objects.update(disabled_at=NOW, disabled_reason="The person replied STOP.")
    delivery.deliver(message.pk, NOW)
    message.refresh_from_db()
    assert (message.state, message.reason) == ("failed", "The person replied STOP.")


def test_when_every_method_failed_the_errand_is_unreachable_and_who_asked_is_rung(twilio, settings, rung_for):
    twilio.behave("fail:21211", to=SAM)
    errand = page(sam())
    rung_for.clear()
    delivery.deliver(only(errand).pk, NOW)
    errand.refresh_from_db()
    assert (errand.state, errand.settled_at) == ("unreachable", NOW)
    assert rung_for == [(settings.ERRAND_SETTLED, [errand.pk])]


def test_a_person_one_method_reached_is_not_unreachable(phone, twilio, mailbox):
    errand = page(sam((0, "email", SAM_MAIL), (0, "sms", SAM)))
    twilio.behave("fail:21211", to=SAM)
    for message in rungs(errand):
        delivery.deliver(message.pk, NOW)
    mailbox.expect("INC-214")
    errand.refresh_from_db()
    assert errand.state == "open"


def test_without_a_provider_a_message_stays_visible_as_not_sent(settings):
    settings.TWILIO_CONFIGURED = False
    errand = page(sam())
    delivery.deliver(only(errand).pk, NOW)
    message = only(errand)
    errand.refresh_from_db()
    assert (message.state, message.sent_at, errand.state) == ("failed", None, "unreachable")
    assert message.reason.startswith("Not sent: no provider")


def test_a_channel_nobody_built_counts_as_a_failed_method(phone):
    errand = page(sam((0, "chat", "@sam"), (180, "sms", SAM)))
    call, sms = rungs(errand)
    delivery.deliver(call.pk, NOW)
    assert (state(call), state(sms)) == ("failed", "queued")


def test_a_fault_that_passes_is_tried_again_and_then_succeeds(phone, twilio):
    twilio.behave("500", to=SAM, times=1)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    message.refresh_from_db()
    assert (message.state, after(4) <= message.due_at <= after(6)) == ("queued", True)
    delivery.deliver(message.pk, NOW)  # too early
    assert state(message) == "queued"
    delivery.deliver(message.pk, after(6))
    phone.expect("INC-214")
    assert state(message) == "sent"


def test_pauses_grow_differ_and_obey_the_provider():
    pauses = [outcomes.pause(attempts).total_seconds() for attempts in (1, 2, 3, 4, 9)]
    assert pauses == sorted(pauses[:4]) + pauses[4:]
    assert 4 <= pauses[0] <= 6
    assert pauses[-1] <= 72
    assert len({outcomes.pause(1) for _ in range(20)}) > 1
    assert outcomes.pause(1, 40).total_seconds() == 40


def test_after_five_attempts_a_message_is_given_up_and_the_next_method_taken(twilio):
    twilio.behave("500", to=SAM)
    errand = page(sam((0, "sms", SAM), (600, "email", SAM_MAIL)))
    sms, mail = rungs(errand)
    for number in range(5):
        delivery.deliver(sms.pk, after(100 * number))
    sms.refresh_from_db()
    assert (sms.state, sms.attempts, sms.tries.count(), state(mail)) == ("dead", 5, 5, "queued")


def test_a_row_put_back_is_rung_for_when_it_is_due(twilio, rung_for):
    twilio.behave("500", to=SAM)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    rung_for.clear()
    assert delivery.promote_due(now=after(3)) == 0
    assert delivery.promote_due(now=after(6)) == 1
    assert delivery.promote_due(now=after(6)) == 0
    assert rung_for[0] == ("notifications.tasks.deliver_page", [message.pk])


def test_a_page_no_provider_takes_pulls_the_next_method_forward_within_half_a_minute(twilio):
    twilio.behave("500", to=SAM)
    errand = page(sam((0, "sms", SAM), (600, "email", SAM_MAIL), (900, "voice", SAM)))
    sms, mail, call = rungs(errand)
    delivery.deliver(sms.pk, NOW)
    delivery.promote_due(now=after(20))
    assert state(mail) == "planned"
    delivery.promote_due(now=after(28))
    delivery.promote_due(now=after(29))
    assert (state(mail), state(call)) == ("queued", "planned")


def test_a_page_that_was_taken_pulls_nothing_forward(phone):
    errand = page(sam((0, "sms", SAM), (600, "email", SAM_MAIL)))
    sms, mail = rungs(errand)
    delivery.deliver(sms.pk, NOW)
    delivery.promote_due(now=after(300))
    phone.expect("INC-214")
    assert state(mail) == "planned"
    delivery.promote_due(now=after(600))
    assert state(mail) == "queued"


def test_what_is_of_no_use_any_more_expires_and_is_not_sent(phone):
    errand = page(sam(), expires_at=after(60))
    assert delivery.promote_due(now=after(60)) == 1
    delivery.deliver(only(errand).pk, after(60))
    errand.refresh_from_db()
    assert (only(errand).state, errand.state) == ("expired", "unreachable")


def test_a_queued_row_no_worker_takes_is_delivered_by_the_engine(phone):
    message = only(page(sam()))
    assert delivery.deliver_unclaimed(now=after(2)) == 0
    assert delivery.deliver_unclaimed(now=after(5)) == 1
    phone.expect("INC-214")
    assert state(message) == "sent"


def test_pages_are_taken_before_letters(monkeypatch):
    user = sam()
    letter = only(notice(user, thread="INC-213"))
    message = only(page(user, now=after(1)))
    order: list[int] = []
    monkeypatch.setattr(channels, "send", lambda parcel: order.append(parcel.message_id) or "SM1")
    delivery.deliver_unclaimed(now=after(60))
    assert order == [message.pk, letter.pk]


def test_one_bad_row_does_not_hold_up_the_others(monkeypatch, caplog):
    user = sam()
    bad, good = only(page(user)), only(page(user, thread="INC-215"))
    deliver = handing.deliver

    def breaking(pk, now):
        if pk == bad.pk:
            raise ValueError("row 7")
        deliver(pk, now)

    monkeypatch.setattr(handing, "deliver", breaking)
    monkeypatch.setattr(channels, "send", lambda parcel: "SM1")
    handing.deliver_all([bad.pk, good.pk], now=NOW)
    assert state(good) == "sent"
    assert "row 7" in caplog.text


def test_what_does_not_fit_into_one_task_is_rung_for_again(monkeypatch, rung_for):
    message = only(page(sam()))
    rung_for.clear()
    monkeypatch.setattr(handing, "BUDGET_S", -1)
    assert handing.deliver_all([message.pk], now=NOW) == 0
    assert rung_for == [("notifications.tasks.deliver_page", [message.pk])]


def test_every_bell_that_is_rung_has_a_task_behind_it(phone):
    message = only(page(sam()))
    app.loader.import_default_modules()
    assert set(walk.TASKS.values()) <= set(app.tasks)
    app.tasks[walk.TASKS[message.lane]](ids=[message.pk])
    phone.expect("INC-214")


def test_an_idle_sweep_opens_no_transaction(django_assert_num_queries):
    with django_assert_num_queries(7):
        delivery.promote_due(now=NOW)
        delivery.deliver_unclaimed(now=NOW)
        delivery.reconcile_due(now=NOW)


def test_a_letter_is_claimed_handed_over_and_recorded_in_few_statements(smtp):
    letter = only(page(sam((0, "email", SAM_MAIL))))
    with CaptureQueriesContext(connection) as taken:
        delivery.deliver(letter.pk, NOW)
    assert [mail.to for mail in smtp.mails] == [SAM_MAIL]
    assert len(taken) <= 17, "\n".join(each["sql"][:160] for each in taken)
