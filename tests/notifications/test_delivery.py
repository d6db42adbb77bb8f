"""From the queue to the provider and back: each page is handed over once, and what came of it is never lost."""

from __future__ import annotations

import pytest

from notifications import delivery
from tests.notifications.makers import NOW, SAM, SMS, after, only, page, sam

pytestmark = pytest.mark.django_db


def test_a_page_is_sent_and_delivered(phone, twilio):
    message = only(page(sam()))
    delivery.deliver(message.pk, NOW)
    assert phone.expect("INC-214", to=SAM).body == SMS
    message.refresh_from_db()
    assert (message.state, message.sent_at, message.attempts, message.delivered_at) == ("sent", NOW, 1, None)
    twilio.settle()
    message.refresh_from_db()
    assert message.state == "delivered"
    assert message.delivered_at is not None
