"""The company: one row per install. What an admin changes while the desk runs lives here, never in the environment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

_KNOWN: ContextVar[list[Organisation | None] | None] = ContextVar("organisation", default=None)
KEPT_S = 60  # the language is asked for by every deed


class HeldFor(models.TextChoices):
    MAINTENANCE = "maintenance", _("Maintenance of the desk")
    RESTORE = "restore", _("Restored from a backup")


class Organisation(models.Model):
    name = models.CharField(_("name"), max_length=80)
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language of stored texts"), max_length=8, default="en")
    desk_phone = models.CharField(_("help desk phone"), max_length=40, blank=True)
    desk_hours = models.JSONField(_("desk hours"), default=dict, blank=True, help_text=_("Week days 0 to 6 with lists of [from, to]."))
    large_group = models.PositiveIntegerField(
        _("a large group is"), default=50, validators=[MinValueValidator(2)], help_text=_("Several people count as everyone from here on.")
    )
    wake_within_min = models.PositiveSmallIntegerField(
        _("every urgent ladder wakes within (minutes)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(120)],
        help_text=_("A text message or a call, at the latest so long after a page began. Empty: people decide."),
    )
    second_factor_for = models.JSONField(
        _("a second factor is asked of"),
        default=list,
        blank=True,
        help_text=_("Roles, such as admin and manager. It counts from a person's next sign-in; who has set one up is always asked."),
    )
    status_is_public = models.BooleanField(
        _("status page for everybody"),
        default=False,
        help_text=_("Without signing in. It shows what was published to employees, and nothing else."),
    )
    created_at = models.DateTimeField(_("created"))
    # On hold nothing leaves and nothing falls due; what comes in is kept. Excluded from what a backup compares.
    held_since = models.DateTimeField(_("on hold since"), null=True, editable=False)
    held_until = models.DateTimeField(_("on hold until"), null=True, editable=False, help_text=_("Empty: until somebody ends it."))
    held_for = models.CharField(_("on hold for"), max_length=12, choices=HeldFor, blank=True, db_default="", default="", editable=False)

    language_kept: ClassVar[tuple[str, float]] = ("", 0.0)  # and until when

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisation")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_organisation")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        Organisation.keep_language(self.language)

    @classmethod
    def language_of_all(cls) -> str:
        """The language of stored texts, looked up once a minute; empty on an empty desk."""
        kept, until = cls.language_kept
        if time.monotonic() < until:
            return kept
        row = cls.current()
        cls.keep_language(row.language if row else "")
        return cls.language_kept[0]

    @classmethod
    def keep_language(cls, language: str) -> None:
        cls.language_kept = (language, time.monotonic() + KEPT_S)

    @classmethod
    def current(cls) -> Organisation | None:
        known = _KNOWN.get()
        if known is None:
            return cls.objects.filter(pk=1).first()
        if not known:
            known.append(cls.objects.filter(pk=1).first())
        return known[0]

    @staticmethod
    @contextmanager
    def remembered() -> Iterator[None]:
        """Within it, one look-up serves: for what does not change it."""
        token = _KNOWN.set([])
        try:
            yield
        finally:
            _KNOWN.reset(token)
