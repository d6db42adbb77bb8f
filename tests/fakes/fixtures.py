"""The outside world for tests: a Twilio, the phones behind it, and a mail server. Each fails the test on what was not expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.fakes.phone import Phone
from tests.fakes.smtp import FakeSmtp, Mailbox
from tests.fakes.twilio import FakeTwilio


def post_to_desk(url: str, fields: Mapping[str, str], signed: str) -> tuple[int, str]:
    """Post as Twilio does, but by Django's test client: in this thread and transaction. No signature, no header."""
    path = "/" + url.split("://", 1)[1].partition("/")[2]
    headers = {"X-Twilio-Signature": signed} if signed else {}
    answer = Client().post(path, urlencode(fields), content_type="application/x-www-form-urlencoded", headers=headers)
    return answer.status_code, answer.content.decode()


@pytest.fixture
def twilio(settings: Settings) -> Iterator[FakeTwilio]:
    """A real HTTP server the SMS channel talks to. Receipts wait for `twilio.settle()`."""
    fake = FakeTwilio(
        account=settings.TWILIO_ACCOUNT_SID, token=settings.TWILIO_AUTH_TOKEN, desk=settings.SITE_URL, post=post_to_desk, hold=True
    )
    settings.TWILIO_API_BASE = fake.url
    with fake:
        yield fake
    assert not fake.faults, fake.faults


@pytest.fixture
def phone(twilio: FakeTwilio) -> Iterator[Phone]:
    phones = Phone(twilio)
    yield phones
    phones.silent()


@pytest.fixture
def smtp(settings: Settings) -> Iterator[FakeSmtp]:
    """A real SMTP server the mail channel talks to."""
    with FakeSmtp() as fake:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_CONFIGURED = True
        settings.EMAIL_HOST, settings.EMAIL_PORT = fake.host, fake.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield fake


@pytest.fixture
def mailbox(smtp: FakeSmtp) -> Iterator[Mailbox]:
    box = Mailbox(smtp)
    yield box
    box.silent()
