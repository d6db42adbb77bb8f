"""Compare and swap: of many who reach for one message at the same moment one has it, on either database."""

from __future__ import annotations

from functools import partial

import pytest

from notifications import channels, delivery
from notifications.delivery import handing
from notifications.models import Attempt, Message
from servicedesk import doorbell
from tests.incidents.racing import at_once
from tests.notifications.makers import NOW, only, page, sam

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Committed rings would reach for a broker."""
    monkeypatch.setattr(doorbell._bell, "add", lambda task, ids: None)


def test_of_six_who_claim_a_message_one_has_it() -> None:
    message = only(page(sam()))
    claimed = at_once(*[partial(handing.claim, message.pk, now=NOW)] * 6)
    assert [attempt is not None for attempt in claimed].count(True) == 1
    assert Attempt.objects.count() == 1
    assert Message.objects.get(pk=message.pk).attempts == 1


def test_two_workers_and_the_engine_send_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(channels, "send", lambda parcel: sent.append(parcel.message_id) or "SM1")
    message = only(page(sam()))
    at_once(*[partial(delivery.deliver, message.pk, NOW)] * 3)
    assert sent == [message.pk]
    assert Message.objects.get(pk=message.pk).state == "sent"
