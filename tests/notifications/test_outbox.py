"""What is queued: one errand a person and key, one row a rung, in the form each channel carries."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from django.db import transaction

from notifications import delivery, outbox, reach
from notifications.models import ContactMethod, Errand, Message, QuietHours
from servicedesk import doorbell
from tests.notifications.makers import LETTER, NOW, SAM, SAM_MAIL, SMS, after, method, notice, only, page, person, rung, rungs, sam

pytestmark = pytest.mark.django_db
LADDER = ((0, "email", SAM_MAIL), (0, "sms", SAM), (180, "voice", SAM))


def plan(errand: Errand) -> list[tuple[str, str, datetime]]:
    return [(row.channel, row.state, row.due_at) for row in rungs(errand)]


def test_a_page_plans_the_whole_ladder_and_queues_what_is_due():
    errand = page(sam(*LADDER))
    assert plan(errand) == [("email", "queued", NOW), ("sms", "queued", NOW), ("voice", "planned", after(180))]
    assert {row.lane for row in rungs(errand)} == {"page"}


def test_each_channel_carries_its_own_form_of_the_letter():
    mail, sms, call = rungs(page(sam(*LADDER)))
    assert (mail.subject, mail.text, mail.html) == (LETTER.subject, LETTER.text, LETTER.html)
    assert (sms.text, sms.html, sms.reference, sms.to) == (SMS, "", "A214", SAM)
    assert call.text == LETTER.voice


def test_the_same_key_queues_nothing_new():
    user = sam(*LADDER)
    assert page(user) == page(user)
    assert Message.objects.count() == 3


def test_the_workers_are_rung_after_the_commit(monkeypatch, django_capture_on_commit_callbacks):
    heard: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(doorbell._bell, "add", lambda task, ids: heard.append((task, list(ids))))
    with django_capture_on_commit_callbacks(execute=True):
        message = only(page(sam()))
        assert heard == []
    assert heard == [("notifications.tasks.deliver_page", [message.pk])]


def test_what_is_queued_by_a_deed_that_fails_never_existed():
    user = sam()
    with transaction.atomic():
        page(user)
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_a_person_without_an_address_is_unreachable_at_once():
    errand = page(person("ana"))
    assert (errand.state, errand.settled_at, errand.messages.count()) == ("unreachable", NOW, 0)
    assert list(outbox.unsettled("INC-")) == [errand]
    outbox.settle(errand, now=NOW)
    assert not outbox.unsettled().exists()


def test_methods_that_cannot_be_used_are_left_out_with_the_reason():
    user = person("ana")
    method(user, "sms", SAM, verified=False)
    off = method(user, "voice", SAM)
    ContactMethod.objects.filter(pk=off.pk).update(disabled_at=NOW, disabled_reason="The number is unknown.")
    errand = page(user)
    assert errand.state == "unreachable"
    assert errand.skipped == [
        {"method": "SMS", "reason": "SMS is not verified"},
        {"method": "Call", "reason": "Call is switched off: The number is unknown."},
    ]
    assert reach.why_not(user, "urgent") == "SMS is not verified; Call is switched off: The number is unknown."
    assert not reach.is_reachable(user, "urgent")


def test_a_person_without_a_ladder_is_paged_by_every_verified_method():
    user = person("ana")
    method(user, "voice", SAM)
    method(user, "sms", SAM)
    assert plan(page(user)) == [("sms", "queued", NOW), ("voice", "planned", after(180))]


def test_the_normal_ladder_is_another_one():
    user = sam(*LADDER)
    rung(user, 0, 0, "email", "sam@desk.test", urgency="normal")
    assert plan(page(user, urgency="normal")) == [("email", "queued", NOW)]


# Notices


def test_a_notice_goes_by_one_method_and_the_others_wait():
    errand = notice(sam(*LADDER))
    assert [row.state for row in rungs(errand)] == ["queued", "planned", "planned"]
    assert {row.lane for row in rungs(errand)} == {"bulk"}


def test_an_urgent_notice_goes_where_it_is_heard_first():
    assert rungs(notice(sam(*LADDER)))[0].channel == "sms"


def test_once_a_notice_is_out_the_other_methods_are_not_used(phone):
    errand = notice(sam(*LADDER))
    delivery.deliver(rungs(errand)[0].pk, NOW)
    phone.expect("INC-214", to=SAM)
    errand.refresh_from_db()
    assert ([row.state for row in rungs(errand)], errand.state) == (["sent", "cancelled", "cancelled"], "done")


def test_a_notice_that_fails_takes_the_next_method(twilio):
    twilio.behave("fail:21211", to=SAM)
    errand = notice(sam((0, "sms", SAM), (0, "email", SAM_MAIL)))
    delivery.deliver(rungs(errand)[0].pk, NOW)
    assert [row.state for row in rungs(errand)] == ["failed", "queued"]


def test_a_notice_reaches_who_has_no_ladder_by_their_account():
    errand = notice(person("ella", email="ella@acme.test"))
    assert (only(errand).to, only(errand).channel, only(errand).method) == ("ella@acme.test", "email", None)


def test_nobody_waits_for_a_notice_that_reached_nobody():
    errand = notice(person("ella"))
    assert (errand.state, outbox.unsettled().exists()) == ("unreachable", False)


# Quiet hours


def quiet(user: object, starts: int = 22, ends: int = 7, weekdays: tuple[int, ...] = ()) -> None:
    QuietHours.objects.create(person=user, starts=time(starts), ends=time(ends), weekdays=list(weekdays))


def test_a_page_on_duty_is_never_held():
    user = sam()
    quiet(user)
    assert only(page(user)).state == "queued"


def test_a_page_by_name_is_held_off_duty_and_counts_as_unreachable():
    user = sam()
    quiet(user)
    errand = page(user, on_duty=False)
    morning = datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert (only(errand).state, only(errand).due_at, errand.state) == ("held", morning, "unreachable")
    assert delivery.promote_due(now=morning) == 1
    assert only(errand).state == "queued"


def test_a_held_notice_waits_for_the_morning():
    user = sam()
    user.zone = "Europe/Paris"
    user.save(update_fields=["zone"])
    quiet(user)
    errand = notice(user, on_duty=False)
    assert (only(errand).due_at, errand.state) == (datetime(2026, 11, 24, 6, tzinfo=UTC), "open")


@pytest.mark.parametrize(
    ("starts", "ends", "weekdays", "state"),
    [(22, 7, (), "held"), (8, 18, (), "queued"), (22, 7, (0,), "held"), (22, 7, (1,), "queued")],
)
def test_quiet_hours_begin_on_the_evening_of_their_day(starts, ends, weekdays, state):
    user = sam()
    quiet(user, starts, ends, weekdays)
    assert only(page(user, on_duty=False)).state == state  # it is Tuesday, 02:12


def test_a_method_that_cannot_be_used_hands_its_turn_to_the_next():
    user = sam(*LADDER)
    ContactMethod.objects.filter(kind="sms").update(verified_at=None)
    assert plan(page(user)) == [("email", "queued", NOW), ("voice", "queued", NOW)]


# Plain letters


def test_a_letter_is_posted_once_a_key():
    letters = [outbox.post(thread="T-1042", key="T-1042:1", channel="email", to="ella@acme.test", letter=LETTER, now=NOW) for _ in range(2)]
    assert letters[0] == letters[1]
    assert (letters[0].state, letters[0].lane, letters[0].due_at) == ("queued", "bulk", NOW)


def test_a_letter_for_later_waits_and_is_then_queued():
    letter = outbox.post(thread="T-1042", key="k", channel="email", to="ella@acme.test", letter=LETTER, now=NOW, due_at=after(10))
    assert letter.state == "planned"
    assert delivery.promote_due(now=after(9)) == 0
    assert delivery.promote_due(now=after(10)) == 1


def test_a_person_who_saw_it_is_told_as_seen(phone):
    user = sam()
    message = only(page(user))
    delivery.deliver(message.pk, NOW)
    phone.expect("INC-214")
    outbox.seen("INC-214", user, now=after(5))
    message.refresh_from_db()
    assert (message.seen_at, message.shown_state, message.state) == (after(5), "seen", "sent")
