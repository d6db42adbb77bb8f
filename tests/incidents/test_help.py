"""Help before a report: what is suggested, what articles show, and what is promised."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents import automation, incidents, knowledge, promise
from incidents.models import Article, Evaluation, Ticket
from servicedesk import clock
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from servicedesk.search import index
from servicedesk.search.models import SearchDoc
from tests.actors import NINE, at, signed_in

PART = {"HX-Request": "true", "HX-Target": "results"}
CANARY = "canary-7731"


@pytest.fixture
def ella(acme: Company) -> Client:
    return signed_in(acme.people["ella"])


@pytest.fixture(autouse=True)
def nine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NINE)


def written(slug: str = "vpn", **changes: Any) -> Article:
    told = {"title": f"Title of {slug}", "answer": "Restart it.", "created_at": NINE, "updated_at": NINE, **changes}
    return Article.objects.create(slug=slug, **told)


def published(slug: str = "vpn", **changes: Any) -> Article:
    return knowledge.publish(written(slug, **changes), actor=None, now=NINE)


def text(client: Client, path: str, **headers: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(path, **headers).content.decode()).split())


# Suggesting


def test_what_is_typed_finds_an_article_and_goes_on_to_the_report(ella: Client) -> None:
    page = ella.get("/?q=outlook+cannot+connect").content.decode()
    assert 'href="/help/outlook-cannot-connect/"' in page
    assert 'href="/new/?about=outlook+cannot+connect"' in page
    assert "outlook cannot connect</textarea>" in ella.get("/new/?about=outlook+cannot+connect").content.decode()


def test_a_script_is_given_the_results_alone(ella: Client) -> None:
    answer = ella.get("/?q=outlook", headers=PART)
    assert "<h1" not in answer.content.decode()
    assert "Outlook cannot connect" in answer.content.decode()
    assert "HX-Target" in answer["Vary"]


@pytest.mark.parametrize("words", ["", "  ", "ou", " o "])
def test_less_than_three_characters_ask_nothing(ella: Client, words: str) -> None:
    assert "None of these" not in text(ella, f"/?q={words}")


def test_an_outage_that_is_shown_comes_before_articles(ella: Client, acme: Company) -> None:
    grounds = incidents.Grounds(title="Mail is down", reason="", service=acme.services["email"], severity=1, since=NINE)
    incident = incidents.declare(grounds, actor=acme.people["dana"], now=NINE).incident
    assert incident
    type(incident).objects.filter(pk=incident.pk).update(is_shown=True)
    page = text(ella, "/?q=outlook", headers=PART)
    assert page.index("Mail is down") < page.index("Outlook cannot connect") < page.index("None of these")


def test_what_others_reported_is_never_suggested(ella: Client, acme: Company) -> None:
    automation.file_ticket(requester=acme.people["omar"], what=f"Outlook {CANARY}", impacted="me", effect="cannot", now=NINE)
    assert CANARY not in text(ella, "/?q=outlook")


def test_when_search_fails_the_rest_still_works(ella: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")

    monkeypatch.setattr(index, "find", fails)
    page = text(ella, "/?q=outlook")
    assert "Search is not available. You can still report a problem." in page
    assert "None of these. Report a problem" in page
    assert "My open tickets" in page


def test_five_articles_at_most_and_as_many_queries_for_five_as_for_one(ella: Client) -> None:
    with CaptureQueriesContext(connection) as for_one:
        text(ella, "/?q=outlook", headers=PART)
    for number in range(7):
        published(f"outlook-{number}", title=f"Outlook {number}")
    with CaptureQueriesContext(connection) as for_many:
        page = ella.get("/?q=outlook", headers=PART).content.decode()
    assert page.count('href="/help/') == 5
    assert len(for_many) <= len(for_one)


@pytest.mark.parametrize("words", ["%27%3B--", "%22outlook%22%20NEAR", "%3Cscript%3E", "x" * 5000])
def test_odd_words_are_shown_and_harm_nothing(ella: Client, words: str) -> None:
    answer = ella.get(f"/?q={words}")
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode().split("<main")[1].split("</main")[0]


# Articles


def test_an_article_is_markdown_without_markup_of_its_own(ella: Client) -> None:
    body = "## Steps\n\n1. **Do** it\n\n<script>alert(1)</script>\n\n[bad](javascript:alert(1)) [good](https://acme.example) ![p](http://x/y.png)"
    published(body=body)
    page = ella.get("/help/vpn/").content.decode().split("<main")[1]
    assert "<h2>Steps</h2>" in page
    assert "<strong>Do</strong>" in page
    assert 'href="https://acme.example"' in page
    for never in ("<script>alert", 'href="javascript', "<img"):
        assert never not in page


def test_drafts_and_articles_for_staff_are_not_for_employees(ella: Client, acme: Company) -> None:
    written("draft", title="Printer draft")
    published("inside", title="Printer inside", is_public=False)
    assert [ella.get(f"/help/{slug}/").status_code for slug in ("draft", "inside", "missing")] == [404, 404, 404]
    assert "Printer" not in text(ella, "/help/") + text(ella, "/?q=printer").replace("printer", "")
    ana = signed_in(acme.people["ana"])
    assert [ana.get(f"/help/{slug}/").status_code for slug in ("draft", "inside")] == [404, 200]
    assert "Printer inside" in text(ana, "/?q=printer")


def test_publishing_again_is_the_next_version_and_retiring_takes_it_away(acme: Company) -> None:
    kim = acme.people["kim"]
    article = published()
    Article.objects.filter(pk=article.pk).update(answer="Restart the tunnel.")
    assert knowledge.publish(article, actor=kim, now=NINE).version == 2
    assert knowledge.search("tunnel", reader=acme.people["ella"]) == [article]
    assert knowledge.retire(article, actor=kim, now=NINE).state == "draft"
    assert knowledge.retire(article, actor=kim, now=NINE).state == "draft"
    assert not SearchDoc.objects.filter(object_id=article.pk).exists()
    trail = AuditEntry.objects.filter(noun="incidents.article", object_id=str(article.pk)).order_by("id")
    assert [(row.verb, row.actor) for row in trail] == [("publish", None), ("publish", kim), ("retire", kim)]


def test_an_administrator_publishes_and_changes_what_is_found(acme: Company) -> None:
    adam, article = signed_in(acme.people["adam"]), written()
    path = "/admin/incidents/article/"
    adam.post(path, {"action": "publish", "_selected_action": [article.pk]})
    told = {"title": "Tunnel", "slug": "vpn", "answer": "Restart it.", "body": "Dig.", "is_public": "on"}
    assert adam.post(f"{path}{article.pk}/change/", told).status_code == 302
    assert knowledge.search("dig", reader=acme.people["ella"]) == [article]
    adam.post(path, {"action": "retire", "_selected_action": [article.pk]})
    assert knowledge.search("dig", reader=acme.people["ella"]) == []


# Promises

IN_HALF_AN_HOUR = "We normally answer within 30 min"


@pytest.mark.parametrize(
    ("asked", "moment", "words"),
    [
        ("impacted=me&effect=cannot", NINE, IN_HALF_AN_HOUR),
        ("impacted=me&effect=question", NINE, "We normally answer within 4 h 00 min"),
        ("impacted=everyone&effect=cannot", NINE, "We normally answer within 10 min"),
        ("impacted=several&impacted_count=80&effect=cannot", NINE, "We normally answer within 10 min"),
        ("impacted=me&effect=question&loss=on", at(3), IN_HALF_AN_HOUR),
        ("impacted=me&effect=cannot", at(3), "A person answers by 08:30"),
        ("impacted=me&effect=cannot", at(17, 45), "A person answers by tomorrow 08:15"),
        ("impacted=me&effect=cannot", at(20, day=27), "A person answers by Mon 30 Nov, 08:30"),
        ("impacted=me", NINE, ""),
        ("effect=cannot", NINE, ""),
        ("impacted=nobody&effect=cannot", NINE, ""),
    ],
)
def test_a_time_is_promised_once_both_answers_are_given(
    ella: Client, monkeypatch: pytest.MonkeyPatch, asked: str, moment: datetime, words: str
) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert text(ella, f"/new/promise/?{asked}") == words


@pytest.mark.parametrize("effect", ["cannot", "part", "workaround", "question"])
@pytest.mark.parametrize("impacted", ["me", "several", "department", "everyone", "unknown"])
@pytest.mark.parametrize("moment", [NINE, at(17, 50), at(3, day=28)])
def test_the_ticket_keeps_what_was_promised(acme: Company, impacted: str, effect: str, moment: datetime) -> None:
    ella, said = acme.people["ella"], {"impacted": impacted, "effect": effect}
    promised = promise.for_report(ella, now=moment, **said)
    assert Evaluation.objects.count() == Ticket.objects.count() == 0
    ticket = automation.file_ticket(requester=ella, what="It is broken", now=moment, **said)
    assert promised
    assert promised.at == ticket.first_answer_due_at
    assert promised.span is None or promised.span <= timedelta(hours=4)
