"""Answers kept for a day, so that the same request sent again is answered and not done again."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User


class KeptAnswer(models.Model):
    """One Idempotency-Key of one account. The row is written before the deed, in its transaction: a second request waits for it."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("whose"))
    key = models.CharField(_("key"), max_length=64)
    fingerprint = models.CharField(_("request, hashed"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    body = models.TextField(_("body"), blank=True)
    headers = models.JSONField(_("headers"), default=dict)
    created_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="answer_once_a_key")]
        indexes = [models.Index(fields=["created_at"], name="answer_age")]

    def __str__(self) -> str:
        return self.key
