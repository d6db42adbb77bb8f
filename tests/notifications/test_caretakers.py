"""What the administrators hear of the post office: a page that was given up pages them, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications import caretakers
from notifications.models import Errand, Message
from tests.notifications.makers import NOW, SAM, only, page, person, rung, sam

pytestmark = pytest.mark.django_db
ADAM = "+33600000009"


@pytest.fixture
def adam():
    user = person("adam", "admin")
    rung(user, 0, 0, "sms", ADAM)
    return user


def die(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(state="dead", ended_at=NOW, reason="Given up: Twilio has a fault of its own.")


def test_a_page_that_was_given_up_pages_the_administrators_once(adam):
    die(only(page(sam())))
    assert caretakers.tell_dead(now=NOW) == 1
    assert caretakers.tell_dead(now=NOW) == 0
    told = Message.objects.get(to=ADAM)
    assert (told.lane, told.state) == ("page", "queued")
    assert "1 page given up: INC-214" in told.text
    assert "/outbox/?show=failed" in told.text


def test_many_dead_pages_make_one_message(adam):
    user = sam()
    for n in range(30):
        die(only(page(user, thread=f"INC-{n}", key=f"k{n}")))
    while caretakers.tell_dead(now=NOW):
        pass
    assert Message.objects.filter(to=ADAM).count() == 2


def test_a_letter_or_the_administrators_own_page_that_died_wakes_nobody(adam):
    caretakers.tell(key="x", subject="s", text="t", link="/", now=NOW, is_page=True)
    die(Message.objects.get(to=ADAM))
    assert caretakers.tell_dead(now=NOW) == 0


def test_what_died_long_ago_is_history(adam):
    die(only(page(sam())))
    assert caretakers.tell_dead(now=NOW + timedelta(days=2)) == 0


def test_without_an_administrator_nothing_breaks():
    die(only(page(sam(("0", "sms", SAM)))))
    assert caretakers.tell_dead(now=NOW) == 0
    assert not Errand.objects.filter(thread="DESK").exists()
