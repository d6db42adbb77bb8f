"""What people can ask for, what is asked with it, and who helps from outside."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import Service, Team, User


class CustomField(models.Model):
    """A question of one category of tickets. Its answers stand in Ticket.fields under its key."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        DATE = "date", _("Day")
        CHOICE = "choice", _("One of several")
        YES = "yes", _("Yes or no")

    class Needed(models.TextChoices):
        NEVER = "never", _("Optional")
        ASKED = "asked", _("When the ticket is made")
        SOLVED = "solved", _("Before it is solved")

    category = models.CharField(_("category"), max_length=60)
    key = models.SlugField(_("short name"), max_length=40)
    label = models.CharField(_("question"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TEXT)
    choices = models.JSONField(_("choices"), default=list, blank=True, help_text=_("Of “one of several”: a list of words."))
    needed = models.CharField(_("needed"), max_length=10, choices=Needed, default=Needed.NEVER)
    when_key = models.SlugField(_("only where"), max_length=40, blank=True, help_text=_("Short name of another question of the category."))
    when_value = models.CharField(_("was answered"), max_length=120, blank=True, help_text=_("Its answer; “yes” or “no” for yes or no."))
    is_for_staff = models.BooleanField(_("asked of staff alone"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=1)

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        ordering = ["category", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["category", "key"], name="custom_field_once")]

    def __str__(self) -> str:
        return f"{self.category}: {self.label}"


class RequestTypeQuerySet(models.QuerySet["RequestType"]):
    def offered(self) -> RequestTypeQuerySet:
        return self.filter(is_active=True)


class RequestType(models.Model):
    class Approver(models.TextChoices):
        NOBODY = "nobody", _("Nobody: it begins at once")
        LINE = "line_manager", _("Line manager of who asks")
        OWNER = "service_owner", _("Owner of the service")
        PERSON = "person", _("A named person")

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("in one sentence"), max_length=200, blank=True)
    message = models.TextField(_("standard message"), blank=True, help_text=_("Said to whoever asks, with the receipt. Short."))
    category = models.CharField(_("category"), max_length=60, blank=True)
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("service"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"))
    approved_by = models.CharField(_("approved by"), max_length=20, choices=Approver, default=Approver.NOBODY)
    approver = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("the named person"))
    checklist = models.JSONField(_("checklist"), default=list, blank=True, help_text=_("A list of lines."))
    tasks = models.JSONField(
        _("tickets of its own"), default=list, blank=True, help_text=_('A list of {"title": …, "team": short name}: made when it begins.')
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    is_active = models.BooleanField(_("offered"), default=True)

    objects: ClassVar[models.Manager[RequestType]] = RequestTypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("request type")
        verbose_name_plural = _("request types")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Vendor(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    contract = models.TextField(_("contract"), blank=True, help_text=_("Number, what it covers, until when."))
    hours = models.JSONField(_("hours"), default=dict, blank=True, help_text=_("Week days 0 to 6 with lists of [from, to]; empty: always."))
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    answers_within_s = models.PositiveIntegerField(_("answers within (seconds of its hours)"), default=8 * 3600)
    services: models.ManyToManyField[Service, Service] = models.ManyToManyField(
        Service, related_name="vendors", blank=True, verbose_name=_("services it is behind")
    )
    tested_on = models.DateField(_("contact tested on"), null=True, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(answers_within_s__gt=0), name="vendor_answers")]

    def __str__(self) -> str:
        return self.name
