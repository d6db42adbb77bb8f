"""A message: one letter by one method, as sent. An attempt: one try to hand it to a provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.models.errands import Errand
from notifications.models.methods import Channel, ContactMethod
from notifications.states import WAITING, AttemptState, MessageState, sources
from servicedesk.directory.models import User

SENTINEL = "sentinel"  # the channel of the desk's test of itself: nobody is written to


class MessageQuerySet(models.QuerySet["Message"]):
    def to_people(self) -> MessageQuerySet:
        """Without the desk's tests of itself."""
        return self.exclude(channel=SENTINEL)

    def due(self, now: datetime) -> MessageQuerySet:
        """Planned or held rows whose moment has come."""
        return self.filter(state__in=[Message.State.PLANNED, Message.State.HELD], due_at__lte=now)

    def waiting(self) -> MessageQuerySet:
        return self.filter(state__in=WAITING)

    def of_thread(self, thread: str) -> MessageQuerySet:
        return self.filter(thread=thread)

    def move(self, to: str, **columns: Any) -> int:
        """Compare and swap: those of these rows that may go to `to` are there now, with `columns`; how many."""
        return self.filter(state__in=sources(to)).update(state=to, **columns)


class Message(models.Model):
    State = MessageState

    class Lane(models.TextChoices):
        PAGE = "page", _("Page")
        BULK = "bulk", _("Bulk")

    errand = models.ForeignKey(Errand, models.PROTECT, null=True, related_name="messages", verbose_name=_("errand"))
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="messages", verbose_name=_("person"))
    method = models.ForeignKey(ContactMethod, models.PROTECT, null=True, related_name="messages", verbose_name=_("method"))
    thread = models.CharField(_("thread"), max_length=40)
    key = models.CharField(_("key"), max_length=160, unique=True)
    lane = models.CharField(_("lane"), max_length=6, choices=Lane, default=Lane.BULK)
    channel = models.CharField(_("by"), max_length=10, choices=Channel)
    to = models.CharField(_("to"), max_length=500)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True)
    short = models.CharField(_("short form"), max_length=40, blank=True, help_text=_("At most 30 units, for a bundle."))
    reference = models.CharField(_("reference"), max_length=20, help_text=_("Found again in the body when an answer was lost."))
    headers = models.JSONField(_("headers"), default=dict)
    rung = models.PositiveSmallIntegerField(_("rung"), default=0)
    is_confidential = models.BooleanField(_("confidential"), default=False, help_text=_("Its words are not shown in the outbox."))

    state = models.CharField(_("state"), max_length=10, choices=MessageState, default=MessageState.PLANNED)
    reason = models.CharField(_("why"), max_length=240, blank=True)
    due_at = models.DateTimeField(_("due"))
    expires_at = models.DateTimeField(_("of no use after"), null=True)
    # the lease is the database's own time (architecture, engine 4); `unclaimed_since` lets the engine step in after 5 s
    unclaimed_since = models.DateTimeField(_("unclaimed since"), null=True)
    lease_until = models.DateTimeField(_("lease"), null=True)
    attempt_id = models.UUIDField(_("attempt"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    stop_at = models.DateTimeField(_("stop asked"), null=True, help_text=_("Read again immediately before the provider is called."))
    hang_up_at = models.DateTimeField(_("cut off at"), null=True, help_text=_("When a call that still rings is cut off."))
    provider_id = models.CharField(_("provider's id"), max_length=120, blank=True)
    is_possible_duplicate = models.BooleanField(_("possibly a duplicate"), default=False)

    # pages that go as one: the row that carries them, its name in a link, and when each came due
    bundle = models.ForeignKey("self", models.PROTECT, null=True, related_name="bundled", verbose_name=_("went with"))
    token = models.CharField(_("token"), max_length=10, null=True, unique=True)
    asked_at = models.DateTimeField(_("came due"), null=True)

    created_at = models.DateTimeField(_("made"))
    queued_at = models.DateTimeField(_("queued"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    seen_at = models.DateTimeField(_("seen"), null=True)
    acted_at = models.DateTimeField(_("acted"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    admins_told_at = models.DateTimeField(_("administrators told"), null=True)

    objects: ClassVar[models.Manager[Message]] = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state__in=["planned", "held"]), name="message_due"),
            models.Index(fields=["due_at"], condition=models.Q(state="queued"), name="message_queued"),
            models.Index(fields=["lease_until"], condition=models.Q(state__in=["sending", "unknown"]), name="message_leased"),
            models.Index(fields=["to", "asked_at"], condition=models.Q(asked_at__isnull=False), name="message_asked"),
            models.Index(fields=["hang_up_at"], condition=models.Q(hang_up_at__isnull=False), name="message_hang_up"),
            models.Index(fields=["thread", "id"], name="message_thread"),
            models.Index(fields=["person", "-id"], name="message_person"),
            models.Index(fields=["state", "-id"], name="message_state"),
            models.Index(fields=["created_at"], name="message_created"),
            models.Index(fields=["ended_at"], condition=models.Q(state="dead", admins_told_at=None), name="message_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.thread} to {self.to}"

    @property
    def shown_state(self) -> str:
        """What people read: acted and seen say more than sent; delivered only with a receipt."""
        return "acted" if self.acted_at else "seen" if self.seen_at else str(self.state)


class Attempt(models.Model):
    """One try. Its rank only rises; a `failed` after `delivered` is recorded, not applied."""

    State = AttemptState

    message = models.ForeignKey(Message, models.PROTECT, related_name="tries", verbose_name=_("message"))
    number = models.PositiveSmallIntegerField(_("number"))
    attempt_id = models.UUIDField(_("attempt"), unique=True)
    token = models.CharField(_("callback token"), max_length=43, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=AttemptState, default=AttemptState.QUEUED)
    provider = models.CharField(_("provider"), max_length=20, blank=True, db_default="")
    provider_id = models.CharField(_("provider's id"), max_length=120, blank=True)
    code = models.CharField(_("provider's code"), max_length=20, blank=True)
    reason = models.CharField(_("why"), max_length=240, blank=True)
    started_at = models.DateTimeField(_("claimed"))
    called_at = models.DateTimeField(_("provider called"), null=True)
    ended_at = models.DateTimeField(_("answered"), null=True)
    check_at = models.DateTimeField(_("look again"), null=True, help_text=_("When an unknown outcome is reconciled."))

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["message", "number"]
        indexes = [
            models.Index(fields=["check_at"], condition=models.Q(state="unknown"), name="attempt_unknown"),
            models.Index(fields=["check_at"], condition=models.Q(state__in=["accepted", "sent"]), name="attempt_unconfirmed"),
            models.Index(fields=["provider_id"], name="attempt_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.message}, {self.number}"
