"""Browsers that receive pages: sealed for one browser, delivered only by its own word, and gone when it says so."""

from __future__ import annotations

import json
from datetime import timedelta
from ipaddress import ip_network

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from notifications import access, channels, delivery, methods, pushing, reach, standing
from notifications.channels import DeliveryFailed, OutcomeUnknown, push, web
from notifications.forms import BrowserForm
from notifications.models import Attempt, ContactMethod, LadderRung, Message, PushKey, SealedAddress
from servicedesk import sealing
from tests.fakes.push_service import PushService
from tests.notifications.makers import NOW, method, only, page, person
from tests.notifications.parcels import sms

pytestmark = pytest.mark.django_db
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def service(settings, monkeypatch, tmp_path):
    settings.WEBHOOK_ALLOW, settings.SITE_URL = [(ip_network("127.0.0.0/8"), 0)], "https://desk.test"
    with PushService(tmp_path) as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
        web._tls.cache_clear()
        yield made
        assert made.faults == []
    web._tls.cache_clear()


@pytest.fixture
def browser(service):
    return service.browser()


def sams(browser):
    """Sam's browser, confirmed, first on the urgent ladder."""
    user = person("sam", "agent")
    way = method(user, "push", "Firefox, Linux, 3f9a2c")
    SealedAddress.objects.create(method=way, words=sealing.seal(browser.subscription))
    LadderRung.objects.create(person=user, urgency="urgent", position=0, delay_s=0, method=way)
    return user


def paged(browser, **changes) -> Message:
    message = only(page(sams(browser), **changes))
    delivery.deliver(message.pk, NOW)
    message.refresh_from_db()
    return message


def test_the_example_of_the_standard_is_sealed_byte_by_byte():
    ours = ec.derive_private_key(int.from_bytes(push.unpacked("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), push.CURVE)
    made = push.encrypt(
        b"When I grow up, I want to be a watermelon",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
        salt=push.unpacked("DGv6ra1nlYgDCS1FRnbzlw"),
        ours=ours,
    )
    assert push.packed(made) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_sam_is_shown_what_and_why_and_where_a_press_leads(browser):
    message = paged(browser)
    (shown,) = browser.shown
    assert shown["title"] == "[SEV1] INC-214 Email down: acknowledge"
    assert shown["body"] == "SEV1 INC-214 Email down - all staff. Since 03:12. You are primary."
    assert (shown["path"], shown["acts"], shown["urgent"]) == ("/a/7Kq2mX9dR4", True, True)
    assert message.state == "sent"


def test_a_page_is_urgent_kept_as_long_as_it_is_of_use_and_replaces_the_one_before(browser):
    paged(browser, expires_at=NOW + timedelta(minutes=7))
    (headers,) = browser.headers
    assert (headers["urgency"], headers["ttl"], headers["topic"]) == ("high", "420", pushing.topic("INC-214"))


def test_it_is_delivered_by_the_browsers_own_word_and_seen_when_it_is_pressed(browser):
    message = paged(browser)
    stranger, path = Client(), browser.shown[0]["receipt"]
    for status in ("failed", "", "delivered", "delivered"):
        assert stranger.post(path, {"status": status}).status_code == 204
    message.refresh_from_db()
    assert (message.state, message.delivered_at is not None, message.seen_at) == ("delivered", True, None)
    stranger.post(path, {"status": "read"})
    message.refresh_from_db()
    assert message.seen_at is not None


def test_a_receipt_is_no_get_and_knows_no_other_channel(browser):
    path = browser and paged(browser).tries.get().token
    assert Client().get(f"/hooks/push/{path}/").status_code == 405
    Message.objects.update(channel="sms")
    Client().post(f"/hooks/push/{path}/", {"status": "delivered"})
    assert Attempt.objects.get().state == "accepted"


@pytest.mark.parametrize("verb", ["404", "410"])
def test_a_browser_that_is_gone_is_switched_off_for_good(service, browser, verb):
    service.verb = verb
    message = paged(browser)
    assert (message.state, message.method.is_usable, message.method.disabled_code) == ("failed", False, "unsubscribed")
    assert not reach.is_reachable(message.person, "urgent")


@pytest.mark.parametrize(("verb", "state", "flagged"), [("400", "failed", False), ("413", "failed", False), ("403", "failed", True)])
def test_what_a_refusal_means(service, browser, verb, state, flagged):
    service.verb = verb
    message = paged(browser)
    assert (message.state, message.method.is_usable, message.method.is_flagged(NOW)) == (state, True, flagged)


@pytest.mark.parametrize(("verb", "pause"), [("429:90", 90), ("503", 4)])
def test_a_service_that_is_busy_is_tried_again_when_it_asks(service, browser, verb, pause):
    service.verb = verb
    message = paged(browser)
    assert message.state == "queued"
    assert message.due_at >= NOW + timedelta(seconds=pause)


def test_a_service_that_hangs_leaves_it_unknown_and_a_receipt_settles_it(service, browser, settings):
    settings.CHANNEL_READ_S, settings.CHANNEL_TOTAL_S, service.verb = 0.2, 0.5, "hang"
    message = paged(browser)
    assert message.state == "unknown"
    Client().post(browser.shown[0]["receipt"], {"status": "delivered"})
    message.refresh_from_db()
    assert message.state == "delivered"


def test_a_private_network_is_never_dialled_and_nothing_but_https(service, browser, settings):
    settings.WEBHOOK_ALLOW = []
    assert paged(browser).tries.get().code == "private"
    plain = browser.subscription.replace("https:", "http:")
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(sms(channel="push", to=plain))
    assert caught.value.code == "address"


def test_neither_the_message_nor_the_outbox_knows_the_address(browser):
    message = paged(browser)
    assert access.masked_address(message) == methods.masked(message.method) == "Firefox, Linux, 3f9a2c"
    assert browser.endpoint not in SealedAddress.objects.get().words
    assert sealing.open_sealed(SealedAddress.objects.get().words) == browser.subscription


def test_a_browser_wakes_nobody(browser):
    user = sams(browser)
    assert not reach.wakes(user)
    found = standing.ways(user, now=NOW)
    assert standing.verdict(user, found).bold == "Nothing that reaches you wakes you at night."


def test_the_key_is_made_once_and_one_that_is_given_is_taken(settings):
    made = pushing.public_key()
    assert pushing.public_key() == made
    assert sealing.is_sealed(PushKey.objects.get().words)
    settings.VAPID_PRIVATE_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
    assert pushing.public_key() != made


def test_omar_adds_his_browser_and_confirms_it_by_its_code(browser, client):
    user = person("omar")
    client.force_login(user)
    told = client.post("/me/notifications/browser/", {"subscription": browser.subscription}, headers={"user-agent": LINUX}, follow=True)
    assert "A test with a code appears in this browser" in told.text
    way, message = ContactMethod.objects.get(person=user), Message.objects.get(channel="push")
    assert way.address.startswith("Firefox, Linux, ")
    delivery.deliver(message.pk, message.due_at)
    code = browser.shown[0]["body"].partition("Your code is ")[2][:7]
    assert (browser.shown[0]["acts"], browser.shown[0]["path"]) == (False, "/me/notifications/")
    assert methods.confirm(way, code, now=message.due_at).is_usable


def test_a_browser_that_is_removed_leaves_no_key_behind(browser):
    user = sams(browser)
    methods.remove(ContactMethod.objects.get(person=user), now=NOW)
    assert not SealedAddress.objects.exists()


NONSENSE = [
    "", "{}", "[]", "null", '{"endpoint":"http://push.test/x","keys":{"p256dh":"%s","auth":"%s"}}',
    '{"endpoint":"file:///etc/passwd","keys":{"p256dh":"%s","auth":"%s"}}', '{"endpoint":"https://push.test/x","keys":{"p256dh":"AAAA","auth":"AA"}}',
    '{"endpoint":5,"keys":{"p256dh":"%s","auth":"%s"}}', '{"endpoint":"https://push.test/x","keys":[]}',
]  # fmt: skip


@pytest.mark.parametrize("given", NONSENSE)
def test_what_is_no_subscription_is_not_kept(browser, given):
    keys = json.loads(browser.subscription)["keys"]
    form = BrowserForm({"subscription": given % (keys["p256dh"], keys["auth"]) if "%s" in given else given}, person=person("omar"))
    assert not form.is_valid()


def test_whoever_can_be_reached_shows_once_more_that_it_is_they(browser, client):
    user = person("sam", "agent", password="correct horse 9")
    method(user, "sms", "+33600000001")
    client.force_login(user)
    asked = client.post("/me/notifications/browser/", {"subscription": browser.subscription})
    assert (asked.status_code, ContactMethod.objects.filter(kind="push").exists()) == (422, False)


def test_the_worker_is_everybodys_and_its_place_is_its_scope(client):
    answer = client.get("/me/notifications/worker.js")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert "no-cache" in answer["Cache-Control"]
    assert "connect-src 'self'" in answer["Content-Security-Policy"]


def test_a_message_that_cannot_be_asked_for_says_so(browser):
    with pytest.raises(OutcomeUnknown):
        push.find(sms(channel="push"), since=NOW)
