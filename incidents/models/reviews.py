"""The periodic review of the plan: its questions, one row a review, the answers with their evidence, and the files that prove them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.filetypes import SHOWN
from incidents.models.tickets import Ticket
from servicedesk.directory.models import User


class ReviewQuestion(models.Model):
    """A line of the checklist new reviews begin with; an open review keeps the words it began with."""

    position = models.PositiveSmallIntegerField(_("number"), unique=True)
    key = models.SlugField(
        _("evidence"), max_length=40, unique=True, null=True, blank=True, help_text=_("The query that answers it; empty: people do.")
    )
    text = models.CharField(_("question"), max_length=160)
    why = models.CharField(_("why it is asked"), max_length=240, blank=True)
    limits = models.JSONField(
        _("thresholds"), default=dict, blank=True, help_text=_("What makes the answer a finding, as name and number.")
    )
    helps_with = models.CharField(
        _("helps with"),
        max_length=240,
        blank=True,
        help_text=_("Controls of your standards it helps with. It proves compliance with none."),
    )
    is_asked = models.BooleanField(_("asked"), default=True)

    class Meta:
        verbose_name = _("review question")
        verbose_name_plural = _("review questions")
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position}. {self.text}"


class PlanReviewQuerySet(models.QuerySet["PlanReview"]):
    def signed(self) -> PlanReviewQuerySet:
        return self.filter(state=PlanReview.State.SIGNED)

    def running(self) -> PlanReviewQuerySet:
        return self.exclude(state=PlanReview.State.SIGNED)

    def remindable(self, now: datetime) -> PlanReviewQuerySet:
        return self.running().filter(remind_at__lte=now)


class PlanReview(models.Model):
    class State(models.TextChoices):
        OPEN = "open", _("Being prepared")
        READY = "ready", _("Waiting for the second signature")
        SIGNED = "signed", _("Signed")

    class Reason(models.TextChoices):
        QUARTER = "quarter", _("Every quarter")
        SEV1 = "sev1", _("After a SEV1")
        CHANGE = "change", _("Organisation or provider changed")
        DRILL = "drill", _("After a failed drill")

    slug = models.SlugField(_("short name"), max_length=20, unique=True, help_text=_("Year and quarter: 2026-q4."))
    reason = models.CharField(_("held because"), max_length=10, choices=Reason, default=Reason.QUARTER)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    period_from = models.DateTimeField(_("period from"))
    due_on = models.DateField(_("due"))
    plan_version = models.PositiveIntegerField(_("plan version"), default=0)
    remind_at = models.DateTimeField(_("remind at"), null=True)
    opened_at = models.DateTimeField(_("opened"))
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("opened by"))
    prepared_at = models.DateTimeField(_("handed over"), null=True)
    prepared_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("prepared by"))
    signed_at = models.DateTimeField(_("signed"), null=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("signed by"))
    signer_role = models.CharField(_("as"), max_length=60, blank=True)
    statement = models.CharField(_("statement"), max_length=240, blank=True)
    snapshot = models.JSONField(_("snapshot"), null=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)

    objects: ClassVar[models.Manager[PlanReview]] = PlanReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("plan review")
        verbose_name_plural = _("plan reviews")
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="signed") | (Q(signed_by__isnull=False, prepared_by__isnull=False) & ~Q(sha256="")), name="signed_by_two"
            ),
            models.CheckConstraint(
                condition=Q(signed_by=None) | Q(prepared_by=None) | ~Q(signed_by=models.F("prepared_by")), name="signed_by_another"
            ),
        ]
        indexes = [models.Index(fields=["remind_at"], condition=Q(remind_at__isnull=False), name="review_remind")]

    def __str__(self) -> str:
        year, _between, rest = self.slug.partition("-")
        return f"{year} {rest.upper()}"

    @property
    def is_signed(self) -> bool:
        return self.state == PlanReview.State.SIGNED


class ReviewItem(models.Model):
    """One question of one review: the evidence as it was found, and what a person makes of it."""

    class Verdict(models.TextChoices):
        OK = "ok", _("OK")
        ACTION = "action", _("Action")
        NOT_APPLICABLE = "na", _("Not applicable")

    review = models.ForeignKey(PlanReview, models.PROTECT, related_name="items", verbose_name=_("review"))
    number = models.PositiveSmallIntegerField(_("number"))
    key = models.SlugField(_("evidence"), max_length=40, blank=True)
    question = models.CharField(_("question"), max_length=160)
    why = models.CharField(_("why"), max_length=240, blank=True)
    limits = models.JSONField(_("thresholds"), default=dict)
    helps_with = models.CharField(_("helps with"), max_length=240, blank=True)
    evidence = models.JSONField(_("evidence"), default=dict, help_text=_("Shape: incidents.reviews.asking."))
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict, blank=True)
    note = models.TextField(_("note"), blank=True)
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="review_actions", verbose_name=_("owner"))
    due_on = models.DateField(_("due"), null=True, blank=True)
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ticket"))
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))

    class Meta:
        verbose_name = _("answer of a review")
        verbose_name_plural = _("answers of reviews")
        ordering = ["review", "number"]
        constraints = [models.UniqueConstraint(fields=["review", "number"], name="review_number_once")]

    def __str__(self) -> str:
        return f"{self.number}. {self.question}"

    @property
    def is_finding(self) -> bool:
        return bool(self.evidence.get("finding"))

    @property
    def is_against_evidence(self) -> bool:
        """Judged to be all right although the evidence says otherwise: shown, never hidden."""
        return self.verdict == ReviewItem.Verdict.OK and self.is_finding

    @property
    def ran_at(self) -> datetime | None:
        """When its query was asked."""
        return datetime.fromisoformat(self.evidence["run_at"]) if self.evidence.get("run_at") else None

    @property
    def thresholds(self) -> str:
        """ "oldest days 365, least ways 2"."""
        return ", ".join(f"{name.replace('_', ' ')} {limit}" for name, limit in self.limits.items())

    def missing(self) -> str:
        """What keeps it open, as a word; empty when it is decided."""
        if not self.verdict:
            return "verdict"
        if self.verdict == ReviewItem.Verdict.ACTION and not (self.owner_id and self.due_on):
            return "owner"
        return "note" if self.verdict == ReviewItem.Verdict.NOT_APPLICABLE and not self.note.strip() else ""

    def as_json(self) -> dict[str, Any]:
        """What a snapshot freezes of it."""
        return {
            "number": self.number, "question": self.question, "why": self.why, "limits": self.limits, "helps_with": self.helps_with,
            "evidence": self.evidence, "verdict": self.verdict, "against_evidence": self.is_against_evidence, "note": self.note,
            "owner": self.owner.username if self.owner else None, "owner_id": self.owner_id,
            "due_on": self.due_on.isoformat() if self.due_on else None,
            "ticket": self.ticket.number if self.ticket else None,
            "decided_by": self.decided_by.username if self.decided_by else None,
            "files": [file.as_json() for file in self.files.all()],
        }  # fmt: skip


class ReviewFile(models.Model):
    """What proves an answer, with the day it proves: not the day it was uploaded."""

    item = models.ForeignKey(ReviewItem, models.PROTECT, related_name="files", verbose_name=_("answer"))
    name = models.CharField(_("name"), max_length=120)
    size = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    kind = models.CharField(_("type"), max_length=60)
    evidence_on = models.DateField(_("evidence of"))
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    added_at = models.DateTimeField(_("uploaded"))

    class Meta:
        verbose_name = _("file of a review")
        verbose_name_plural = _("files of reviews")
        ordering = ["item", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_shown(self) -> bool:
        return self.kind in SHOWN

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "bytes": self.size, "sha256": self.sha256, "evidence_on": self.evidence_on.isoformat(),
            "uploaded_at": self.added_at.isoformat(), "uploaded_by": self.added_by.username,
        }  # fmt: skip
