"""What we run: the services people depend on, and how each is now."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models.people import Team, User


class ServiceState(models.TextChoices):
    OK = "ok", _("OK")
    WARNING = "warning", _("Degraded")
    CRITICAL = "critical", _("Down")
    UNKNOWN = "unknown", _("No data")


class ServiceQuerySet(models.QuerySet["Service"]):
    def active(self) -> ServiceQuerySet:
        return self.filter(is_active=True)

    def failing(self) -> ServiceQuerySet:
        return self.filter(state__in=[ServiceState.WARNING, ServiceState.CRITICAL])


class Service(models.Model):
    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    tier = models.PositiveSmallIntegerField(
        _("tier"), default=2, choices=[(1, _("1: the company stops")), (2, _("2: work suffers")), (3, _("3: can wait"))]
    )
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="owned_services", verbose_name=_("owner"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="services", verbose_name=_("team"))
    group = models.CharField(
        _("group"), max_length=60, blank=True, help_text=_("Services of one group stand together on the status page: Network, Offices.")
    )
    words = models.JSONField(_("words"), default=list, blank=True, help_text=_("Words in a report that mean this service."))
    depends_on: models.ManyToManyField[Service, Service] = models.ManyToManyField(
        "self", symmetrical=False, related_name="dependents", blank=True, verbose_name=_("depends on")
    )
    state = models.CharField(_("state"), max_length=10, choices=ServiceState, default=ServiceState.UNKNOWN, editable=False)
    state_since = models.DateTimeField(_("since"), null=True, editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True, editable=False)
    is_active = models.BooleanField(_("in use"), default=True)

    objects: ClassVar[models.Manager[Service]] = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
