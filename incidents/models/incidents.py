"""An incident, and its one timeline of every machine and human event."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from incidents.states import LIVE_INCIDENT, OPEN_INCIDENT, Effect, Impacted, IncidentState, Severity
from servicedesk.directory.models import Service, Team, User


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> IncidentQuerySet:
        return self.filter(state__in=OPEN_INCIDENT)

    def live(self) -> IncidentQuerySet:
        """Open and no longer a mere proposal."""
        return self.filter(state__in=LIVE_INCIDENT)

    def undecided(self, now: datetime) -> IncidentQuerySet:
        return self.filter(state=IncidentState.PROPOSED, decide_at__lte=now)

    def settling(self, now: datetime) -> IncidentQuerySet:
        """Those whose checks have been well long enough."""
        return self.filter(state__in=LIVE_INCIDENT, settle_at__lte=now)

    def locked(self, number: int) -> Incident:
        """This incident, its row held until the transaction ends."""
        return self.select_for_update().get(pk=number)

    def shown_to_employees(self) -> IncidentQuerySet:
        return self.live().filter(is_shown=True, is_confidential=False)

    def visible_to(self, user: User) -> IncidentQuerySet:
        """Staff see incidents, anybody else those they were paged for. Confidential ones are for the owning team's agents
        and managers and for who is on their list; never for a machine.
        """
        plain = Q(is_confidential=False)
        inside = plain if user.is_desk_staff else plain & Q(pk__in=user.pages.values("incident_id"))
        if not user.is_machine:
            inside |= Q(pk__in=user.confidences.values("incident_id"))
        if (user.is_agent or user.is_manager) and not user.is_machine:
            inside |= Q(team__in=user.team_ids)
        return self.filter(inside)


class Incident(models.Model):
    """The primary key is the number: INC-214."""

    title = models.CharField(_("title"), max_length=200)
    state = models.CharField(_("state"), max_length=12, choices=IncidentState)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity)
    what = models.TextField(_("what happened"), blank=True)
    impacted = models.CharField(_("who is impacted"), max_length=12, choices=Impacted, blank=True)
    impacted_count = models.PositiveIntegerField(_("about how many"), null=True, blank=True)
    effect = models.CharField(_("how it affects them"), max_length=12, choices=Effect, blank=True)
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="incidents", verbose_name=_("service"))
    more_services: models.ManyToManyField[Service, Service] = models.ManyToManyField(
        Service, related_name="also_in_incidents", blank=True, verbose_name=_("more services")
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="incidents", verbose_name=_("team"))
    policy = models.ForeignKey(
        "incidents.Policy", models.PROTECT, null=True, blank=True, related_name="incidents", verbose_name=_("policy")
    )
    is_confidential = models.BooleanField(_("confidential"), default=False)
    is_shown = models.BooleanField(_("shown to employees"), default=False)

    group_key = models.CharField(
        _("group"), max_length=120, blank=True, help_text=_("One open automatic incident per group; empty: opened by hand.")
    )
    rule = models.ForeignKey("incidents.Rule", models.PROTECT, null=True, blank=True, related_name="incidents", verbose_name=_("rule"))
    rule_version = models.PositiveIntegerField(_("rule version"), null=True, blank=True)
    reason = models.TextField(_("why"), blank=True)
    people = models.PositiveIntegerField(
        _("people who reported it"), default=0, help_text=_("As the rules counted them when it last grew.")
    )
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("opened by"))

    since = models.DateTimeField(_("since"))
    created_at = models.DateTimeField(_("created"))
    last_event_at = models.DateTimeField(_("last event"))
    decide_at = models.DateTimeField(_("decided by itself"), null=True)
    hold_until = models.DateTimeField(_("group held until"), null=True, help_text=_("After a rejection."))
    hold_count = models.PositiveIntegerField(_("group held below"), null=True, help_text=_("The count that ends the hold earlier."))
    settle_at = models.DateTimeField(_("resolves by itself"), null=True, help_text=_("Every check is well again and no person took part."))
    triggered_at = models.DateTimeField(_("triggered"), null=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    acknowledged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="acknowledged", verbose_name=_("acknowledged by")
    )
    mitigated_at = models.DateTimeField(_("mitigated"), null=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    recurrence_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="recurrences", verbose_name=_("recurrence of")
    )
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("merged into"))

    objects: ClassVar[models.Manager[Incident]] = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["group_key"],
                condition=Q(state__in=["proposed", "triggered", "acknowledged", "mitigated"]) & ~Q(group_key=""),
                name="one_open_incident_a_group",
            ),
            models.CheckConstraint(condition=Q(severity__range=(1, 4)), name="incident_severity_1_to_4"),
            models.CheckConstraint(condition=~Q(state="acknowledged") | Q(acknowledged_by__isnull=False), name="acknowledged_by_somebody"),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="incident_state"),
            models.Index(fields=["service", "-last_event_at"], name="incident_service"),
            models.Index(fields=["decide_at"], condition=Q(state="proposed"), name="incident_decide"),
            models.Index(fields=["settle_at"], condition=Q(settle_at__isnull=False), name="incident_settle"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def number(self) -> str:
        """Also the thread of its letters."""
        return f"INC-{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_INCIDENT

    @cached_property
    def public_word(self) -> Any:
        """What employees were told last (an Update); None while they were told nothing, and always of a confidential one."""
        return None if self.is_confidential else self.updates.filter(is_public=True).order_by("-id").first()


class TimelineEntry(models.Model):
    class Kind(models.TextChoices):
        STATE = "state", _("State")
        ACK = "ack", _("Acknowledgement")
        PAGE = "page", _("Page")
        CHECK = "check", _("Check")
        TICKET = "ticket", _("Ticket")
        SEVERITY = "severity", _("Severity")
        UPDATE = "update", _("Update")
        NOTE = "note", _("Note")
        WARNING = "warning", _("Warning")

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="timeline", verbose_name=_("incident"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who"))
    text = models.TextField(_("what"))
    because = models.TextField(_("because"), blank=True)
    data = models.JSONField(_("facts"), default=dict)
    is_key = models.BooleanField(_("key event"), default=False)

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline")
        ordering = ["incident", "at", "id"]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_written(self) -> bool:
        """In the words of a person, who may put them right."""
        return bool(self.data.get("written"))

    @property
    def earlier(self) -> list[tuple[str, datetime]]:
        """What it said before, and until when; the oldest first."""
        return [(was["text"], datetime.fromisoformat(was["until"])) for was in self.data.get("earlier", [])]
