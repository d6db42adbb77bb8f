"""Service levels: within which times what is answered and solved, for which tickets. First match in order; the last takes all else."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from incidents.models.catalogue import RequestType
from servicedesk.directory.models import Service, Site, Team, User


class ServiceLevelQuerySet(models.QuerySet["ServiceLevel"]):
    def in_order(self) -> ServiceLevelQuerySet:
        """As they are asked: the one for everything else at the end."""
        return self.order_by("is_rest", "position", "pk")


class ServiceLevel(models.Model):
    class Kind(models.TextChoices):
        ANY = "", _("Reports and requests")
        REPORT = "report", _("Reports alone")
        REQUEST = "request", _("Requests alone")

    class Pause(models.TextChoices):
        REQUESTER = "requester", _("Waiting for the requester")
        VENDOR = "vendor", _("Waiting for a vendor")
        APPROVAL = "approval", _("Waiting for approval")
        PLANNED = "planned", _("Planned for later")

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(
        _("position"), default=1, help_text=_("The first that fits decides, the lowest number first; the one for everything else is last.")
    )
    is_active = models.BooleanField(_("in use"), default=True, help_text=_("Switched off it is passed over; who runs on it goes on."))
    is_rest = models.BooleanField(_("for everything else"), default=False, editable=False)
    kind = models.CharField(_("for"), max_length=10, choices=Kind, blank=True, default=Kind.ANY)
    teams = models.ManyToManyField(Team, related_name="+", blank=True, verbose_name=_("of the teams"))
    services = models.ManyToManyField(Service, related_name="+", blank=True, verbose_name=_("about the services"))
    request_types = models.ManyToManyField(RequestType, related_name="+", blank=True, verbose_name=_("request types"))
    categories = models.JSONField(_("categories"), default=list, blank=True, help_text=_("One a line."))
    sites = models.ManyToManyField(Site, related_name="+", blank=True, verbose_name=_("sites of who asks"))
    departments = models.JSONField(_("departments of who asks"), default=list, blank=True, help_text=_("One a line."))
    people = models.ManyToManyField(
        User, related_name="+", blank=True, verbose_name=_("people who ask"), help_text=_("Such as those of the board.")
    )
    targets = models.JSONField(_("times"), default=dict, help_text=_("By severity: seconds of the three clocks, and when they run."))
    pauses = models.JSONField(_("clocks stand still while"), default=list, blank=True)
    version = models.PositiveIntegerField(_("version in force"), default=0)

    objects: ClassVar[models.Manager[ServiceLevel]] = ServiceLevelQuerySet.as_manager()

    class Meta:
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")
        ordering = ["is_rest", "position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(is_rest=False) | Q(is_active=True), name="service_level_of_all_else_stays"),
            models.UniqueConstraint(fields=["is_rest"], condition=Q(is_rest=True), name="service_level_of_all_else_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceLevelVersionQuerySet(models.QuerySet["ServiceLevelVersion"]):
    def in_force(self) -> ServiceLevelVersionQuerySet:
        """Of each level in use its version of now, in the order they are asked."""
        rows = self.filter(version=F("level__version"), level__is_active=True).select_related("level")
        return rows.order_by("level__is_rest", "level__position", "level_id")


class ServiceLevelVersion(models.Model):
    """Immutable: an edit makes version n+1. A ticket runs on the version it was put on."""

    level = models.ForeignKey(ServiceLevel, models.PROTECT, related_name="versions", verbose_name=_("service level"))
    version = models.PositiveIntegerField(_("version"))
    definition = models.JSONField(_("definition"))
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("author"))
    published_at = models.DateTimeField(_("published"))

    objects: ClassVar[models.Manager[ServiceLevelVersion]] = ServiceLevelVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("service level version")
        verbose_name_plural = _("service level versions")
        ordering = ["level", "-version"]
        constraints = [models.UniqueConstraint(fields=["level", "version"], name="service_level_version_once")]

    def __str__(self) -> str:
        return f"{self.level}, {self.version}"
