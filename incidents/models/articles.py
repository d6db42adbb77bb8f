"""Help articles: one question each, answered first in a sentence."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User


class ArticleQuerySet(models.QuerySet["Article"]):
    def readable_by(self, user: User) -> Self:
        """Published, and for everyone unless the reader is staff."""
        published = self.filter(state=Article.State.PUBLISHED)
        return published if user.is_desk_staff else published.filter(is_public=True)


class Article(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")

    title = models.CharField(_("title"), max_length=120)
    slug = models.SlugField(_("short name"), max_length=80, unique=True)
    answer = models.CharField(_("answer"), max_length=240, help_text=_("One sentence; it stands beside the title where people search."))
    body = models.TextField(_("text"), blank=True, help_text=_("Markdown."))
    is_public = models.BooleanField(_("for everyone"), default=True, help_text=_("Otherwise for staff only."))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    version = models.PositiveIntegerField(_("version"), default=0, help_text=_("Counts what was published."))
    created_at = models.DateTimeField(_("written"), editable=False)
    updated_at = models.DateTimeField(_("changed"), editable=False)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("help article")
        verbose_name_plural = _("help articles")
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class ArticleVersion(models.Model):
    """What people read from a time on; every publishing keeps one, and none is ever changed."""

    article = models.ForeignKey(Article, models.PROTECT, related_name="versions", verbose_name=_("article"))
    version = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=120)
    answer = models.CharField(_("answer"), max_length=240)
    body = models.TextField(_("text"), blank=True)
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("author"))
    note = models.CharField(_("what changed"), max_length=240, blank=True)
    published_at = models.DateTimeField(_("published"))

    class Meta:
        verbose_name = _("article version")
        verbose_name_plural = _("article versions")
        ordering = ["article", "-version"]
        constraints = [models.UniqueConstraint(fields=["article", "version"], name="article_version_once")]

    def __str__(self) -> str:
        return f"{self.article}, {self.version}"

    @property
    def lines(self) -> list[str]:
        """As it is read, line by line."""
        return [line for line in [self.title, self.answer, *self.body.splitlines()] if line.strip()]
