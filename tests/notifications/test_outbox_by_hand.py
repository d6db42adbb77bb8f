"""/outbox/<n>/: one message with its tries and receipts, sent once more or cancelled by hand."""

from __future__ import annotations

import pytest
from django.test import Client

from notifications import clerk, delivery, methods, outbox
from notifications.models import Errand, Message
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import User
from tests.notifications.makers import LETTER, NOW, SAM, after, method, notice, only, page, person, rungs, sam
from tests.notifications.test_outbox_page import client

pytestmark = pytest.mark.django_db


def letter(state: str = "failed", **fields: object) -> Message:
    made = outbox.post(thread="T-1042", key="k", channel="email", to="ella@acme.test", letter=LETTER, now=NOW)
    Message.objects.filter(pk=made.pk).update(state=state, **fields)
    made.refresh_from_db()
    return made


def deed(user: User, message: Message, what: str) -> Message | None:
    answer = client(user).post(f"/outbox/{message.pk}/{what}/")
    assert answer.status_code == 302
    return Message.objects.filter(key=f"again:{message.pk}").first()


def test_ana_sends_a_failed_letter_once_more_and_only_once():
    ana, failed = person("ana", "agent"), letter()
    again = deed(ana, failed, "again")
    assert (again.to, again.text, again.state) == (failed.to, failed.text, "queued")
    assert deed(ana, failed, "again") == again
    assert Message.objects.count() == 2
    assert AuditEntry.objects.get(verb="send again").actor == ana


def test_a_letter_that_was_sent_goes_again_as_a_possible_repeat():
    again = clerk.resend(letter("sent", sent_at=NOW), actor=person("ana", "agent"), now=after(60))
    assert again.is_possible_duplicate


@pytest.mark.parametrize("state", ["queued", "sending", "unknown", "cancelled", "bundled"])
def test_what_is_under_way_or_cancelled_is_not_sent_twice(state):
    with pytest.raises(clerk.NotNow):
        clerk.resend(letter(state), actor=person("ana", "agent"), now=NOW)


def test_a_page_that_was_answered_never_goes_out_again():
    user = sam()
    errand = page(user)
    failed = only(errand)
    Message.objects.filter(pk=failed.pk).update(state="failed")
    outbox.acted("INC-214", user, now=NOW)
    with pytest.raises(clerk.NotNow, match="answered"):
        clerk.resend(failed, actor=person("ana", "agent"), now=NOW)


def test_a_number_that_said_stop_is_not_written_to_by_hand_either():
    row = method(user := person("omar"), "sms", SAM)
    proof = methods.send_test(row, now=NOW)
    row.disabled_at = NOW
    row.save(update_fields=["disabled_at"])
    Message.objects.update(state="failed")
    with pytest.raises(clerk.NotNow, match="switched off"):
        clerk.resend(proof.message, actor=user, now=NOW)


def test_a_code_is_never_sent_again_from_here():
    proof = methods.send_test(method(user := person("omar"), "sms", SAM), now=NOW)
    Message.objects.update(state="failed")
    with pytest.raises(clerk.NotNow, match="own page"):
        clerk.resend(proof.message, actor=user, now=NOW)


def test_ana_cancels_a_notice_with_all_its_ways():
    user = sam((0, "sms", SAM), (0, "email", "sam@acme.test"))
    errand = notice(user, key="told")
    deed(person("ana", "agent"), rungs(errand)[0], "cancel")
    assert {row.state for row in rungs(errand)} == {"cancelled"}
    assert "Cancelled by Ana" in rungs(errand)[0].reason
    errand.refresh_from_db()
    assert errand.state == Errand.State.CANCELLED


def test_a_page_is_not_cancelled_here_and_what_is_out_cannot_be():
    waiting = only(page(sam()))
    for message in (waiting, letter("sent")):
        with pytest.raises(clerk.NotNow):
            clerk.stop(message, actor=person("x", "agent") if message is waiting else User.objects.get(username="x"), now=NOW)
    waiting.refresh_from_db()
    assert waiting.state == "queued"


def test_the_auditor_reads_and_changes_nothing():
    vera, message = person("vera", "auditor"), letter()
    assert client(vera).get(f"/outbox/{message.pk}/").status_code == 200
    assert b"Send once more" not in client(vera).get(f"/outbox/{message.pk}/").content
    assert client(vera).post(f"/outbox/{message.pk}/again/").status_code == 403


def test_the_page_tells_every_try_and_receipt_in_words(phone, twilio):
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    phone.expect("INC-214")
    twilio.settle()
    body = client(person("ana", "agent")).get(f"/outbox/{message.pk}/").content.decode()
    assert all(word in body for word in ("Delivered", "Taken.", message.tries.get().provider_id, "Why this person: primary"))
    assert "7Kq2mX9dR4" not in body


def test_a_confidential_message_shows_no_words_and_an_unknown_number_is_not_found():
    message = letter(is_confidential=True)
    body = client(person("ana", "agent")).get(f"/outbox/{message.pk}/").content.decode()
    assert "Email is down" not in body
    assert client(User.objects.get(username="ana")).get("/outbox/999999/").status_code == 404
    assert Client().get(f"/outbox/{message.pk}/").status_code == 302
