"""Escalation policies: who is paged, in which order, and the last resort."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models import Webhook
from servicedesk.directory.models import Service, Team, User
from servicedesk.oncall.models import Schedule


class Policy(models.Model):
    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="policies", verbose_name=_("team"))
    repeat = models.PositiveSmallIntegerField(_("repeat"), default=0, validators=[MaxValueValidator(9)])
    is_default = models.BooleanField(_("used where a service has none"), default=False)
    services: models.ManyToManyField[Service, Service] = models.ManyToManyField(
        Service, related_name="policies", blank=True, verbose_name=_("services")
    )
    version = models.PositiveIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("escalation policy")
        verbose_name_plural = _("escalation policies")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_policy")]

    def __str__(self) -> str:
        return self.name


class PolicyStep(models.Model):
    class Among(models.TextChoices):
        ALL = "all", _("All of them")
        ROUND_ROBIN = "round_robin", _("In turns")
        FIRST = "first_available", _("The first who can be reached")

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="steps", verbose_name=_("policy"))
    position = models.PositiveSmallIntegerField(_("step"), validators=[MinValueValidator(1)])
    delay_s = models.PositiveIntegerField(_("after (seconds)"), default=0, help_text=_("From the start of the round."))
    among = models.CharField(_("page"), max_length=16, choices=Among, default=Among.ALL)
    least_severity = models.PositiveSmallIntegerField(_("only from severity"), default=4, help_text=_("4: always; 2: only SEV1 and SEV2."))
    require_all = models.BooleanField(
        _("everybody must acknowledge"), default=False, help_text=_("One answer stops only that person's own pages.")
    )
    window_from = models.TimeField(_("only from"), null=True, blank=True)
    window_until = models.TimeField(_("only until"), null=True, blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["policy", "position"]
        constraints = [models.UniqueConstraint(fields=["policy", "position"], name="step_once")]

    def __str__(self) -> str:
        return f"{self.policy}, {self.position}"


class StepTarget(models.Model):
    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        SCHEDULE = "schedule", _("Whoever is on call")
        TEAM = "team", _("Everyone of a team")
        MANAGER = "manager_of", _("IT manager of a team")
        WEBHOOK = "webhook", _("A program, by webhook")

    step = models.ForeignKey(PolicyStep, models.CASCADE, related_name="targets", verbose_name=_("step"))
    kind = models.CharField(_("who"), max_length=12, choices=Kind)
    person = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="policy_targets", verbose_name=_("person"))
    schedule = models.ForeignKey(Schedule, models.PROTECT, null=True, blank=True, related_name="policy_targets", verbose_name=_("schedule"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="policy_targets", verbose_name=_("team"))
    webhook = models.ForeignKey(
        Webhook,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="policy_targets",
        verbose_name=_("webhook"),
        help_text=_("Wakes nobody."),
    )

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        ordering = ["step", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="person", person__isnull=False, schedule=None, team=None, webhook=None)
                | Q(kind="schedule", person=None, schedule__isnull=False, team=None, webhook=None)
                | Q(kind__in=["team", "manager_of"], person=None, schedule=None, team__isnull=False, webhook=None)
                | Q(kind="webhook", person=None, schedule=None, team=None, webhook__isnull=False),
                name="target_is_one_thing",
            )
        ]

    def __str__(self) -> str:
        return str(self.person or self.schedule or self.team or self.webhook)

    @property
    def short_name(self) -> str:
        """A user name, or the short name of a schedule or team."""
        if self.person is not None:
            return self.person.username
        named = self.schedule or self.team
        return named.slug if named else str(self.webhook or "")


class LastResort(models.Model):
    """An ordered way of last resort: a person, or a staffed number."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="last_resorts", verbose_name=_("policy"))
    position = models.PositiveSmallIntegerField(_("position"))
    person = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="last_resort_of", verbose_name=_("person"))
    number = models.CharField(_("staffed number"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("last resort")
        verbose_name_plural = _("last resorts")
        ordering = ["policy", "position"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "position"], name="last_resort_once"),
            models.CheckConstraint(
                condition=Q(person__isnull=False, number="") | Q(person=None) & ~Q(number=""), name="last_resort_is_one_way"
            ),
        ]

    def __str__(self) -> str:
        return str(self.person or self.number)


class PolicyVersion(models.Model):
    """What a policy said at a time; a running escalation keeps its own."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions", verbose_name=_("policy"))
    version = models.PositiveIntegerField(_("version"))
    definition = models.JSONField(_("definition"))
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("author"))
    published_at = models.DateTimeField(_("published"))

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        ordering = ["policy", "-version"]
        constraints = [models.UniqueConstraint(fields=["policy", "version"], name="policy_version_once")]

    def __str__(self) -> str:
        return f"{self.policy}, {self.version}"
