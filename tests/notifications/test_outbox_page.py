"""/outbox/: everything sent or waiting and why, for the desk; nothing on it opens a door."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications import access, outbox
from notifications.models import Message
from servicedesk.directory.models import User
from tests.notifications.makers import LETTER, NOW, SAM, SAM_MAIL, after, page, person, rungs, sam

pytestmark = pytest.mark.django_db


def client(user: User) -> Client:
    browser = Client()
    browser.force_login(user, backend="servicedesk.directory.signin.NameOrEmailBackend")
    return browser


def shown(user: User, query: str = "") -> str:
    answer = client(user).get(f"/outbox/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def post(key: str, text: str, **more: object) -> Message:
    letter = outbox.Letter(subject="", text=text, html="", sms=text, short="", **more)
    return outbox.post(thread="T-1042", key=key, channel="sms", to=SAM, letter=letter, now=NOW)


@pytest.mark.parametrize("role", ["agent", "manager", "admin", "auditor"])
def test_the_desk_and_its_auditors_see_what_was_sent(role):
    page(sam())
    assert "INC-214" in shown(person("reader", role))


def test_employees_and_strangers_see_nothing():
    assert client(person("eve")).get("/outbox/").status_code == 403
    assert Client().get("/outbox/").status_code == 302
    assert not access.visible_to(person("ella")).exists()


def test_links_codes_and_numbers_are_masked():
    user = sam((0, "sms", SAM), (0, "email", SAM_MAIL))
    page(user)
    post("code", "Your code is 481 516. It ends at 03:12.")
    body = shown(user)
    assert "7Kq2mX9dR4" not in body
    assert "481" not in body
    assert SAM not in body
    assert all(kept in body for kept in ("desk.test/a/•••", "+33•••01", "reply A214", "03:12", SAM_MAIL))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://d.test/a/abcdefghij", "https://d.test/a/•••"),
        ("https://d.test/a/7Kq2mX9dR4.", "https://d.test/a/•••"),
        ("https://d.test/reset/MQ/c9x-3f1a9e0b7d/ now", "https://d.test/reset/MQ/•••/ now"),
        ("https://d.test/x?token=Ab3dEf6h9j0", "https://d.test/x?token=•••"),
        ("https://d.test/tickets/1042/", "https://d.test/tickets/1042/"),
        ("https://d.test/incidents/214/report/", "https://d.test/incidents/214/report/"),
        ("code 481516", "code ••••••"),
        ("Call 555-0100 or +33 6 00 00 00 01", "Call 555-0100 or +33 6 00 00 00 01"),
        ("2026-11-24 03:12, INC-214, T-104200", "2026-11-24 03:12, INC-214, T-104200"),
    ],
)
def test_what_is_masked_and_what_is_not(text, masked):
    assert access.masked(text) == masked


def test_a_confidential_letter_shows_that_it_was_sent_and_not_what_it_says():
    post("secret", "The salary file is on the open share.", is_confidential=True)
    body = shown(person("ana", "agent"))
    assert "T-1042" in body
    assert "salary" not in body


def test_each_tab_shows_its_states_with_the_reason():
    user = sam((0, "sms", SAM), (600, "email", SAM_MAIL))
    sms, mail = rungs(page(user))
    Message.objects.filter(pk=sms.pk).update(state="failed", reason="Not sent: no provider.")
    Message.objects.filter(pk=mail.pk).update(subject="the letter")
    assert "Not sent: no provider." in shown(user, "?show=failed")
    assert "the letter" not in shown(user, "?show=failed")
    assert "the letter" in shown(user, "?show=waiting")
    for tab in ("held", "sent", "unknown", "cancelled"):
        assert f"message-{sms.pk}" not in shown(user, f"?show={tab}")


def test_delivered_is_said_only_with_a_receipt():
    user = sam()
    page(user)
    Message.objects.update(state="sent", sent_at=NOW)
    assert "Delivered" not in shown(user)
    Message.objects.update(state="delivered", delivered_at=NOW)
    assert "Delivered" in shown(user)


def test_it_is_found_by_thread_person_or_address():
    user = sam()
    row = rungs(page(user))[0]
    post("other", "hello")
    for query in ("inc-214", "sam"):
        assert f"message-{row.pk}" in shown(user, f"?q={query}")
    assert f"message-{row.pk}" not in shown(user, "?q=T-1042")
    assert "No message matches." in shown(user, "?q=nothing")


def test_the_newest_come_first_fifty_a_page():
    reader = person("ana", "agent")
    rows = [post(f"k{number}", f"letter {number}") for number in range(51)]
    first = shown(reader)
    assert first.index(f"message-{rows[50].pk}") < first.index(f"message-{rows[49].pk}")
    assert f'"message-{rows[0].pk}"' not in first
    assert f"before={rows[1].pk}" in first
    assert f'"message-{rows[0].pk}"' in shown(reader, f"?before={rows[1].pk}")
    assert f'"message-{rows[50].pk}"' in shown(reader, "?before=nonsense")


def test_a_long_page_costs_no_more_queries_than_a_short_one():
    reader = client(person("ana", "agent"))
    page(sam())
    reader.get("/outbox/")
    short = queries_of(reader)
    for number in range(30):
        reached = person(f"p{number}")
        outbox.post(thread="T-1", key=f"k{number}", channel="email", to="e@acme.test", letter=LETTER, now=after(number), person=reached)
    long = queries_of(reader)
    assert len(long) == len(short)
    assert len([query for query in long if "notifications_message" in query]) == 1


def queries_of(reader: Client) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        assert reader.get("/outbox/").status_code == 200
    return [query["sql"] for query in asked.captured_queries]
