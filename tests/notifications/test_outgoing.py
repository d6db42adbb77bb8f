"""Programs outside: signed as Standard Webhooks has it, tried for a day, never into a private network, with secrets that change."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from ipaddress import ip_network

import pytest

from notifications import clerk, delivery, outgoing, signing
from notifications.models import Message, Webhook
from servicedesk import sealing
from tests.fakes.room import Room
from tests.notifications.makers import NOW, person

pytestmark = pytest.mark.django_db
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.fixture
def room(settings):
    settings.WEBHOOK_ALLOW = [(ip_network("127.0.0.0/8"), 0)]
    with Room() as made:
        yield made


@pytest.fixture
def hook(room):
    return Webhook.objects.create(name="ops", url=room.url, events=["incident.state"], secret=sealing.seal(SECRET), created_at=NOW)


def tell(hook: Webhook, key: str = "1") -> Message:
    told = outgoing.call(hook, "incident.state", {"id": "INC-214", "state": "resolved"}, thread="INC-214", key=key, now=NOW)
    assert told
    return told


def sent(message: Message, *, now=NOW) -> Message:
    delivery.promote_due(now=now)
    delivery.deliver(message.pk, now)
    message.refresh_from_db()
    return message


def is_signed(letter: tuple[dict[str, str], str], secret: str) -> bool:
    """As a stranger checks it, by the words of the standard alone."""
    headers, body = letter
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return wanted in headers["webhook-signature"].split()


def test_the_example_of_the_standard_comes_out():
    known = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = '{"test": 2432232314}'
    said = signing.sign(known, webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=body)
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_told_is_signed_and_holds_type_time_and_data(room, hook):
    message = sent(tell(hook))
    assert message.state == "sent"
    (letter,) = room.letters
    assert is_signed(letter, SECRET)
    assert json.loads(letter[1]) == {
        "type": "incident.state",
        "timestamp": "2026-11-24T02:12:00Z",
        "data": {"id": "INC-214", "state": "resolved"},
    }


def test_the_same_key_tells_once(hook):
    assert tell(hook) == tell(hook)


def test_it_is_tried_for_a_day_with_the_same_id_and_then_given_up(room, hook):
    room.verb, message, now = "503", tell(hook), NOW
    while message.state not in ("dead", "expired"):
        sent(message, now=now)
        now = max(message.due_at, now)
    assert len({letter[0]["webhook-id"] for letter in room.letters}) == 1
    assert len(room.letters) == 8
    assert timedelta(hours=15) < now - NOW < timedelta(hours=24)


def test_a_lost_answer_is_tried_again_and_harms_nobody(room, hook, settings):
    settings.CHANNEL_READ_S, room.verb = 0.2, "hang"
    message = sent(tell(hook))
    assert (message.state, message.attempts) == ("queued", 1)


def test_one_that_is_gone_is_switched_off_and_hears_no_more(room, hook):
    room.verb = "410"
    waiting = tell(hook, "2")
    assert sent(tell(hook)).state == "failed"
    hook.refresh_from_db()
    assert hook.switched_off_at == NOW
    assert "410" in hook.switched_off_reason
    assert sent(waiting).state == "failed"
    assert len(room.letters) == 1
    assert outgoing.hears("incident.state") == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://169.254.169.254/latest/", "http://[::ffff:10.0.0.1]/", "http://localhost:9/"]
)
def test_a_private_network_is_never_dialled_unless_a_setting_names_it(hook, settings, url):
    settings.WEBHOOK_ALLOW = []
    Webhook.objects.update(url=url)
    hook.refresh_from_db()
    message = sent(tell(hook))
    assert (message.state, message.tries.get().code) == ("failed", "private")


def test_a_redirect_is_not_followed(room, hook):
    room.verb = f"302:{room.url}"
    assert sent(tell(hook)).state == "queued"
    assert len(room.letters) == 1


def test_both_secrets_sign_for_a_day_after_a_change(room, hook):
    new = signing.rotate(hook, actor=person("adam", "admin"), now=NOW)
    sent(tell(hook))
    assert is_signed(room.letters[-1], new)
    assert is_signed(room.letters[-1], SECRET)
    hook.refresh_from_db()
    assert hook.secrets(NOW + timedelta(hours=25)) == [hook.secret]
    assert SECRET not in hook.previous_secret  # sealed


def test_a_letter_is_sent_once_more_by_hand_under_the_same_id(room, hook):
    again = clerk.resend(sent(tell(hook)), actor=person("adam", "admin"), now=NOW)
    sent(again)
    first, second = room.letters
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert is_signed(second, SECRET)
