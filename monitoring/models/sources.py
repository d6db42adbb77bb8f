from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import Service


class Source(models.Model):
    """Who may send: a monitoring system, an agent, a script. Its token is kept as a hash."""

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("speaks"), max_length=30, default="results", help_text=_("The door's name: results, alertmanager, ..."))
    token_prefix = models.CharField(_("token begins with"), max_length=12, blank=True, db_index=True)
    token_hash = models.CharField(_("token, hashed"), max_length=64, blank=True)
    expires_at = models.DateTimeField(_("token expires"), null=True, blank=True)
    service = models.ForeignKey(
        Service, models.PROTECT, null=True, blank=True, related_name="sources", verbose_name=_("service of new checks")
    )
    severity_map = models.JSONField(
        _("severity words"), default=dict, blank=True, help_text=_("The sender's word to ok, warning, critical or unknown.")
    )
    mapping = models.JSONField(
        _("field mapping"), default=dict, blank=True, help_text=_("For the generic door: our field to a path in the body.")
    )
    ping_key = models.CharField(
        _("ping key"), max_length=40, blank=True, db_index=True, help_text=_("For /ping/<key>/<name of the heartbeat>. Empty: none.")
    )
    signing_secret = models.CharField(
        _("signed with"), max_length=600, blank=True, help_text=_("Sealed. What is not signed so is refused. Empty: the token is enough.")
    )
    silent_after_s = models.PositiveIntegerField(
        _("silent after (seconds)"), null=True, blank=True, help_text=_("Empty: twice the longest pause of the last seven days. 0: never.")
    )
    longest_pauses = models.JSONField(_("longest pause of each day, in seconds"), default=dict, editable=False)
    silent_since = models.DateTimeField(_("silent since"), null=True, editable=False)
    listening_since = models.DateTimeField(
        _("listened without a break since"),
        null=True,
        editable=False,
        help_text=_("After a pause of our own, silence is counted from here."),
    )
    is_active = models.BooleanField(_("in use"), default=True)
    last_heard_at = models.DateTimeField(_("last heard"), null=True, editable=False)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
