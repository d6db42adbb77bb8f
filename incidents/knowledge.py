"""Help articles: publishing and retiring them, finding them, and what the portal suggests to somebody who types."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import nh3
import structlog
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt

from incidents.models import Article, ArticleVersion, Incident, Problem
from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import User
from servicedesk.search import index

log = structlog.get_logger(__name__)

KIND = "article"
WORDS = ("title", "answer", "body")
SHORTEST, MOST_INCIDENTS, MOST_ARTICLES = 3, 3, 5
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "a",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What may spare a report. `is_available` is False where searching failed."""

    incidents: Sequence[Incident] = ()
    articles: Sequence[Article] = ()
    problems: Sequence[Problem] = ()
    is_available: bool = True


@tongues.deed
def publish(article: Article, *, actor: User | None, now: datetime, note: str = "") -> Article:
    """The text as it is now is what people read and find; again after a change, as the next version, which is kept."""
    row = Article.objects.select_for_update().get(pk=article.pk)
    before = {"state": row.state, "version": row.version}
    row.state, row.version, row.updated_at = Article.State.PUBLISHED, row.version + 1, now
    row.save(update_fields=["state", "version", "updated_at"])
    kept = {name: getattr(row, name) for name in ("version", *WORDS)}
    row.versions.create(author=actor, note=note[:240], published_at=now, **kept)
    text = f"{row.answer}\n{row.body}"
    index.put(kind=KIND, object_id=row.pk, title=row.title, body=text, is_public=row.is_public, now=now)
    trail.record(row, "publish", actor=actor, now=now, before=before, after={"state": row.state, "version": row.version})
    return row


@tongues.deed
def bring_back(article: Article, version: int, *, actor: User, now: datetime) -> Article:
    """The words of that version, published again as the next one; for whom it is stays as it is. Raises ArticleVersion.DoesNotExist."""
    row = Article.objects.select_for_update().get(pk=article.pk)
    kept = row.versions.get(version=version)
    for name in WORDS:
        setattr(row, name, getattr(kept, name))
    row.save(update_fields=[*WORDS])
    return publish(row, actor=actor, now=now, note=_("Version %(n)d again") % {"n": version})


def changes(before: ArticleVersion | None, after: ArticleVersion) -> list[tuple[str, str]]:
    """The lines that went ("-") and came ("+")."""
    old = before.lines if before else []
    return [(line[0], line[2:]) for line in difflib.ndiff(old, after.lines) if line[0] in "+-"]


@tongues.deed
def retire(article: Article, *, actor: User | None, now: datetime) -> Article:
    """A draft again: nobody reads or finds it. A draft stays as it is."""
    row = Article.objects.select_for_update().get(pk=article.pk)
    if row.state == Article.State.PUBLISHED:
        row.state, row.updated_at = Article.State.DRAFT, now
        row.save(update_fields=["state", "updated_at"])
        index.remove(kind=KIND, object_id=row.pk)
        trail.record(row, "retire", actor=actor, now=now, before={"state": Article.State.PUBLISHED}, after={"state": row.state})
    return row


def search(words: str, *, reader: User, limit: int = MOST_ARTICLES) -> list[Article]:
    """Articles this person may read, the best first."""
    return of_hits(index.find_each(words, [wanted(reader, limit)])[0], reader=reader)


def wanted(reader: User, limit: int) -> index.Wanted:
    return index.Wanted([KIND], not reader.is_desk_staff, limit)


def of_hits(hits: Sequence[index.Hit], *, reader: User) -> list[Article]:
    """The articles behind what was found that this person may read."""
    found = Article.objects.readable_by(reader).in_bulk([hit.object_id for hit in hits])
    return [found[hit.object_id] for hit in hits if hit.object_id in found]


def suggest(words: str, *, reader: User) -> Suggestions | None:
    """What is wrong now, then articles; None for less than three characters. A failure is said, never raised."""
    if len(words.strip()) < SHORTEST:
        return None
    try:
        with transaction.atomic():
            incidents = Incident.objects.shown_to_employees().select_related("service").order_by("severity", "since")
            return Suggestions(list(incidents[:MOST_INCIDENTS]), search(words, reader=reader), _problems(words))
    except DatabaseError:
        log.exception("search is not available")
        return Suggestions(is_available=False)


def _problems(words: str) -> list[Problem]:
    """Known errors with a workaround that was published."""
    hits = index.find(words, kinds=["problem"], public_only=True, limit=MOST_INCIDENTS)
    found = Problem.objects.get_queryset().published().in_bulk([hit.object_id for hit in hits])  # type: ignore[attr-defined]
    return [found[hit.object_id] for hit in hits if hit.object_id in found]


def rendered(body: str) -> str:
    """Markdown as safe HTML: no markup of the author's own, no pictures, links of the web and of mail alone."""
    return nh3.clean(MARKDOWN.render(body), tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto", "tel"})
