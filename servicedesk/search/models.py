"""What can be found: one row per object, written by its deed. The index over it is the database's own."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SearchDoc(models.Model):
    """A change of this table on SQLite makes it anew without its triggers: such a migration ends with them again."""

    kind = models.CharField(_("kind"), max_length=20)
    object_id = models.BigIntegerField(_("object"))
    title = models.CharField(_("title"), max_length=240)
    body = models.TextField(_("text"), blank=True)
    is_public = models.BooleanField(_("for everyone"), default=False)
    updated_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("search entry")
        verbose_name_plural = _("search entries")
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="search_doc_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}: {self.title}"
