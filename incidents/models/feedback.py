"""What people said of how they were helped: by a solved ticket, by an article."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models.articles import Article
from incidents.models.tickets import Ticket
from servicedesk.directory.models import User


class Satisfaction(models.Model):
    """One answer to one question, by whoever asked."""

    class Answer(models.TextChoices):
        GOOD = "good", _("Good")
        FAIR = "fair", _("All right")
        POOR = "poor", _("Not good")

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="satisfaction", verbose_name=_("ticket"))
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    answer = models.CharField(_("answer"), max_length=10, choices=Answer)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("satisfaction")
        verbose_name_plural = _("satisfaction")

    def __str__(self) -> str:
        return f"T-{self.ticket_id}: {self.get_answer_display()}"


class ArticleVote(models.Model):
    """Whether an article helped, of the version that was read; one a person, the last counts."""

    article = models.ForeignKey(Article, models.PROTECT, related_name="votes", verbose_name=_("help article"))
    version = models.PositiveIntegerField(_("version"))
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    helped = models.BooleanField(_("helped"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("vote on an article")
        verbose_name_plural = _("votes on articles")
        constraints = [models.UniqueConstraint(fields=["article", "person"], name="one_vote_a_reader")]

    def __str__(self) -> str:
        return f"{self.article}: {'+' if self.helped else '-'}"
