"""The telephone rings after three minutes: who picks up and presses what, and whose turn it is when nobody does."""

from __future__ import annotations

import pytest

from incidents import escalation
from incidents.states import IncidentState
from notifications.models import ContactMethod, Message
from servicedesk import clock as desk_clock
from tests.fakes.phone import Phone
from tests.fakes.smtp import Mailbox
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_records import signature
from tests.journeys.conftest import Clock, Office

SAM, DANA = "+33600000001", "+33600000002"
MENU = "Press 4: I have it. Press 5: pass to the next person. Press 6: repeat."


def paged(phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    """03:17: Sam's text message and letter."""
    clock.forward("6m")
    mailbox.expect("You are primary", to="sam@acme.example")
    phone.expect("You are primary", to=SAM)


def dana_paged(phone: Phone, mailbox: Mailbox) -> None:
    mailbox.expect("You are secondary", to="dana@acme.example")
    phone.expect("Email is down", to=DANA)


@pytest.fixture
def ringing(night: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> Office:
    """03:20: Sam's telephone rings."""
    paged(phone, mailbox, clock)
    clock.forward("2m")
    return night


def call_states(to: str = SAM) -> list[tuple[str, str]]:
    return list(Message.objects.filter(channel="voice", to=to).order_by("pk").values_list("state", "reason"))


def test_the_call_says_what_is_known_and_what_to_press(ringing: Office, phone: Phone) -> None:
    talk = phone.expect_call(ringing.incident.number, MENU, to=SAM)
    assert talk.said.startswith("Acme Help Desk. Severity one. Email is down since three twelve. You are primary.")
    assert talk.tongues == {"en-GB"}


def test_voicemail_is_no_acknowledgement_and_dana_is_paged_in_her_turn(
    ringing: Office, phone: Phone, mailbox: Mailbox, clock: Clock
) -> None:
    assert phone.expect_call(to=SAM).silence() == "No key was pressed. Nothing is changed. Goodbye."
    assert call_states() == [("answered", "")]
    assert Message.objects.get(channel="voice", to=SAM).acted_at is None
    clock.forward("6m")
    assert ringing.incident.state == IncidentState.TRIGGERED
    phone.silent()
    clock.forward("2m")
    dana_paged(phone, mailbox)
    assert ringing.incident.acknowledged_by is None


def test_four_takes_it_and_says_who_is_left_alone(ringing: Office, phone: Phone, clock: Clock) -> None:
    talk = phone.expect_call(to=SAM)
    said = talk.press("4")
    assert said.startswith(f"You have {ringing.incident.number} since three twenty. Dana Ruiz: left alone. Nobody else will be called.")
    assert talk.is_over
    assert ringing.incident.acknowledged_by == ringing.acme.people["sam"]
    assert Message.objects.get(channel="voice", to=SAM).acted_at is not None
    assert "via a call" in ringing.incident.timeline.filter(text__startswith="Acknowledged").get().text
    clock.forward("50m")


def test_five_passes_it_on_and_says_who_is_called(ringing: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    assert "Dana Ruiz is called now." in phone.expect_call(to=SAM).press("5")
    clock.forward("1s")
    dana_paged(phone, mailbox)
    assert ringing.incident.state == IncidentState.TRIGGERED


def test_six_repeats_and_changes_nothing(ringing: Office, phone: Phone) -> None:
    talk = phone.expect_call(to=SAM)
    first = talk.said
    assert talk.press("6") == first
    assert ringing.incident.state == IncidentState.TRIGGERED
    assert talk.press("64").startswith(first + " You have")


def test_a_wrong_key_is_said_and_three_end_the_call(ringing: Office, phone: Phone) -> None:
    talk = phone.expect_call(to=SAM)
    first = talk.said
    assert talk.press("7") == f"7 is not one of the keys. {first}"
    assert talk.press("*").startswith("* is not one of the keys. Acme")
    assert talk.press("0") == "0 is not one of the keys. Nothing is changed. Goodbye."
    assert talk.is_over
    assert (ringing.incident.state, call_states()) == (IncidentState.TRIGGERED, [("answered", "")])


def test_a_wrong_key_leaves_the_right_one_open(ringing: Office, phone: Phone) -> None:
    assert "You have" in phone.expect_call(to=SAM).press("74")
    assert ringing.incident.state == IncidentState.ACKNOWLEDGED


@pytest.mark.parametrize(("verb", "reason"), [("busy", "The line was busy."), ("no-answer", "Nobody picked up.")])
def test_who_has_only_a_telephone_and_does_not_take_the_call_is_followed_at_once_by_the_next(
    night: Office, phone: Phone, mailbox: Mailbox, clock: Clock, twilio: FakeTwilio, verb: str, reason: str
) -> None:
    ContactMethod.objects.filter(person=night.acme.people["sam"]).exclude(kind="voice").update(verified_at=None)
    twilio.behave(verb, to=SAM)
    clock.forward("5m5s")
    phone.expect_missed(to=SAM)
    assert call_states() == [("failed", reason)]
    dana_paged(phone, mailbox)


def test_an_acknowledgement_by_text_cancels_the_planned_call(night: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    clock.forward("6m")
    mailbox.expect("You are primary", to="sam@acme.example")
    phone.expect("You are primary", to=SAM).reply(f"A{night.incident.pk}")
    clock.forward("30m")
    assert [state for state, _reason in call_states()] == ["cancelled"]


def test_a_number_that_is_not_verified_is_never_called(night: Office, phone: Phone, mailbox: Mailbox, clock: Clock) -> None:
    ContactMethod.objects.filter(person=night.acme.people["sam"], kind="voice").update(verified_at=None)
    paged(phone, mailbox, clock)
    clock.forward("6m")
    assert (call_states(), phone.twilio.calls) == ([], [])


def test_a_key_counts_once_however_often_its_request_comes(ringing: Office, phone: Phone, twilio: FakeTwilio) -> None:
    phone.expect_call(to=SAM).press("5")
    url, fields, _status = next(sent for sent in reversed(twilio.callbacks) if "Digits" in sent[1])
    status, body = twilio.post(url, fields, signature(url, fields, twilio.token))
    assert (status, "Press 4: I have it." in body) == (200, True)
    assert ringing.incident.timeline.filter(text__contains="passes it on").count() == 1


def test_a_telephone_that_still_rings_is_cut_off_when_somebody_acknowledges(ringing: Office, phone: Phone, clock: Clock) -> None:
    dana = ringing.acme.people["dana"]
    escalation.acknowledge(ringing.incident, by=dana, via="page", now=desk_clock.now())
    clock.forward("1s")
    assert phone.expect_missed(to=SAM).status == "canceled"
    assert call_states()[0] == ("cancelled", "Rings no more: it was answered meanwhile.")
    phone.expect("acked by Dana Ruiz", to=SAM)


def test_who_answers_by_text_hears_no_more_ringing(ringing: Office, phone: Phone, clock: Clock) -> None:
    phone.text(f"A{ringing.incident.pk}", sender=SAM)
    clock.forward("1s")
    assert phone.expect_missed(to=SAM).status == "canceled"


def test_a_call_that_was_picked_up_is_never_cut_off(ringing: Office, phone: Phone, clock: Clock, twilio: FakeTwilio) -> None:
    talk = phone.expect_call(to=SAM)
    escalation.acknowledge(ringing.incident, by=ringing.acme.people["dana"], via="page", now=desk_clock.now())
    clock.forward("1s")
    assert not [asked for asked in twilio.journal if asked.fields.get("Status") == "canceled"]
    assert "Dana Ruiz has" in talk.press("4")
    phone.expect("acked by Dana Ruiz", to=SAM)


def test_a_provider_that_is_down_is_asked_again_to_cut_a_call_off(ringing: Office, phone: Phone, clock: Clock, twilio: FakeTwilio) -> None:
    twilio.behave("500", to="cut")
    phone.text(f"A{ringing.incident.pk}", sender=SAM)
    clock.forward("1s")
    twilio.behave("ok", to="cut")
    clock.forward("10s")
    assert phone.expect_missed(to=SAM).status == "canceled"
