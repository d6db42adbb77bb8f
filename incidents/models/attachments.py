"""A file of a ticket: the row; the content lies on disk under its hash."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from incidents.filetypes import SHOWN
from incidents.models.tickets import Entry, Ticket
from servicedesk.directory.models import User


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User) -> Self:
        """Of tickets one may see; a file of a note is for staff alone."""
        rows = self.filter(Exists(Ticket.objects.order_by().visible_to(user).filter(pk=OuterRef("ticket"))))
        standing = Q(entry=None) | Q(entry__withdrawn_at=None)
        return rows if user.is_desk_staff else rows.filter(standing, audience=Entry.Audience.PUBLIC)


class Attachment(models.Model):
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="files", verbose_name=_("ticket"))
    entry = models.ForeignKey(
        Entry, models.PROTECT, null=True, related_name="files", verbose_name=_("entry"), help_text=_("Empty: it came with the report.")
    )
    audience = models.CharField(_("for"), max_length=10, choices=Entry.Audience)
    name = models.CharField(_("name"), max_length=120)
    size = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    kind = models.CharField(_("type"), max_length=60, help_text=_("Decided by its first bytes."))
    added_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    added_at = models.DateTimeField(_("at"))

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(entry=None) | Q(audience="public"), name="file_of_report_is_public")]
        indexes = [models.Index(fields=["sha256"], name="file_content")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_shown(self) -> bool:
        """Whether a browser may open it in its window, rather than save it."""
        return self.kind in SHOWN
