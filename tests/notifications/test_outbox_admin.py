"""The post office in the admin: records are read, ways to reach people are kept, nothing is deleted."""

from __future__ import annotations

import pytest
from django.test import Client

from notifications.models import Attempt, Message
from tests.notifications.makers import at_the_provider, only, page, person, sam

pytestmark = pytest.mark.django_db
NOUNS = ("contactmethod", "ladderrung", "quiethours", "errand", "message", "attempt", "providercallback")


@pytest.fixture
def adam() -> Client:
    browser = Client()
    browser.force_login(person("adam", "admin"), backend="servicedesk.directory.signin.NameOrEmailBackend")
    return browser


@pytest.mark.parametrize("noun", NOUNS)
def test_every_list_opens(adam, noun):
    at_the_provider(only(page(sam())))
    assert adam.get(f"/admin/notifications/{noun}/").status_code == 200


@pytest.mark.parametrize("noun", NOUNS[3:])
def test_records_are_not_added_by_hand(adam, noun):
    assert adam.get(f"/admin/notifications/{noun}/add/").status_code == 403


def test_a_message_is_read_masked_and_not_changed(adam):
    message = only(page(sam()))
    address = f"/admin/notifications/message/{message.pk}/change/"
    body = adam.get(address).content.decode()
    assert "reply A214" in body
    assert "7Kq2mX9dR4" not in body
    assert adam.post(address, {"state": "delivered"}).status_code == 403
    assert Message.objects.get().state == "queued"


def test_the_token_of_an_attempt_is_not_shown(adam):
    attempt = at_the_provider(only(page(sam())))
    body = adam.get(f"/admin/notifications/attempt/{attempt.pk}/change/").content.decode()
    assert Attempt.objects.get().token not in body


def test_a_way_to_reach_somebody_is_not_deleted(adam):
    method = sam().contact_methods.get()
    assert adam.post(f"/admin/notifications/contactmethod/{method.pk}/delete/", {"post": "yes"}).status_code == 403
