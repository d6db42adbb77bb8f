"""Calls: what Twilio is asked for, what its refusals mean, and how a call is found whose answer was lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications import channels
from notifications.channels import DeliveryFailed, NoProvider, OutcomeUnknown
from servicedesk import clock
from tests.notifications.parcels import SAM, sms

PARCEL = sms(channel="voice", text="Email is down.")


def since():
    return clock.wall() - timedelta(seconds=5)


def test_a_call_rings_shortly_and_asks_the_desk_what_to_say(twilio, settings):
    sid = channels.send(PARCEL)
    (call,) = twilio.calls
    (asked,) = twilio.journal
    assert (call.sid, call.to, asked.fields["From"]) == (sid, SAM, settings.TWILIO_FROM)
    assert asked.fields["Url"] == f"{settings.SITE_URL}/hooks/twilio/voice/tok-1/"
    assert asked.fields["StatusCallback"] == f"{settings.SITE_URL}/hooks/twilio/status/tok-1/"
    assert (asked.fields["Timeout"], "MachineDetection" in asked.fields) == ("25", False)
    assert call.events == {"initiated", "answered", "completed"}
    assert "Email" not in str(asked.fields)


@pytest.mark.parametrize("code", [21211, 21215, 21217])
def test_a_number_that_cannot_be_called_is_flagged(twilio, code):
    twilio.behave(f"fail:{code}", to=SAM)
    with pytest.raises(DeliveryFailed) as told:
        channels.send(PARCEL)
    assert (told.value.permanent, told.value.flags_method, told.value.code) == (True, True, str(code))


def test_a_messaging_service_cannot_call(settings, twilio):
    settings.TWILIO_FROM = "MG" + "1" * 32
    with pytest.raises(DeliveryFailed, match="messaging service") as told:
        channels.send(PARCEL)
    assert told.value.setup_fault
    assert twilio.journal == []


def test_without_an_account_nothing_is_tried(settings):
    settings.TWILIO_CONFIGURED = False
    with pytest.raises(NoProvider):
        channels.send(PARCEL)


@pytest.mark.parametrize("verb", ["drop", "garble"])
@pytest.mark.parametrize("has_started", [True, False])
def test_a_call_whose_answer_was_lost_is_found_by_its_number_and_time(twilio, verb, has_started):
    twilio.behave(verb, to=SAM)
    with pytest.raises(OutcomeUnknown):
        channels.send(PARCEL)
    if has_started:
        twilio.post = lambda *_form: (204, "")  # nobody listens here
        twilio.settle()
    (call,) = twilio.calls
    assert channels.find(PARCEL, since=since()) == call.sid
    assert channels.find(PARCEL, since=since(), known=[call.sid]) is None
    assert channels.find(sms(channel="voice", to="+33600000009"), since=since()) is None
    assert channels.find(PARCEL, since=clock.wall() + timedelta(minutes=10)) is None


def test_a_provider_that_does_not_say_leaves_it_unknown(twilio):
    twilio.behave("500", to="list")
    with pytest.raises(OutcomeUnknown):
        channels.find(PARCEL, since=since())
