"""What a ticket's work is made of: lines to tick off, an approval that gates its start, a vendor's case, and work that comes round."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.catalogue import Vendor
from incidents.models.tickets import Ticket
from servicedesk.directory.models import Service, Team, User


class ChecklistItem(models.Model):
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="checklist", verbose_name=_("ticket"))
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.CharField(_("what to do"), max_length=200)
    done_at = models.DateTimeField(_("done"), null=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))

    class Meta:
        verbose_name = _("line of a checklist")
        verbose_name_plural = _("lines of checklists")
        ordering = ["ticket", "position", "id"]

    def __str__(self) -> str:
        return self.text


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def pending(self) -> ApprovalQuerySet:
        return self.filter(state=Approval.State.PENDING)

    def of(self, user: User) -> ApprovalQuerySet:
        """Those this person decides."""
        return self.filter(approver=user)


class Approval(models.Model):
    """Whether a request may begin. While it is pending the ticket waits and its clocks stand still."""

    class State(models.TextChoices):
        PENDING = "pending", _("Not decided")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        EXPIRED = "expired", _("Nobody decided")
        DELEGATED = "delegated", _("Handed on")

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="approvals", verbose_name=_("ticket"))
    approver = models.ForeignKey(User, models.PROTECT, related_name="approvals", verbose_name=_("asked"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    reason = models.CharField(_("why"), max_length=240, blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    expires_at = models.DateTimeField(_("expires"))
    decided_at = models.DateTimeField(_("decided"), null=True)

    objects: ClassVar[models.Manager[Approval]] = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["ticket"], condition=Q(state="pending"), name="one_approval_at_a_time")]
        indexes = [models.Index(fields=["expires_at"], condition=Q(state="pending"), name="approval_expires")]

    def __str__(self) -> str:
        return f"T-{self.ticket_id}: {self.get_state_display()}"


class VendorCase(models.Model):
    """A ticket in a vendor's hands: their number, and when they are chased next."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="vendor_cases", verbose_name=_("ticket"))
    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="cases", verbose_name=_("vendor"))
    number = models.CharField(_("their case number"), max_length=80, blank=True)
    since = models.DateTimeField(_("since"))
    chase_at = models.DateTimeField(_("chase them"), null=True)
    chased = models.PositiveSmallIntegerField(_("chased"), default=0)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("vendor case")
        verbose_name_plural = _("vendor cases")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["ticket"], condition=Q(ended_at=None), name="one_open_vendor_case")]
        indexes = [models.Index(fields=["chase_at"], condition=Q(chase_at__isnull=False), name="vendor_chase")]

    def __str__(self) -> str:
        return f"T-{self.ticket_id}, {self.vendor} {self.number}"


class ScheduledTicketQuerySet(models.QuerySet["ScheduledTicket"]):
    def due(self, now: datetime) -> ScheduledTicketQuerySet:
        return self.filter(is_active=True, next_at__lte=now)


class ScheduledTicket(models.Model):
    """Work that comes round: each time a ticket with its checklist."""

    title = models.CharField(_("title"), max_length=200)
    what = models.TextField(_("what to do"), blank=True)
    cron = models.CharField(_("when"), max_length=60, help_text=_("Five fields of cron, such as 0 8 * * 1 for Mondays at 8."))
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    requester = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("requester"))
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("service"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"))
    checklist = models.JSONField(_("checklist"), default=list, blank=True, help_text=_("A list of lines."))
    is_active = models.BooleanField(_("in use"), default=True)
    next_at = models.DateTimeField(_("next"), null=True, editable=False)

    objects: ClassVar[models.Manager[ScheduledTicket]] = ScheduledTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduled ticket")
        verbose_name_plural = _("scheduled tickets")
        ordering = ["title"]
        indexes = [models.Index(fields=["next_at"], condition=Q(is_active=True), name="scheduled_ticket_next")]

    def __str__(self) -> str:
        return self.title
