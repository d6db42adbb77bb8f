"""How tickets belong together beside merging and parents: a link that says why."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from incidents.models.tickets import Ticket
from servicedesk.directory.models import User


class TicketLink(models.Model):
    """One row for both ends; the lower number is `one`."""

    class Kind(models.TextChoices):
        RELATED = "related", _("has to do with")
        SPLIT = "split", _("was split from")

    one = models.ForeignKey(Ticket, models.PROTECT, related_name="links_up", verbose_name=_("ticket"))
    other = models.ForeignKey(Ticket, models.PROTECT, related_name="links_down", verbose_name=_("other ticket"))
    kind = models.CharField(_("how"), max_length=10, choices=Kind, default=Kind.RELATED)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("link of tickets")
        verbose_name_plural = _("links of tickets")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="linked_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="link_in_order"),
        ]

    def __str__(self) -> str:
        return f"T-{self.one_id}, T-{self.other_id}"
