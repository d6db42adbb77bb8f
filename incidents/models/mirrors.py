"""Pages of another pager, kept beside what this desk would have done. Nobody is paged by them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.states import Severity
from servicedesk.directory.models import Service


class MirroredPage(models.Model):
    """`people`: [{"name", "person" (a user name, or ""), "at"}] in the order they were paged. `ours`: [{"name", "person", "at"}] by this
    desk's policy as it was at that moment; `ours_by` names the policy.
    """

    pager = models.CharField(_("pager"), max_length=20)
    reference = models.CharField(_("its number"), max_length=120)
    title = models.CharField(_("what"), max_length=240, blank=True)
    their_service = models.CharField(_("its service"), max_length=120, blank=True)
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("service"))
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity)
    at = models.DateTimeField(_("paged"), db_index=True)
    people = models.JSONField(_("whom it paged"), default=list)
    acknowledged_by = models.CharField(_("acknowledged by"), max_length=120, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    ended_at = models.DateTimeField(_("over"), null=True)
    ours = models.JSONField(_("whom we would have paged"), default=list)
    ours_by = models.CharField(_("by our policy"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("page of another pager")
        verbose_name_plural = _("pages of another pager")
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["pager", "reference"], name="mirrored_once")]

    def __str__(self) -> str:
        return f"{self.pager} {self.reference}"
