"""A mail that came in: kept first, then brought to where it belongs, or held until a person decides."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from incidents.models.incidents import Incident
from incidents.models.tickets import Entry, Ticket
from servicedesk.directory.models import User


class InboundMailQuerySet(models.QuerySet["InboundMail"]):
    def held(self) -> InboundMailQuerySet:
        """Those a person must decide about."""
        return self.filter(state=InboundMail.State.HELD)

    def visible_to(self, user: User) -> InboundMailQuerySet:
        """Agents and managers see mails, except what is about a ticket or an incident they may not see."""
        if not (user.is_agent or user.is_manager):
            return self.none()
        theirs = Ticket.objects.order_by().visible_to(user).filter(pk=OuterRef("ticket"))  # of this mail: never a list of all
        tickets = Q(ticket=None) | Exists(theirs)
        return self.filter(tickets, Q(incident=None) | Q(incident__in=Incident.objects.filter().visible_to(user)))


class InboundMail(models.Model):
    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        FILED = "filed", _("Filed")
        HELD = "held", _("Held")
        ASIDE = "aside", _("Set aside")
        REJECTED = "rejected", _("Rejected")

    class Why(models.TextChoices):
        """Why it is held or was set aside."""

        STRANGER = "stranger", _("The sender takes no part in what it names")
        FORGED = "forged", _("Our mail server says that the sender is forged")
        SENDERS = "senders", _("It names no sender, or several")
        CLOSED = "closed", _("The sender's account is closed")
        AUTOMATIC = "automatic", _("A program or a mailing list wrote it")
        FLOOD = "flood", _("The sender writes too much at once")
        LARGE = "large", _("It is too large")
        UNREADABLE = "unreadable", _("It cannot be read")
        OWN = "own", _("It is a letter of ours that came back")
        ANSWERED = "answered", _("A program's answer: nobody answers it")
        BOUNCE = "bounce", _("A mail server could not deliver a letter")

    # kept first: without these nothing else is of use
    identity = models.CharField(_("identity"), max_length=64, unique=True, help_text=_("Of Message-ID, From, Date and body."))
    sha256 = models.CharField(_("SHA-256"), max_length=64)  # none: its content was dropped after its time (retention)
    size = models.PositiveBigIntegerField(_("bytes"))
    door = models.CharField(_("came by"), max_length=10)
    recipients = models.JSONField(_("sent to"), default=list)
    is_import = models.BooleanField(_("from before"), default=False)
    is_cut = models.BooleanField(_("its head alone"), default=False, help_text=_("It was too large to be fetched."))
    arrived_at = models.DateTimeField(_("arrived"))

    message_id = models.CharField(_("Message-ID"), max_length=250, blank=True)
    sender_name = models.CharField(_("sender's name"), max_length=120, blank=True)
    sender = models.CharField(_("sender"), max_length=254, blank=True)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    has_html = models.BooleanField(_("has HTML"), default=False)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RECEIVED)
    why = models.CharField(_("why"), max_length=12, choices=Why, blank=True)
    words = models.CharField(_("what came of it"), max_length=240, blank=True)
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, related_name="mails", verbose_name=_("ticket"))
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="mails", verbose_name=_("incident"))
    entry = models.OneToOneField(Entry, models.PROTECT, null=True, related_name="mail", verbose_name=_("entry"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided"), null=True)
    look_at = models.DateTimeField(_("look again"), null=True, help_text=_("Received: it is brought on. Held: the team is told."))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)

    objects: ClassVar[models.Manager[InboundMail]] = InboundMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["-id"], condition=Q(state="held"), name="mail_held"),
            models.Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="mail_look"),
            models.Index(fields=["sender", "arrived_at"], name="mail_sender"),
            models.Index(fields=["sha256"], name="mail_content"),
            models.Index(fields=["message_id"], condition=~Q(message_id=""), name="mail_message"),
        ]

    def __str__(self) -> str:
        return f"{self.sender}: {self.subject}"

    @property
    def is_whole(self) -> bool:
        """Whether its content is still kept."""
        return bool(self.sha256)


class Mailbox(models.Model):
    """How far a mailbox was read: the mark moves only after what it passes is kept."""

    name = models.CharField(_("mailbox"), max_length=200, unique=True)
    uidvalidity = models.PositiveBigIntegerField(_("UIDVALIDITY"), null=True)
    uid = models.PositiveBigIntegerField(_("last UID"), default=0)
    before_uid = models.PositiveBigIntegerField(_("from before, up to"), default=0)
    read_at = models.DateTimeField(_("read"), null=True)
    failing_since = models.DateTimeField(_("failing since"), null=True)
    fault = models.CharField(_("fault"), max_length=240, blank=True)

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")

    def __str__(self) -> str:
        return self.name
