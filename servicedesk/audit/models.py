"""The audit trail: one append-only row per deed, written in the deed's own transaction."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who"))
    actor_label = models.CharField(_("who, in words"), max_length=120, help_text=_("A person's name, or the part of the desk that acted."))
    verb = models.CharField(_("did"), max_length=60)
    noun = models.CharField(_("what"), max_length=60)
    object_id = models.CharField(_("which"), max_length=60)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    # The engine fills these in order, so that writers never queue up behind the chain.
    sequence = models.BigIntegerField(_("place in the chain"), null=True, unique=True)
    digest = models.CharField(_("seal"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["noun", "object_id", "-id"], name="audit_object"),
            models.Index(fields=["id"], condition=models.Q(sequence=None), name="audit_unsealed"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.verb} {self.noun} {self.object_id}"


class LegalHold(models.Model):
    """What may not be destroyed, and by whose word: two people set it, two people lift it."""

    subject = models.CharField(_("what"), max_length=60, help_text=_("T-1042, INC-214, a user name, or: everything."))
    reason = models.CharField(_("why"), max_length=400)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("in force since"))
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    lift_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("asked to lift")
    )
    lift_asked_at = models.DateTimeField(_("asked to lift at"), null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("lifted by"))
    lifted_at = models.DateTimeField(_("lifted"), null=True)

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(confirmed_by=models.F("asked_by")), name="hold_set_by_two"),
            models.CheckConstraint(condition=~models.Q(lifted_by=models.F("lift_asked_by")), name="hold_lifted_by_two"),
            models.CheckConstraint(
                condition=models.Q(lifted_at=None) | models.Q(lift_asked_by__isnull=False, lifted_by__isnull=False),
                name="hold_lifted_in_turn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}"
