"""The desk's clock is set two hours on or back while a message is out: its lease is the database's own time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications import delivery
from notifications.delivery import handing
from notifications.models import Attempt, Message
from tests.notifications.makers import NOW, only, page, sam

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("hours", [2, -2])
def test_a_message_that_is_out_is_not_taken_by_another(hours: int) -> None:
    message = only(page(sam()))
    ours = handing.claim(message.pk, now=NOW)
    assert ours is not None
    moved = NOW + timedelta(hours=hours)
    delivery.promote_due(now=moved)
    delivery.deliver_unclaimed(now=moved)
    delivery.reconcile_due(now=moved)
    assert Attempt.objects.count() == 1
    assert Message.objects.get(pk=message.pk).attempt_id == ours.attempt_id
    assert handing.begin(ours)
