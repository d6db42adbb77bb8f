"""A test with a code: the round trip that shows that an address is reached and read by its owner."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.models.messages import Message
from notifications.models.methods import ContactMethod
from servicedesk.directory.models import User


class ProofQuerySet(models.QuerySet["Proof"]):
    def open(self, now: datetime) -> ProofQuerySet:
        """Its code can still be typed back."""
        return self.filter(confirmed_at=None, expires_at__gt=now)


class Proof(models.Model):
    """One code sent to one method. Only its fingerprint is kept."""

    method = models.ForeignKey(ContactMethod, models.CASCADE, related_name="proofs", verbose_name=_("method"))
    message = models.OneToOneField(Message, models.PROTECT, null=True, related_name="proof", verbose_name=_("message"))
    fingerprint = models.CharField(_("fingerprint of the code"), max_length=64)
    wrong = models.PositiveSmallIntegerField(_("wrong codes"), default=0)
    created_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("of no use after"))
    confirmed_at = models.DateTimeField(_("typed back"), null=True)

    objects: ClassVar[models.Manager[Proof]] = ProofQuerySet.as_manager()

    class Meta:
        verbose_name = _("test with a code")
        verbose_name_plural = _("tests with a code")
        ordering = ["-id"]
        indexes = [models.Index(fields=["method", "-id"], name="proof_method")]

    def __str__(self) -> str:
        return f"{self.method}, {self.created_at:%Y-%m-%d %H:%M}"


class Topic(models.TextChoices):
    """What people are told beside pages, and may switch off."""

    ANSWERED = "answered", _("My ticket is answered")
    ASSIGNED = "assigned", _("A ticket assigned to me needs something")
    TEAM = "team", _("A ticket in my team's queue needs somebody")
    MANAGER = "manager", _("A ticket needs the IT manager on duty")
    MENTIONED = "mentioned", _("A colleague names me in a note")
    WATCHED = "watched", _("News of a ticket I watch")
    DIGEST = "digest", _("This morning, by mail at 07:30")
    PROMISE = "promise", _("A promise of mine falls due or was missed")
    HAND_OFF = "hand_off", _("My turn on call begins")
    SWAP = "swap", _("Somebody asks me for a swap, or answers")


class MutedTopic(models.Model):
    """A kind of notice this person does not want. Without a row they get it."""

    person = models.ForeignKey(User, models.CASCADE, related_name="muted_topics", verbose_name=_("person"))
    topic = models.CharField(_("notice"), max_length=20, choices=Topic)

    class Meta:
        verbose_name = _("notice switched off")
        verbose_name_plural = _("notices switched off")
        constraints = [models.UniqueConstraint(fields=["person", "topic"], name="topic_muted_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_topic_display()}"
