"""Versions of help articles: each publishing keeps one, staff read what changed, and one is brought back as a new one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from incidents import knowledge
from incidents.models import Article, ArticleVersion
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.speaking import person

SLUG = "outlook-cannot-connect"
PATH = f"/help/{SLUG}/versions/"


@pytest.fixture
def article(acme: Company) -> Article:
    """Published twice: once by the company's founding, and with another sentence."""
    row = Article.objects.get(slug=SLUG)
    row.answer, row.body = "Restart it first.", "Kept line\nNew line"
    row.save(update_fields=["answer", "body"])
    return knowledge.publish(row, actor=acme.people["ana"], now=at(10), note="Restarting helps most")


def searched(client: Client) -> str:
    return client.get("/", {"q": "outlook"}).content.decode()


def test_each_publishing_keeps_its_words_with_who_when_and_why(acme: Company, article: Article) -> None:
    first, second = ArticleVersion.objects.filter(article=article).order_by("version")
    assert (first.version, second.version) == (1, 2)
    assert (second.author, second.published_at, second.note) == (acme.people["ana"], at(10), "Restarting helps most")
    assert first.answer != second.answer == "Restart it first."


def test_what_changed_is_told_line_by_line(article: Article) -> None:
    before, after = (ArticleVersion(title="A", answer="B", body=body) for body in ("same\nold", "same\nnew"))
    assert knowledge.changes(before, after) == [("-", "old"), ("+", "new")]
    assert [mark for mark, _line in knowledge.changes(None, after)] == ["+"] * 4


def test_staff_read_the_versions_and_bring_one_back_as_the_next(acme: Company, article: Article) -> None:
    ana, old = signed_in(acme.people["ana"]), ArticleVersion.objects.get(article=article, version=1)
    page = ana.get(PATH).content.decode()
    assert "Restarting helps most" in page
    assert "<ins>New line</ins>" in page
    assert ana.post(PATH, {"version": "1"}, follow=True).status_code == 200
    article.refresh_from_db()
    assert (article.version, article.answer, article.body) == (3, old.answer, old.body)
    newest = ArticleVersion.objects.get(article=article, version=3)
    assert (newest.note, newest.author) == ("Version 1 again", acme.people["ana"])
    assert old.answer in searched(signed_in(acme.people["ella"]))


@pytest.mark.parametrize("version", ["9", "x", "", "\u00b2"])
def test_a_version_that_is_not_there_changes_nothing(acme: Company, article: Article, version: str) -> None:
    assert signed_in(acme.people["ana"]).post(PATH, {"version": version}).status_code == 404
    assert Article.objects.get(pk=article.pk).version == 2


def test_who_reads_and_who_brings_back(acme: Company, article: Article) -> None:
    answers = {who: signed_in(acme.people[who]).post(PATH, {"version": "1"}).status_code for who in ("ella", "vera", "adam")}
    assert answers == {"ella": 403, "vera": 403, "adam": 302}
    page = signed_in(acme.people["ella"]).get(f"/help/{SLUG}/").content.decode()
    assert PATH not in page


def test_for_whom_it_is_stays_when_words_come_back(acme: Company, article: Article) -> None:
    Article.objects.filter(pk=article.pk).update(is_public=False)
    knowledge.bring_back(article, 1, actor=acme.people["ana"], now=at(11))
    assert signed_in(acme.people["ella"]).get(f"/help/{SLUG}/").status_code == 404


def test_the_api_tells_the_versions_and_brings_one_back(acme: Company, article: Article) -> None:
    ana = person(acme.people["ana"])
    listed: Any = ana.get(f"articles/{SLUG}/versions/").json()
    assert next((row["version"], row["author"]) for row in listed["results"]) == (2, "ana")
    assert ana.post(f"articles/{SLUG}/bring-back/", {"version": 1}).json()["version"] == 3
    assert ana.post(f"articles/{SLUG}/bring-back/", {"version": 99}).status_code == 400


def test_the_admin_asks_what_changed(acme: Company, article: Article) -> None:
    adam = signed_in(acme.people["adam"])
    form = {"title": "New", "slug": SLUG, "answer": "Yes.", "body": "", "is_public": "on", "note": "Shorter"}
    assert adam.post(f"/admin/incidents/article/{article.pk}/change/", form).status_code == 302
    assert ArticleVersion.objects.get(article=article, version=3).note == "Shorter"
