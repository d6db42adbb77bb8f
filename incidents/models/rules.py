"""Severities and rules as rows; their immutable versions; every evaluation with its facts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.alerts import LinkedAlert
from incidents.models.incidents import Incident
from incidents.models.tickets import Ticket
from servicedesk.directory.models import User


class SeverityLevel(models.Model):
    rank = models.PositiveSmallIntegerField(_("rank"), primary_key=True)
    name = models.CharField(_("name"), max_length=40)
    guideline = models.TextField(_("how it is handled"), blank=True)
    ask_again_min = models.PositiveSmallIntegerField(
        _("owner asked after (minutes)"),
        null=True,
        blank=True,
        help_text=_("Without any act of theirs. Empty: 60 for SEV1 and SEV2; 0: never."),
    )

    class Meta:
        verbose_name = _("severity")
        verbose_name_plural = _("severities")
        ordering = ["rank"]
        constraints = [models.CheckConstraint(condition=Q(rank__range=(1, 4)), name="severity_rank_1_to_4")]

    def __str__(self) -> str:
        return f"SEV{self.rank} {self.name}"


class Rule(models.Model):
    class Kind(models.TextChoices):
        SEVERITY = "severity", _("Severity rule")
        ESCALATION = "escalation", _("Escalation rule")

    class Mode(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SHADOW = "shadow", _("Shadow: records what it would do")
        LIVE = "live", _("Live")

    key = models.CharField(_("short name"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    position = models.PositiveSmallIntegerField(_("position"))
    mode = models.CharField(_("mode"), max_length=8, choices=Mode, default=Mode.DRAFT)
    name = models.CharField(_("name"), max_length=120)
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    review_on = models.DateField(_("review due"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version in force"), default=1)
    draft = models.JSONField(_("edited, not published"), null=True, blank=True)
    draft_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("edited by"))
    draft_at = models.DateTimeField(_("edited"), null=True, blank=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["kind", "position"]

    def __str__(self) -> str:
        return f"{self.key}: {self.name}"


class RuleVersion(models.Model):
    """Immutable: an edit makes version n+1."""

    rule = models.ForeignKey(Rule, models.PROTECT, related_name="versions", verbose_name=_("rule"))
    version = models.PositiveIntegerField(_("version"))
    definition = models.JSONField(_("definition"))
    note = models.CharField(_("note"), max_length=240)
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("author"))
    published_at = models.DateTimeField(_("published"))

    class Meta:
        verbose_name = _("rule version")
        verbose_name_plural = _("rule versions")
        ordering = ["rule", "-version"]
        constraints = [models.UniqueConstraint(fields=["rule", "version"], name="rule_version_once")]

    def __str__(self) -> str:
        return f"{self.rule.key}, {self.version}"


class Evaluation(models.Model):
    """What the rules saw and decided, for ever: backtest replays these facts, never today's rows."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, related_name="evaluations", verbose_name=_("ticket"))
    alert = models.ForeignKey(LinkedAlert, models.PROTECT, null=True, related_name="evaluations", verbose_name=_("alert"))
    at = models.DateTimeField(_("at"))
    schema = models.PositiveSmallIntegerField(_("form of the facts"), default=1)
    facts = models.JSONField(_("facts"))
    decision = models.JSONField(_("decision"))

    class Meta:
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(ticket__isnull=False) ^ Q(alert__isnull=False), name="evaluation_of_one_thing")]
        indexes = [models.Index(fields=["at"], name="evaluation_at")]

    def __str__(self) -> str:
        return f"{self.ticket or self.alert}, {self.at:%Y-%m-%d %H:%M}"


class Firing(models.Model):
    """A rule that matched: what it did, or (shadow) would have done."""

    rule = models.ForeignKey(Rule, models.PROTECT, related_name="firings", verbose_name=_("rule"))
    version = models.PositiveIntegerField(_("version"))
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="firings", verbose_name=_("evaluation"))
    group_key = models.CharField(_("group"), max_length=120)
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="firings", verbose_name=_("incident"))
    is_shadow = models.BooleanField(_("shadow"), default=False)
    deed = models.CharField(_("deed"), max_length=20, blank=True, help_text=_("propose, declare, or empty."))
    did = models.CharField(_("did"), max_length=240, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("firing")
        verbose_name_plural = _("firings")
        ordering = ["-id"]
        indexes = [models.Index(fields=["rule", "-at"], name="firing_rule"), models.Index(fields=["group_key", "-at"], name="firing_group")]

    def __str__(self) -> str:
        return f"{self.rule.key} {self.group_key}"
