"""A second provider: tried at once when the first one is at fault, and first while that is down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as real
from django.test import Client

from notifications import delivery
from notifications.models import Attempt, Message, ProviderState
from tests.fakes.fixtures import post_to_desk
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_records import signature
from tests.notifications.makers import NOW, SAM, SAM_MAIL, after, only, page, person, rung, sam

pytestmark = pytest.mark.django_db
SID = "AC" + "2" * 32


@pytest.fixture
def second(settings, twilio):
    """Another account beside the usual one."""
    fake = FakeTwilio(account=SID, token="second-token", desk=real.SITE_URL, post=post_to_desk, hold=True)
    settings.TWILIO_SECOND = {"sid": SID, "token": "second-token", "sender": "+15005550006", "base": fake.url}
    with fake:
        yield fake


def paged(n: int = 0) -> Message:
    user = person(f"p{n}", "agent")
    rung(user, 0, 0, "sms", f"+3360000010{n}")
    return only(page(user, key=f"k{n}"))


def deliver(message: Message, seconds: float = 0) -> Message:
    delivery.deliver(message.pk, after(seconds))
    message.refresh_from_db()
    return message


@pytest.mark.parametrize("verb", ["500", "401", "fail:21606", "fail:21212"])
def test_a_page_the_first_provider_cannot_carry_goes_by_the_second_at_once(verb, twilio, second):
    twilio.behave(verb)
    message = deliver(only(page(sam())))
    assert (message.state, message.due_at) == ("queued", NOW)
    assert deliver(message, 1).state == "sent"
    assert [text.to for text in second.texts] == [SAM]
    assert list(Attempt.objects.order_by("pk").values_list("provider", flat=True)) == ["twilio", "twilio-2"]


@pytest.mark.parametrize("verb", ["fail:21211", "fail:21610", "fail:21614"])
def test_a_bad_number_is_bad_with_every_provider(verb, twilio, second):
    twilio.behave(verb)
    assert deliver(only(page(sam()))).state == "failed"
    assert second.journal == []


def test_after_three_failures_the_second_is_asked_first_and_after_five_minutes_the_first_again(twilio, second):
    twilio.behave("500")
    for n in range(3):
        deliver(deliver(paged(n), n), n)
    down = ProviderState.objects.get(name="twilio")
    assert (down.failures, down.down_since) == (3, after(2))
    asked = len(twilio.journal)
    assert deliver(paged(4), 10).state == "sent"
    assert len(twilio.journal) == asked
    twilio.behave("ok")
    later = deliver(paged(5), 310)
    assert later.tries.get().provider == "twilio"
    assert not ProviderState.objects.down().exists()


def test_a_closed_account_is_down_at_once(twilio, second):
    twilio.behave("401")
    deliver(only(page(sam())))
    assert ProviderState.objects.get(name="twilio").try_at == NOW + timedelta(minutes=5)


def test_when_both_are_down_the_first_is_tried_all_the_same(twilio, second):
    twilio.behave("500")
    second.behave("500")
    message = deliver(deliver(only(page(sam()))), 1)
    assert (message.state, message.due_at > after(5)) == ("queued", True)
    assert deliver(message, 60).tries.count() == 3


def test_the_seconds_receipts_are_believed_by_its_own_token_alone(twilio, second):
    twilio.behave("500")
    message = deliver(deliver(only(page(sam()))), 1)
    forged = {"MessageSid": "SM1", "MessageStatus": "delivered", "AccountSid": SID, "ApiVersion": "2010-04-01"}
    url = f"{real.SITE_URL}/hooks/twilio/status/{message.tries.last().token}/"
    answer = Client().post(url, forged, headers={"X-Twilio-Signature": signature(url, forged, "test-token")})
    assert answer.status_code == 403
    second.settle()
    message.refresh_from_db()
    assert message.state == "delivered"


def test_a_letter_goes_by_the_second_server_when_the_first_is_away(settings, smtp):
    with FakeSmtp() as other:
        away = {"user": "", "password": "", "tls": False, "ssl": False}
        settings.EMAIL_SECOND = {"host": other.host, "port": other.port, **away}
        settings.EMAIL_PORT = 1
        message = deliver(deliver(only(page(sam((0, "email", SAM_MAIL))))), 1)
        assert message.state == "sent"
        assert [mail.to for mail in other.mails] == [SAM_MAIL]
