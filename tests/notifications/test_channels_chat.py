"""Chat rooms as a way to be told: Slack's and Teams' shapes, no mention by a stranger's words, and no way into a private network."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from notifications import access, channels, delivery, methods, reach
from notifications.channels import DeliveryFailed, OutcomeUnknown, chat
from notifications.forms import AddForm
from notifications.models import ContactMethod, Message
from servicedesk import targets
from tests.fakes.room import Room
from tests.notifications.makers import NOW, method, only, page, person, rung
from tests.notifications.parcels import sms

LOOPBACK = [(ip_network("127.0.0.0/8"), 0)]


@pytest.fixture
def room(settings):
    settings.WEBHOOK_ALLOW = LOOPBACK
    with Room() as made:
        yield made


def parcel(to: str, **changes: object) -> channels.Parcel:
    return sms(channel="chat", to=to, **changes)


def refused(to: str) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(parcel(to))
    return caught.value


def test_a_room_hears_the_words_and_calls_nobody_by_them(room):
    channels.send(parcel(room.url, text="<!channel> @all & <script>: Email is down"))
    (said,) = room.said
    assert said["text"] == "&lt;!channel&gt; @\u2060all &amp; &lt;script&gt;: Email is down"


def test_teams_gets_a_card():
    made = chat.body(parcel("https://acme.webhook.office.com/webhookb2/x", text="Email is down"))
    assert made["attachments"][0]["content"]["body"][0]["text"] == "Email is down"


@pytest.mark.parametrize(
    ("verb", "permanent", "flags"), [("404", True, True), ("410", True, True), ("400", True, False), ("503", False, False)]
)
def test_what_a_refusal_means(room, verb, permanent, flags):
    room.verb = verb
    failure = refused(room.url)
    assert (failure.permanent, failure.flags_method) == (permanent, flags)


def test_a_room_that_asks_for_a_pause_gets_it_and_a_redirect_is_not_followed(room):
    room.verb = "429:30"
    assert refused(room.url).retry_after_s == 30
    room.verb = f"302:{room.url}"
    assert refused(room.url).permanent
    assert len(room.said) == 2


def test_a_room_that_hangs_leaves_it_unknown(room, settings):
    settings.CHANNEL_READ_S, settings.CHANNEL_TOTAL_S, room.verb = 0.2, 0.5, "hang"
    with pytest.raises(OutcomeUnknown):
        channels.send(parcel(room.url))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/x",
        "http://[::1]:1/",
        "http://[::ffff:127.0.0.1]:1/",
        "http://169.254.169.254/latest/",
        "http://0.0.0.0:1/",
        "http://10.0.0.1/",
    ],
)
def test_a_private_address_is_never_dialled(url):
    assert refused(url).code == "private"


@pytest.mark.parametrize("url", ["http://", "ftp://x/y", "nonsense", "https:///x", ""])
def test_what_is_no_address_fails_for_good(url):
    assert refused(url).code == "address"


def test_nobody_there_is_worth_another_try(settings):
    settings.WEBHOOK_ALLOW = LOOPBACK
    assert (refused("http://127.0.0.1:1/x").code, refused("http://127.0.0.1:1/x").permanent) == ("unreachable", False)


INSIDE = ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fe80::1", "100.64.0.1", "224.0.0.1", "2002:a01:203::", "::10.1.2.3"]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_the_internet(address):
    assert not targets.is_allowed(ip_address(address), 443, [])


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1"])
def test_what_is_the_internet(address):
    assert targets.is_allowed(ip_address(address), 443, [])


def test_a_named_network_and_port_is_allowed():
    allow = [(ip_network("10.1.0.0/16"), 443)]
    assert targets.is_allowed(ip_address("10.1.2.3"), 443, allow)
    assert not targets.is_allowed(ip_address("10.1.2.3"), 22, allow)


@pytest.mark.django_db
def test_sam_is_paged_in_a_room_and_its_address_is_shown_to_nobody(room):
    user = person("sam", "agent")
    rung(user, 0, 0, "chat", room.url)
    message = only(page(user))
    delivery.deliver(message.pk, NOW)
    message.refresh_from_db()
    assert (message.state, "reply A214" in room.said[0]["text"]) == ("sent", True)
    assert access.masked_address(message) == methods.masked(message.method) == "127.0.0.1/•••"
    assert not reach.wakes(user)


@pytest.mark.django_db
def test_a_room_is_proved_by_its_code_like_every_way(room):
    way = method(person("omar"), "chat", room.url, verified=False)
    proof = methods.send_test(way, now=NOW)
    delivery.deliver(proof.message.pk, NOW)
    code = room.said[0]["text"].partition("Your code is ")[2][:7]
    assert methods.confirm(way, code, now=NOW).is_usable


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("written", "is_fine"), [("https://hooks.slack.com/services/T/B/x", True), ("hooks.slack.com/x", False), ("javascript:x", False)]
)
def test_a_webhook_is_added_with_its_whole_address(written, is_fine):
    form = AddForm({"kind": "chat", "address": written}, person=person("omar"), is_needed=False)
    assert form.is_valid() == is_fine
    assert not ContactMethod.objects.exists()
    assert not Message.objects.exists()
