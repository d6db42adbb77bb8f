"""A form that waited too long: what was typed is kept, unless another site or a password is in it."""

from __future__ import annotations

import html
import re

from django.test import Client

from incidents.models import Ticket
from servicedesk.operations.worlds.company import Company

SAID = {"what": "Outlook <b>cannot</b> connect\nsince this morning", "impacted": "me", "effect": "cannot"}
OWN = {"HTTP_ORIGIN": "http://testserver", "HTTP_SEC_FETCH_SITE": "same-origin"}


def visitor(acme: Company) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(acme.people["ella"], backend="servicedesk.directory.signin.NameOrEmailBackend")
    return client


def test_what_was_typed_is_sent_again_by_one_button(acme: Company) -> None:
    ella = visitor(acme)
    page = ella.post("/new/", {**SAID, "csrfmiddlewaretoken": "x" * 64}, **OWN)
    text = page.content.decode()
    assert (page.status_code, Ticket.objects.exists()) == (403, False)
    fields = {name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', text)}
    assert {name: fields[name] for name in SAID} == SAID
    assert ella.post("/new/", fields, **OWN).status_code == 302
    assert Ticket.objects.get().what == SAID["what"]


def test_what_another_site_made_is_never_offered_again(acme: Company) -> None:
    elsewhere = {"HTTP_ORIGIN": "https://elsewhere.example"}
    for headers in (elsewhere, {"HTTP_ORIGIN": "null"}, {**OWN, "HTTP_SEC_FETCH_SITE": "cross-site"}, {}):
        page = visitor(acme).post("/new/", SAID, **headers).content.decode()
        assert "Nothing was sent or changed." in page
        assert "Outlook" not in page
        assert "Send again" not in page


def test_a_password_is_not_written_into_a_page(acme: Company) -> None:
    page = Client(enforce_csrf_checks=True).post("/login/", {"login": "ella", "password": "canary-pass"}, **OWN)
    assert page.status_code == 403
    assert "canary-pass" not in page.content.decode()
