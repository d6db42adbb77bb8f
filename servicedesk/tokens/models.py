"""A token of the API: whose it is, what it may do, until when. The secret itself is kept nowhere."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import User


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def in_force(self, now: datetime) -> ApiTokenQuerySet:
        """Neither revoked nor expired, and of an account that is active."""
        lasting = models.Q(expires_at=None) | models.Q(expires_at__gt=now)
        return self.filter(lasting, revoked_at=None, owner__is_active=True)


class ApiToken(models.Model):
    name = models.CharField(_("name"), max_length=80, help_text=_("What uses it."))
    prefix = models.CharField(_("begins with"), max_length=12, unique=True)
    digest = models.CharField(_("hash"), max_length=64)
    scopes = models.JSONField(_("scopes"), default=list)
    owner = models.ForeignKey(User, models.PROTECT, related_name="api_tokens", verbose_name=_("acts as"), help_text=_("A service account."))
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("made by"))
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, help_text=_("To the minute."))
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    objects: ClassVar[models.Manager[ApiToken]] = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} (msd_{self.prefix}_\u2026)"

    def allows(self, scope: str) -> bool:
        return scope in self.scopes
