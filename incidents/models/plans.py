"""The incident plan: one document, its immutable versions, who holds which role in it, and who has read it."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import Service, User


class Plan(models.Model):
    """One row an install: the text in force. Sections are Markdown; a checklist has one line an item."""

    TEXTS: ClassVar[tuple[str, ...]] = ("scope", "severities", "protocols", "communication", "training", "resources")
    PHASES: ClassVar[tuple[str, ...]] = ("assessment", "planning", "implementation", "logistics")

    version = models.PositiveIntegerField(_("version in force"), default=0)
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    approved_at = models.DateTimeField(_("approved"), null=True)
    review_every_days = models.PositiveSmallIntegerField(
        _("reviewed every (days)"), default=92, db_default=92, validators=[MinValueValidator(30), MaxValueValidator(366)],
        help_text=_("From one sign-off to the next. After a SEV1, a change of the organisation or a failed exercise it comes earlier."),
    )  # fmt: skip
    scope = models.TextField(_("scope"), blank=True)
    severities = models.TextField(_("severities"), blank=True, help_text=_("How they are decided; the guideline of each stands below it."))
    protocols = models.TextField(_("protocols"), blank=True, help_text=_("What every service has in common; runbooks are below."))
    communication = models.TextField(_("communication"), blank=True)
    training = models.TextField(_("training and drills"), blank=True)
    resources = models.TextField(_("resources, logistics and availability"), blank=True)
    assessment = models.TextField(_("Assessment"), blank=True, help_text=_("One step a line."))
    planning = models.TextField(_("Planning"), blank=True, help_text=_("One step a line."))
    implementation = models.TextField(_("Implementation"), blank=True, help_text=_("One step a line."))
    logistics = models.TextField(_("Logistics"), blank=True, help_text=_("One step a line."))

    class Meta:
        verbose_name = _("incident plan")
        verbose_name_plural = _("incident plan")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_plan")]

    def __str__(self) -> str:
        return str(_("Incident plan, version %(n)s") % {"n": self.version})

    @classmethod
    def current(cls) -> Plan | None:
        return cls.objects.select_related("owner").filter(pk=1, version__gt=0).first()


class PlanRole(models.Model):
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="roles", verbose_name=_("plan"))
    name = models.CharField(_("role"), max_length=80)
    duty = models.CharField(_("what this person does"), max_length=240, blank=True)
    holder = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="plan_roles", verbose_name=_("holder"))
    deputy = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="plan_deputies", verbose_name=_("deputy"))
    contact = models.CharField(_("contact"), max_length=120, blank=True, help_text=_("Where the account's own is not the right one."))

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["plan", "id"]
        constraints = [models.UniqueConstraint(fields=["plan", "name"], name="plan_role_once")]

    def __str__(self) -> str:
        return f"{self.name}: {self.holder or '-'} / {self.deputy or '-'}"

    @property
    def reached_at(self) -> str:
        """Its own contact, else the holder's telephone; empty where nobody holds it."""
        return self.contact or (self.holder.phone if self.holder else "")


class Runbook(models.Model):
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="runbooks", verbose_name=_("plan"))
    service = models.ForeignKey(Service, models.PROTECT, related_name="runbooks", verbose_name=_("service"))
    text = models.TextField(_("what to do"))

    class Meta:
        verbose_name = _("runbook")
        verbose_name_plural = _("runbooks")
        ordering = ["service__name"]
        constraints = [models.UniqueConstraint(fields=["plan", "service"], name="runbook_once_a_service")]

    def __str__(self) -> str:
        return f"{self.service}: {self.text[:60]}"


class PlanVersion(models.Model):
    """What the plan said; never changed."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions", verbose_name=_("plan"))
    version = models.PositiveIntegerField(_("version"))
    document = models.JSONField(_("document"))
    note = models.CharField(_("note"), max_length=240, blank=True)
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("author"))
    published_at = models.DateTimeField(_("published"))

    class Meta:
        verbose_name = _("plan version")
        verbose_name_plural = _("plan versions")
        ordering = ["plan", "-version"]
        constraints = [models.UniqueConstraint(fields=["plan", "version"], name="plan_version_once")]

    def __str__(self) -> str:
        return str(_("version %(n)s") % {"n": self.version})


class PlanReading(models.Model):
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="readings", verbose_name=_("plan"))
    version = models.PositiveIntegerField(_("version"))
    person = models.ForeignKey(User, models.PROTECT, related_name="plan_readings", verbose_name=_("person"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("confirmed reading")
        verbose_name_plural = _("confirmed readings")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["plan", "version", "person"], name="plan_read_once")]

    def __str__(self) -> str:
        return f"{self.person}, {self.version}"
