"""What reaches many people is shown before it is done: an answer to all, and whom a declaration pages."""

from __future__ import annotations

import pytest
from django.test import Client

from incidents import incidents
from incidents.models import Entry, Incident, Page
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.alarms import email_down
from tests.incidents.reporting import report

PUBLIC = Entry.objects.filter(kind="reply", text="Mail is back")


@pytest.fixture
def outage(acme: Company) -> Incident:
    made = email_down(acme)
    for who in ("ella", "omar", "ella"):
        ticket = report(acme, who, at(8, 50), what=f"The mail of {who} is stuck")
        incidents.link_ticket(made, ticket, reason="x", actor=acme.people["ana"], now=NINE)
    return made


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def test_an_answer_to_all_first_says_how_many_read_which_words(outage: Incident, ana: Client) -> None:
    page = ana.post(f"/incidents/{outage.pk}/answer/", {"text": "Mail is back"}).content.decode()
    assert "2 people read this (3 open tickets)" in page
    assert '<p class="quote mt">Mail is back</p>' in page
    assert not PUBLIC.all().exists()


def test_sent_once_each_open_ticket_has_it(outage: Incident, ana: Client) -> None:
    last = outage.tickets.latest("pk")
    outage.tickets.filter(pk=last.pk).update(state="closed")
    form = {"text": "Mail is back", "step": "send", "form_key": "k1"}
    for _press in range(2):
        ana.post(f"/incidents/{outage.pk}/answer/", form)
    assert sorted(PUBLIC.all().values_list("ticket", flat=True)) == sorted(outage.tickets.exclude(pk=last.pk).values_list("pk", flat=True))


def test_an_answer_to_all_without_words_or_readers_sends_nothing(outage: Incident, ana: Client) -> None:
    assert ana.post(f"/incidents/{outage.pk}/answer/", {"text": " ", "step": "send"}).status_code == 422
    outage.tickets.update(state="closed")
    page = ana.post(f"/incidents/{outage.pk}/answer/", {"text": "Mail is back", "step": "send"}).content.decode()
    assert "No linked ticket is open: nobody would read it." in page
    assert not PUBLIC.all().exists()


def test_a_declaration_first_shows_whom_it_pages(acme: Company, ana: Client) -> None:
    form = {"title": "Mail is slow", "service": "email", "severity": "1"}
    shown = ana.post("/incidents/new/", {**form, "show": "1"})
    lines = shown.context["walk"].lines
    assert (shown.status_code, lines[0].person.username, Incident.objects.count(), Page.objects.count()) == (200, "sam", 0, 0)
    assert lines[0].because in shown.content.decode()
    ana.post("/incidents/new/", form)
    assert [page.person.username for page in Page.objects.all()] == ["sam"]


def test_whom_it_pages_is_shown_before_it_has_a_title_and_not_before_a_service(acme: Company, ana: Client) -> None:
    form = {"title": "", "service": "email", "severity": "1", "show": "1"}
    assert "Sam" in ana.post("/incidents/new/", form).content.decode()
    assert ana.post("/incidents/new/", {**form, "service": ""}).context["walk"] is None
