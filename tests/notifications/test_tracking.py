"""/anymail/<service>/tracking/: what e-mail services report later, believed with our secret alone, once, and never a 500."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode
from typing import Any

import pytest
from django.test import Client

from notifications.delivery import outcomes
from notifications.models import BouncedAddress, ContactMethod, Message, ProviderCallback
from tests.notifications.makers import NOW, SAM, SAM_MAIL, at_the_provider, page, person, rungs, sam

pytestmark = pytest.mark.django_db
SECRET, KEY, ID = "desk:a-long-secret", "mailgun-key", "<pm-1@service.test>"
BASIC = "Basic " + b64encode(SECRET.encode()).decode()


@pytest.fixture(autouse=True)
def configured(settings):
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}


@pytest.fixture
def letter() -> Message:
    """Sam is paged by mail first; the service took the letter as ID."""
    user = sam((0, "email", SAM_MAIL), (600, "sms", SAM))
    mail, _sms = rungs(page(user))
    outcomes.sent(at_the_provider(mail), ID, now=NOW)
    mail.refresh_from_db()
    return mail


def mailgun(event: str, *, age: int = 0, key: str = KEY, **more: Any) -> dict[str, Any]:
    sent, token = str(int(time.time()) - age), "t" * 50
    signed = hmac.new(key.encode(), f"{sent}{token}".encode(), hashlib.sha256).hexdigest()
    data = {"event": event, "id": "ev1", "recipient": SAM_MAIL, "message": {"headers": {"message-id": ID.strip("<>")}}, "timestamp": 1.0}
    return {"signature": {"timestamp": sent, "token": token, "signature": signed}, "event-data": {**data, **more}}


def ses(kind: str, **more: Any) -> dict[str, Any]:
    said = {"eventType": kind, "mail": {"messageId": ID, "destination": [SAM_MAIL]}, **more}
    return {"Type": "Notification", "MessageId": "sns-1", "Message": json.dumps(said), "Timestamp": "2026-11-24T02:12:00Z"}


ARRIVED = {
    "postmark": {"RecordType": "Delivery", "MessageID": ID, "Recipient": SAM_MAIL, "DeliveredAt": "2026-11-24T02:12:00Z"},
    "brevo": {"event": "delivered", "message-id": ID, "email": SAM_MAIL, "ts_event": 1},
    "mailjet": [{"event": "sent", "MessageID": ID, "email": SAM_MAIL, "time": 1}],
    "mailgun": lambda: mailgun("delivered"),  # signed when it is sent
    "amazon_ses": ses("Delivery", delivery={"recipients": [SAM_MAIL]}),
}
CAME_BACK = {
    "postmark": {"RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "MessageID": ID, "Email": SAM_MAIL, "Description": "no such box"},
    "brevo": {"event": "hard_bounce", "message-id": ID, "email": SAM_MAIL, "reason": "no such box", "ts_event": 1},
    "mailjet": [{"event": "bounce", "MessageID": ID, "email": SAM_MAIL, "error": "user unknown", "hard_bounce": True, "time": 1}],
    "mailgun": lambda: mailgun("failed", severity="permanent", reason="bounce"),  # signed when it is sent
    "amazon_ses": ses(
        "Bounce", bounce={"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": SAM_MAIL}]}
    ),
}
UNWANTED = {
    "postmark": {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 8, "MessageID": ID, "Email": SAM_MAIL},
    "brevo": {"event": "spam", "message-id": ID, "email": SAM_MAIL, "ts_event": 1},
    "mailjet": [{"event": "spam", "MessageID": ID, "email": SAM_MAIL, "time": 1}],
    "mailgun": lambda: mailgun("complained"),  # signed when it is sent
    "amazon_ses": ses("Complaint", complaint={"complainedRecipients": [{"emailAddress": SAM_MAIL}]}),
}


def report(service: str, body: Any, *, basic: str = BASIC, kind: str = "application/json") -> int:
    headers = {"Authorization": basic} if basic else {}
    if service == "amazon_ses" and isinstance(body, dict):
        headers |= {"X-Amz-Sns-Message-Type": body["Type"], "X-Amz-Sns-Message-Id": body["MessageId"]}
    body = body() if callable(body) else body
    raw = body if isinstance(body, bytes | str) else json.dumps(body)
    return Client().post(f"/anymail/{service}/tracking/", raw, content_type=kind, headers=headers).status_code


@pytest.mark.parametrize("service", ARRIVED)
def test_a_letter_that_arrived_is_delivered(service, letter):
    assert report(service, ARRIVED[service]) == 204
    letter.refresh_from_db()
    assert letter.state == "delivered"


@pytest.mark.parametrize("service", CAME_BACK)
def test_a_letter_that_came_back_pages_the_next_way_and_tells_the_admins(service, letter):
    person("adam", "admin", email="adam@acme.test")
    assert report(service, CAME_BACK[service]) == 204
    mail, sms = rungs(letter.errand)
    assert (mail.state, sms.state) == ("failed", "queued")
    assert ContactMethod.objects.get(address=SAM_MAIL).flagged_at is not None
    assert BouncedAddress.objects.get().address == SAM_MAIL
    assert Message.objects.filter(thread="DESK", to="adam@acme.test", subject="Mail to Sam comes back").count() == 1


@pytest.mark.parametrize("service", UNWANTED)
def test_who_calls_us_unwanted_gets_no_more_mail(service, letter):
    assert report(service, UNWANTED[service]) == 204
    found = ContactMethod.objects.get(address=SAM_MAIL)
    assert (found.is_usable, found.disabled_code) == (False, "unwanted")


@pytest.mark.parametrize("service", CAME_BACK)
def test_a_repeat_changes_nothing(service, letter):
    for _twice in range(2):
        assert report(service, CAME_BACK[service]) == 204
    assert ProviderCallback.objects.count() == 1


def test_a_receipt_that_comes_after_the_bounce_or_before_it_is_only_kept(letter):
    for body in (ARRIVED["postmark"], CAME_BACK["postmark"]):
        assert report("postmark", body) == 204
    letter.refresh_from_db()
    assert letter.state == "delivered"
    assert ContactMethod.objects.get(address=SAM_MAIL).flagged_at is not None


def test_a_soft_bounce_fails_the_letter_and_not_the_address(letter):
    soft = {"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": [{"emailAddress": SAM_MAIL}]}
    assert report("amazon_ses", ses("Bounce", bounce=soft)) == 204
    letter.refresh_from_db()
    assert letter.state == "failed"
    assert ContactMethod.objects.get(address=SAM_MAIL).flagged_at is None


@pytest.mark.parametrize("service", ARRIVED)
@pytest.mark.parametrize("basic", ["", "Basic eDp5", "Bearer x", "Basic \N{BULLET}"])
def test_without_our_secret_nothing_is_believed(service, basic, letter):
    assert report(service, CAME_BACK[service], basic=basic) in {401, 403}
    letter.refresh_from_db()
    assert (letter.state, ProviderCallback.objects.count()) == ("sent", 0)


def test_while_no_secret_is_set_nobody_is_believed(settings, letter):
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    assert {report(service, body) for service, body in CAME_BACK.items()} == {403}


@pytest.mark.parametrize("forged", [{"age": 301}, {"age": -400}, {"key": "other"}])
def test_mailguns_own_signature_must_be_right_and_of_now(forged, letter):
    assert report("mailgun", mailgun("failed", **forged)) == 403  # made now: its age is of this moment


@pytest.mark.parametrize("forged", [{}, {"signature": 7}])
def test_mailguns_report_without_its_signature_is_not_believed(forged, letter):
    assert report("mailgun", forged) == 403


@pytest.mark.parametrize("service", ARRIVED)
@pytest.mark.parametrize("body", ["", "null", "7", "[]", "[[]]", '{"event": {}}', "\xff", '{"RecordType": "Inbound"}', "{" * 2000])
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_what_is_no_report_changes_nothing_and_is_never_a_500(service, body, kind, letter):
    assert report(service, body, kind=kind) < 500
    letter.refresh_from_db()
    assert letter.state == "sent"


def test_a_report_about_another_address_or_letter_changes_nothing(letter):
    for change in ({"MessageID": "<other@x>"}, {"Email": "kim@acme.test"}, {"MessageID": None}):
        assert report("postmark", {**CAME_BACK["postmark"], "ID": str(change), **change}) == 204
    letter.refresh_from_db()
    assert letter.state == "sent"


def test_an_unknown_service_is_not_found():
    assert report("sendgrid", {}) == 404
