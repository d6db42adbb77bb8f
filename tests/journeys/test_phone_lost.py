"""What becomes of a page when numbers, networks and providers fail, and when somebody says STOP. After GoAlert's smoke tests."""

from __future__ import annotations

import pytest

from incidents import incidents
from incidents.models import Incident
from notifications.models import ContactMethod, Message
from servicedesk import clock as desk_clock
from servicedesk.directory.models import Service
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mailbox
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_records import Receipts, Text
from tests.journeys.conftest import Clock, Office
from tests.journeys.test_nobody import vpn_down

SAM, DANA = "+33600000001", "+33600000002"
STOPS = ["STOP", "stop", "Stop.", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT", "ARRET"]


def texts_to_sam() -> list[str]:
    return list(Message.objects.filter(channel="sms", to=SAM).order_by("pk").values_list("state", flat=True))


@pytest.fixture
def page(office: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> Text:
    vpn_down(office, clock, "The tunnel is down")
    mailbox.expect("tunnel", to="sam@acme.example")
    return phone.expect("tunnel", to=SAM)


@pytest.mark.parametrize("word", STOPS)
def test_stop_is_answered_by_nobody_and_the_telephone_rings_at_once(
    office: Office, page: Text, phone: Phone, mailbox: Mailbox, clock: Clock, word: str
) -> None:
    assert page.reply(word) is None
    clock.forward("1s")
    phone.expect_call("tunnel", to=SAM).press("4")
    mailbox.expect("Text messages to you are switched off", to="sam@acme.example")
    assert not ContactMethod.objects.get(kind="sms", address=SAM).is_usable


@pytest.mark.parametrize("word", ["START", "yes", "UNSTOP"])
def test_start_turns_text_messages_on_again(office: Office, page: Text, phone: Phone, mailbox: Mailbox, clock: Clock, word: str) -> None:
    page.reply("STOP")
    clock.forward("1s")
    phone.expect_call(to=SAM).press("4")
    mailbox.expect("switched off", to="sam@acme.example")
    page.reply(word)
    vpn_down(office, clock, "Another tunnel")
    phone.expect("Another tunnel", to=SAM)
    mailbox.expect("Another tunnel", to="sam@acme.example")


def test_stop_in_a_sentence_is_no_stop(office: Office, page: Text) -> None:
    assert "Not understood" in (page.reply("please stop the noise") or "")
    assert ContactMethod.objects.get(kind="sms", address=SAM).is_usable


@pytest.mark.parametrize("code", ["21211", "21614", "21610", "21408"])
def test_a_number_that_is_refused_is_followed_by_the_call_within_ten_seconds(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock, twilio: FakeTwilio, code: str
) -> None:
    twilio.behave(f"fail:{code}", to=SAM, times=1)
    vpn_down(office, clock, "The tunnel is down")
    mailbox.expect("tunnel", to="sam@acme.example")
    clock.forward("9s")
    assert "You have" in phone.expect_call("tunnel", to=SAM).press("4")


@pytest.mark.parametrize("code", ["30004", "30005", "30006", "30007"])
def test_a_landline_or_a_blocked_number_that_shows_late_is_followed_at_once(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock, twilio: FakeTwilio, code: str
) -> None:
    twilio.behave(f"fail:{code}", to=SAM, times=1)
    vpn_down(office, clock, "The tunnel is down")
    mailbox.expect("tunnel", to="sam@acme.example")
    phone.expect("tunnel", to=SAM)
    clock.forward("9s")
    phone.expect_call(to=SAM).press("4")
    assert texts_to_sam() == ["failed"]


def test_a_handset_that_is_switched_off_is_tried_once_more_and_the_call_comes_at_once(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock, twilio: FakeTwilio
) -> None:
    twilio.behave("fail:30003", to=SAM, times=1)
    vpn_down(office, clock, "The tunnel is down")
    mailbox.expect("tunnel", to="sam@acme.example")
    phone.expect("tunnel", to=SAM)
    clock.forward("20s")
    phone.expect("tunnel", to=SAM)
    phone.expect_call(to=SAM).press("4")


def test_receipts_out_of_order_and_twice_end_as_delivered(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock, twilio: FakeTwilio
) -> None:
    twilio.receipts = Receipts(backwards=True, times=2)
    vpn_down(office, clock, "The tunnel is down")
    mailbox.expect("tunnel", to="sam@acme.example")
    phone.expect("tunnel", to=SAM).reply("4")
    assert {status for *_more, status in twilio.callbacks} <= {200, 204}
    message = Message.objects.get(channel="sms", to=SAM)
    assert message.delivered_at is not None
    assert message.acted_at is not None


def test_a_failure_reported_after_delivery_changes_nothing(office: Office, page: Text, clock: Clock, twilio: FakeTwilio) -> None:
    assert twilio.report(page, "undelivered", 30003) == 204
    assert texts_to_sam() == ["delivered"]


def test_without_a_receipt_it_is_sent_and_never_called_delivered(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock, twilio: FakeTwilio
) -> None:
    twilio.behave("silent", to=SAM, times=1)
    vpn_down(office, clock, "The tunnel is down")
    mailbox.expect("tunnel", to="sam@acme.example")
    phone.expect("tunnel", to=SAM)
    clock.forward("60s")
    assert texts_to_sam() == ["sent"]


def test_an_answer_that_was_lost_is_found_at_the_provider_and_sent_once(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock, twilio: FakeTwilio
) -> None:
    twilio.behave("drop", to=SAM, times=1)
    twilio.receipts = Receipts(lost=frozenset({"sent", "delivered"}))
    vpn_down(office, clock, "The tunnel is down")
    mailbox.expect("tunnel", to="sam@acme.example")
    phone.expect("tunnel", to=SAM)
    clock.forward("40s")
    assert texts_to_sam() == ["sent"]
    assert len(twilio.texts) == 1


def test_what_the_provider_never_took_goes_once_more_marked_as_a_possible_repeat(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock, twilio: FakeTwilio
) -> None:
    twilio.behave("vanish", to=SAM, times=1)
    vpn_down(office, clock, "The tunnel is down")
    mailbox.expect("tunnel", to="sam@acme.example")
    clock.forward("20s")
    phone.expect("tunnel", to=SAM)
    assert Message.objects.get(channel="sms", to=SAM).is_possible_duplicate


def test_forty_services_that_fail_in_one_minute_make_two_messages_with_every_number(
    office: Office, phone: Phone, mailbox: Mailbox, clock: Clock
) -> None:
    """At most two in that minute by each way, then one for all the others, from which every incident is reached."""
    for n in range(40):
        service = Service.objects.create(slug=f"s{n}", name=f"Service {n}", tier=1, team=office.acme.teams["it-ops"])
        told = incidents.Grounds(title=f"Service {n} is down", reason="No answer.", service=service, severity=2, since=desk_clock.now())
        incidents.declare(told, actor=None, now=desk_clock.now())
        clock.forward("1s")
    within = [text for text in phone.waiting() if text.to == SAM]
    assert len(within) <= 2
    clock.forward("61s")
    texts = [text.body for text in phone.waiting() if text.to == SAM and text.sid.startswith("SM")]
    assert len(texts) <= 3
    last = next(text for text in phone.waiting() if "AALL" in text.words)
    last.reply("AALL")
    for alone in [text for text in phone.waiting() if text.to == SAM and "reply A" in text.words and "AALL" not in text.words]:
        alone.reply(alone.words.rpartition("reply ")[2])
    assert not Incident.objects.filter(state="triggered").exists()
    phone.read += phone.waiting()
    mailbox.read += mailbox.waiting()
