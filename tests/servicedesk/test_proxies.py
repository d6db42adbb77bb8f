"""Headers that only a proxy may send: forged ones change nothing, neither an address, nor a scheme, nor a link."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.core import mail
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from notifications.models import Message
from servicedesk.operations.worlds.company import Company
from servicedesk.proxies import FORGED, ProxyHeaders, client_of

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
PROXY, STRANGER = "10.0.0.7", "203.0.113.9"


def seen(settings: Settings, peer: str, **headers: str) -> dict[str, str]:
    """What is left of the headers after the middleware."""
    settings.TRUSTED_PROXIES = TRUSTED
    request = RequestFactory().get("/", REMOTE_ADDR=peer, **headers)
    ProxyHeaders(lambda _request: None)(request)  # type: ignore[arg-type,return-value]
    return {name: request.META[name] for name in FORGED if name in request.META}


def test_a_strangers_headers_are_dropped(settings: Settings) -> None:
    assert seen(settings, STRANGER, HTTP_X_FORWARDED_FOR="10.0.0.1", HTTP_X_FORWARDED_PROTO="https", HTTP_X_REAL_IP="10.0.0.1") == {}
    assert seen(settings, "", HTTP_X_FORWARDED_FOR="10.0.0.1") == {}


def test_a_proxys_word_is_taken_and_what_the_client_made_up_is_not(settings: Settings) -> None:
    headers = {"HTTP_X_FORWARDED_FOR": f"127.0.0.1, 1.1.1.1, {STRANGER}, 10.0.0.8", "HTTP_X_FORWARDED_PROTO": "https"}
    assert seen(settings, PROXY, **headers) == {"HTTP_X_FORWARDED_FOR": STRANGER, "HTTP_X_FORWARDED_PROTO": "https"}


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("evil, 203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::1]:443, fd00::2", "2001:db8::1"),
        ("203.0.113.9, <script>", ""),
        ("::ffff:10.0.0.1", ""),
        ("10.0.0.1, 10.0.0.2", ""),
        ("", ""),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy(chain: str, client: str) -> None:
    assert client_of(chain, TRUSTED) == client


def test_nobody_makes_an_insecure_request_secure(acme: Company, settings: Settings) -> None:
    settings.TRUSTED_PROXIES, settings.SECURE_SSL_REDIRECT = TRUSTED, True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    asked = {"HTTP_X_FORWARDED_PROTO": "https"}
    assert Client().get("/login/", REMOTE_ADDR=STRANGER, **asked).status_code == 301
    assert Client().get("/login/", REMOTE_ADDR=PROXY, **asked).status_code == 200


def test_another_address_in_each_request_opens_no_more_guesses(acme: Company, settings: Settings) -> None:
    settings.TRUSTED_PROXIES, settings.ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED, 1
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/m/ip"}
    said = [
        Client()
        .post("/login/", {"login": f"nobody{n}", "password": "wrong"}, REMOTE_ADDR=STRANGER, HTTP_X_FORWARDED_FOR=f"198.51.100.{n}")
        .content.decode()
        for n in range(6)
    ]
    assert said[0] != said[-1]
    assert "Too many" in said[-1]


def test_a_host_of_their_own_is_refused_and_in_no_link(acme: Company) -> None:
    assert Client().get("/login/", headers={"Host": "evil.example"}).status_code == 400
    Client().post("/login/reset/", {"email": "ana@acme.example"}, headers={"X-Forwarded-Host": "evil.example"})
    letters = [message.text for message in Message.objects.filter(to="ana@acme.example")] + [letter.body for letter in mail.outbox]
    assert letters
    assert not any("evil" in words for words in letters)
    assert any("http://testserver/" in words for words in letters)
