"""What Twilio reports: believed only when signed, counted once, and never downwards."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client

from notifications import delivery
from notifications.models import Attempt, ContactMethod, Message, ProviderCallback
from tests.fakes.twilio_records import Text, signature
from tests.notifications.makers import NOW, SAM, SAM_MAIL, only, page, rungs, sam

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def sent(phone) -> tuple[Message, Text]:
    """Sam's page, accepted by the provider; the next method is due in ten minutes."""
    sms, _mail = rungs(page(sam((0, "sms", SAM), (600, "email", SAM_MAIL))))
    delivery.deliver(sms.pk, NOW)
    return sms, phone.expect("INC-214")


def state(message: Message) -> str:
    return Message.objects.values_list("state", flat=True).get(pk=message.pk)


def post(settings, fields: dict[str, str], *, token: str = "t" * 43, signed: str | None = None, content_type: str = FORM) -> int:
    path = f"/hooks/twilio/status/{token}/"
    fields = {"AccountSid": settings.TWILIO_ACCOUNT_SID, **fields}
    mark = signature(settings.SITE_URL + path, fields, settings.TWILIO_AUTH_TOKEN) if signed is None else signed
    headers = {"X-Twilio-Signature": mark} if mark else {}
    return Client().post(path, urlencode(fields), content_type=content_type, headers=headers).status_code


def test_a_receipt_says_delivered(sent, twilio):
    message, text = sent
    assert twilio.report(text, "delivered") == 204
    assert state(message) == "delivered"


def test_receipts_in_the_wrong_order_and_repeated_never_lower_the_state(sent, twilio):
    message, text = sent
    for word in ("delivered", "sent", "queued", "delivered", "sent"):
        assert twilio.report(text, word) == 204
    assert (state(message), Attempt.objects.get().state) == ("delivered", "delivered")
    kept = ProviderCallback.objects.order_by("id").values_list("event_id", "outcome")
    assert list(kept) == [
        (f"{text.sid}:delivered", "applied"),
        (f"{text.sid}:sent", "older than what is known"),
        (f"{text.sid}:queued", "older than what is known"),
    ]


def test_a_failure_after_delivery_is_recorded_and_not_applied(sent, twilio):
    message, text = sent
    twilio.report(text, "delivered")
    twilio.report(text, "undelivered", 30008)
    assert (state(message), state(rungs(message.errand)[1])) == ("delivered", "planned")
    assert ProviderCallback.objects.get(event_id=f"{text.sid}:undelivered").raw["ErrorCode"] == "30008"


@pytest.mark.parametrize("code", [30004, 30005, 30006, 30007])
def test_a_permanent_failure_takes_the_next_method_and_flags_the_number(sent, twilio, code):
    message, text = sent
    assert twilio.report(text, "undelivered", code) == 204
    assert [row.state for row in rungs(message.errand)] == ["failed", "queued"]
    number = ContactMethod.objects.get(address=SAM)
    assert (number.flagged_code, number.disabled_at) == (str(code), None)


def test_a_handset_that_is_off_is_tried_once_more_while_the_next_method_goes_out(sent, twilio, phone):
    message, text = sent
    twilio.report(text, "undelivered", 30003)
    assert [row.state for row in rungs(message.errand)] == ["queued", "queued"]
    message.refresh_from_db()
    delivery.deliver(message.pk, message.due_at)
    twilio.report(phone.expect("INC-214"), "undelivered", 30003)
    assert state(message) == "failed"
    assert ContactMethod.objects.get(address=SAM).disabled_at is None


def test_a_failure_without_a_code_takes_the_next_method(sent, twilio):
    message, text = sent
    twilio.report(text, "failed")
    assert rungs(message.errand)[1].state == "queued"


def test_the_last_method_undelivered_makes_the_errand_unreachable(phone, twilio):
    errand = page(sam())
    delivery.deliver(only(errand).pk, NOW)
    twilio.report(phone.expect("INC-214"), "undelivered", 30005)
    errand.refresh_from_db()
    assert errand.state == "unreachable"


def test_delivered_after_failed_is_the_truth(sent, twilio):
    message, text = sent
    twilio.report(text, "failed", 30005)
    twilio.report(text, "delivered")
    assert state(message) == "delivered"


def test_a_receipt_faster_than_the_answer_is_not_overwritten_by_it(monkeypatch):
    def send(parcel):
        delivery.receipt(parcel.token, status="delivered", provider_id="SM1", event_id="SM1:delivered", raw={}, now=NOW)
        return "SM1"

    monkeypatch.setattr("notifications.channels.send", send)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    assert (state(message), Attempt.objects.get().state) == ("delivered", "delivered")


def test_a_failure_faster_than_the_answer_is_not_overwritten_by_it(monkeypatch):
    def send(parcel):
        delivery.receipt(parcel.token, status="undelivered", code="30003", provider_id="SM1", event_id="SM1:undelivered", raw={}, now=NOW)
        return "SM1"

    monkeypatch.setattr("notifications.channels.send", send)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    assert (state(message), Attempt.objects.get().state) == ("queued", "failed")


def test_an_unknown_token_is_taken_and_changes_nothing(sent, settings):
    message, _text = sent
    assert post(settings, {"MessageSid": "SM9", "MessageStatus": "delivered"}) == 204
    assert state(message) == "sent"
    assert ProviderCallback.objects.get().attempt is None


def test_an_unknown_word_is_kept_and_changes_nothing(sent, settings):
    message, text = sent
    token = Attempt.objects.get().token
    assert post(settings, {"MessageSid": text.sid, "MessageStatus": "levitating"}, token=token) == 204
    assert (state(message), ProviderCallback.objects.get().outcome) == ("sent", "unknown word")


@pytest.mark.parametrize("code", ["", "x", "-1", "٣", "9" * 40])
def test_a_code_that_is_none_is_no_fault_of_ours(sent, settings, code):
    fields = {"MessageSid": "SM9", "MessageStatus": "failed", "ErrorCode": code}
    assert post(settings, fields, token=Attempt.objects.get().token) == 204


@pytest.mark.parametrize("signed", ["", "forged", "\N{SNOWMAN}".encode().decode("latin-1")])
def test_without_a_true_signature_nothing_is_believed(sent, settings, signed):
    message, text = sent
    fields = {"MessageSid": text.sid, "MessageStatus": "delivered"}
    assert post(settings, fields, token=Attempt.objects.get().token, signed=signed) == 403
    assert (state(message), ProviderCallback.objects.count()) == ("sent", 0)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_other_kinds_of_content_are_refused(sent, settings, content_type):
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    assert post(settings, fields, content_type=content_type) == 403


def test_a_genuine_request_without_its_fields_is_refused(settings):
    assert post(settings, {"MessageSid": "SM1"}) == 403


def test_the_hook_takes_posts_only():
    assert Client().get("/hooks/twilio/status/abc/").status_code == 405


def test_a_receipt_of_the_first_attempt_ends_the_repeat(phone, twilio, settings):
    """The answer was lost, the provider did not know it yet, and then its receipt comes: nothing is sent again."""
    twilio.behave("drop", to=SAM)
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    text = phone.expect("INC-214")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("notifications.channels.find", lambda *_, **__: None)
        delivery.reconcile_due(now=NOW.replace(minute=30))
    assert state(message) == "queued"
    twilio.report(text, "sent")
    delivery.deliver(message.pk, NOW.replace(minute=31))
    assert state(message) == "sent"
