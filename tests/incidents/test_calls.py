"""The door of answered calls: whom it believes, what it says, and that it is sound XML."""

from __future__ import annotations

from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from incidents.models import Incident
from incidents.states import IncidentState
from incidents.wording import spoken
from notifications import delivery
from notifications.models import Attempt, Message
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.fakes.twilio_records import signature
from tests.incidents.alarms import email_down

FORM = "application/x-www-form-urlencoded"
TITLE = "Mail </Say><Hangup/> & \x0b\"co\" 'down'"


@pytest.fixture
def attempt(acme: Company, monkeypatch: pytest.MonkeyPatch) -> Attempt:
    """Sam's call with awkward words, taken by Twilio."""
    monkeypatch.setattr("notifications.channels.send", lambda parcel: f"CA{parcel.message_id}")
    email_down(acme)
    call = Message.objects.get(channel="voice", person=acme.people["sam"])
    Message.objects.filter(pk=call.pk).update(state="queued", due_at=NINE, text=TITLE)
    delivery.deliver(call.pk, NINE)
    return Attempt.objects.get(message=call)


def ask(token: str, digits: str = "", *, query: str = "", signed: str | None = None, **fields: str) -> HttpResponse:
    path = f"/hooks/twilio/voice/{token}/{query}"
    said = {"CallSid": "CA1", "CallStatus": "in-progress", "AccountSid": settings.TWILIO_ACCOUNT_SID, **fields}
    said |= {"Digits": digits} if digits else {}
    mark = signature(settings.SITE_URL + path, said, settings.TWILIO_AUTH_TOKEN) if signed is None else signed
    return Client().post(path, urlencode(said), content_type=FORM, headers={"X-Twilio-Signature": mark} if mark else {})


@pytest.mark.parametrize("mark", ["", "forged", signature("http://elsewhere/", {}, "test-token")])
def test_a_forged_request_is_refused_and_changes_nothing(attempt: Attempt, mark: str) -> None:
    assert ask(attempt.token, "4", query="?turn=1&wrong=0", signed=mark).status_code == 403
    assert Incident.objects.get().state == IncidentState.TRIGGERED


def test_a_turn_that_was_not_signed_is_refused(attempt: Attempt) -> None:
    path = f"{settings.SITE_URL}/hooks/twilio/voice/{attempt.token}/"
    fields = {"CallSid": "CA1", "CallStatus": "in-progress", "AccountSid": settings.TWILIO_ACCOUNT_SID, "Digits": "4"}
    mark = signature(path, fields, settings.TWILIO_AUTH_TOKEN)
    assert ask(attempt.token, "4", query="?turn=7", signed=mark).status_code == 403


def test_a_link_preview_cannot_press_keys(attempt: Attempt) -> None:
    assert Client().get(f"/hooks/twilio/voice/{attempt.token}/?Digits=4").status_code == 405
    assert Incident.objects.get().state == IncidentState.TRIGGERED


def test_an_unknown_token_is_bidden_goodbye(db: None) -> None:
    answer = ask("t" * 43, "4")
    assert answer.status_code == 200
    assert [verb.tag for verb in ElementTree.fromstring(answer.content)] == ["Say", "Say", "Hangup"]


def test_words_full_of_marks_are_spoken_as_words(attempt: Attempt) -> None:
    answer = ask(attempt.token)
    assert answer["Content-Type"] == "text/xml"
    gather, farewell, end = ElementTree.fromstring(answer.content)
    assert (gather.tag, farewell.tag, end.tag) == ("Gather", "Say", "Hangup")
    assert gather[0].text == TITLE.replace("\x0b", "")


@pytest.mark.parametrize("turn", ["", "x", "-1", "99999999999999999999", "²"])
def test_a_turn_that_is_no_number_breaks_nothing(attempt: Attempt, turn: str) -> None:
    assert ask(attempt.token, "9", query=f"?{urlencode({'turn': turn, 'wrong': turn})}").status_code == 200


def test_the_message_of_a_picked_up_call_is_delivered(attempt: Attempt) -> None:
    ask(attempt.token)
    assert Message.objects.get(pk=attempt.message_id).state == "delivered"


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (3, 12, "three twelve"),
        (0, 5, "zero oh five"),
        (9, 0, "nine o'clock"),
        (15, 0, "fifteen hundred"),
        (23, 59, "twenty-three fifty-nine"),
    ],
)
def test_times_are_said_in_words(hour: int, minute: int, words: str) -> None:
    assert spoken.clock_time(hour, minute) == words
