"""A ticket, and the entries of its conversation and history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, cast

from django.db import connection, models
from django.db.models import Case, F, IntegerField, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from incidents.models.catalogue import RequestType
from incidents.models.incidents import Incident
from incidents.models.levels import ServiceLevelVersion
from incidents.states import OPEN_TICKET, Effect, Impacted, Severity, TicketState
from servicedesk.directory.models import Service, Team, User

OWED = Case(When(first_answered_at=None, then=F("first_answer_due_at")), default=F("next_answer_due_at"))
DUE_AT = Coalesce(OWED, F("solution_due_at"), output_field=models.DateTimeField())


def _theirs(user: User) -> Q:
    """As one list of numbers: three conditions joined by OR would read the whole table."""
    filed = Ticket.objects.order_by().filter(requester=user).values("pk")
    reported = Ticket.objects.order_by().filter(reported_by=user).values("pk")
    return Q(pk__in=filed.union(reported, user.watched.order_by().values("ticket_id")))


class Written(Value):
    """A word of the code's own, written into the statement: only then SQLite sees that a partial index covers what is asked."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return f"'{self.value}'", ()


OPEN = [str(state) for state in OPEN_TICKET]  # as the indexes say it
IS_OPEN = Q(state__in=[Written(state) for state in OPEN])


class Capped(Subquery):
    """How many rows a sliced queryset has: the database stops counting at the slice."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


MOST_COUNTED = 1_000


def capped(rows: models.QuerySet[Any], *along: Any) -> Capped:
    """How many of these there are, up to one more than are counted. `along`: the index in whose order most of them come first.

    SQLite takes no index of open tickets for that, and would sort them all.
    """
    ordered = rows.order_by(*along) if connection.vendor == "postgresql" else rows.order_by()
    return Capped(ordered.values("pk")[: MOST_COUNTED + 1])


def counted(reader: User, **asked: Capped) -> dict[str, int]:
    """Several of these in one statement, which hangs on a row that is there."""
    found = cast("Mapping[str, int | None]", User.objects.filter(pk=reader.pk).values(**asked).get())
    return {name: found[name] or 0 for name in asked}  # None: nothing could match, so nothing was asked


class TicketQuerySet(models.QuerySet["Ticket"]):
    def open(self) -> TicketQuerySet:
        return self.filter(IS_OPEN)

    def untriaged(self) -> TicketQuerySet:
        """New, and nobody has it."""
        return self.filter(state=TicketState.NEW, assignee=None)

    def due(self, now: datetime) -> TicketQuerySet:
        """Rules must look at these again."""
        return self.filter(evaluate_at__lte=now)

    def counting(self) -> TicketQuerySet:
        """What repeat clauses count: reports of people, not requests, imports or the machines' own tickets."""
        human = [User.Kind.EMPLOYEE, User.Kind.EXTERNAL]
        return self.filter(kind=Ticket.Kind.REPORT, requester__kind__in=human).exclude(
            origin__in=[Ticket.Origin.IMPORT, Ticket.Origin.MONITORING]
        )

    def own(self, user: User) -> TicketQuerySet:
        """Filed by, or for, this person, or watched by them."""
        return self.filter(_theirs(user))

    def locked(self, number: int) -> Ticket:
        """The row as it is now, nobody else may change it until this transaction ends."""
        return self.select_for_update().get(pk=number)

    def by_clock(self) -> TicketQuerySet:
        """Most urgent first, each with `due_at`: the first or next answer's time while one is owed, then the solution's.

        What has none comes last.
        """
        return self.annotate(due_at=DUE_AT).order_by(F("due_at").asc(nulls_last=True), "pk")

    def beyond(self, due_at: datetime | None, number: int) -> TicketQuerySet:
        """After that row, of rows `by_clock`, those that like it have a time, or like it have none."""
        if due_at is None:
            return self.untimed().filter(pk__gt=number)
        later = {"due_at__gt": due_at}
        same = {"due_at": due_at, "pk__gt": number}
        begins = {"due_at__gte": due_at}  # where the index begins
        after: Any = self.filter(Q(**later) | Q(**same), **begins)
        return cast("TicketQuerySet", after.order_by("due_at", "pk"))

    def ahead_of(self, due_at: datetime | None, number: int) -> TicketQuerySet:
        """Before that row, likewise: the nearest first."""
        if due_at is None:
            return self.untimed().filter(pk__lt=number).reverse()
        sooner = {"due_at__lt": due_at}
        same = {"due_at": due_at, "pk__lt": number}
        begins = {"due_at__lte": due_at}
        ahead: Any = self.filter(Q(**sooner) | Q(**same), **begins)
        return cast("TicketQuerySet", ahead.order_by("-due_at", "-pk"))

    def timed(self) -> TicketQuerySet:
        """Of rows `by_clock` those with a time."""
        has_time = {"due_at__isnull": False}
        rows: Any = self.filter(**has_time)
        return cast("TicketQuerySet", rows.order_by("due_at", "pk"))

    def untimed(self) -> TicketQuerySet:
        """Of rows `by_clock` those without."""
        has_none = {"due_at__isnull": True}
        return self.filter(**has_none).order_by("pk")

    def visible_to(self, user: User) -> TicketQuerySet:
        """Staff see every ticket but confidential ones outside their team, unless they are on the list of its incident.

        Everybody sees their own; machines none that is confidential.
        """
        rows = self.filter(is_confidential=False) if user.is_machine else self
        mine, listed = _theirs(user), Q(incident__in=user.confidences.values("incident_id"), is_confidential=True)
        listed |= Q(pk__in=user.ticket_confidences.values("ticket_id"))
        if not user.is_desk_staff:
            return rows.filter(mine | listed) if user.is_admin else rows.filter(mine)
        inside = Q(is_confidential=False) | listed
        if user.is_agent or user.is_manager:
            inside |= Q(team__in=user.team_ids) | Q(assignee=user)
        return rows.filter(mine | inside)


class Ticket(models.Model):
    """The primary key is the number: T-1042."""

    class Kind(models.TextChoices):
        REPORT = "report", _("Report")
        REQUEST = "request", _("Request")

    class Origin(models.TextChoices):
        PORTAL = "portal", _("by the portal")
        STAFF = "staff", _("by staff")
        MAIL = "mail", _("by mail")
        API = "api", _("by the API")
        MONITORING = "monitoring", _("by monitoring")
        IMPORT = "import", _("imported")

    class Waiting(models.TextChoices):
        REQUESTER = "requester", _("Waiting for the requester")
        VENDOR = "vendor", _("Waiting for a vendor")
        APPROVAL = "approval", _("Waiting for approval")
        PLANNED = "planned", _("Planned")

    title = models.CharField(_("title"), max_length=200)
    what = models.TextField(_("what happened"))
    impacted = models.CharField(_("who is impacted"), max_length=12, choices=Impacted, blank=True)
    impacted_count = models.PositiveIntegerField(_("about how many"), null=True, blank=True)
    impacted_group = models.CharField(_("which department or site"), max_length=80, blank=True)
    effect = models.CharField(_("how it affects them"), max_length=12, choices=Effect, blank=True)
    is_loss = models.BooleanField(_("lost, stolen or seen"), default=False)

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.REPORT)
    origin = models.CharField(_("came"), max_length=12, choices=Origin, default=Origin.PORTAL)
    state = models.CharField(_("state"), max_length=10, choices=TicketState, default=TicketState.NEW)
    waiting_for = models.CharField(_("waiting for"), max_length=10, choices=Waiting, blank=True)
    planned_until = models.DateTimeField(_("planned until"), null=True, help_text=_("While it waits as planned: when it is open again."))
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity, null=True, blank=True)
    severity_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("severity set by"))
    severity_reasons = models.JSONField(
        _("why this severity"), default=list, help_text=_("Sentences with rule, version and tickets, oldest first.")
    )

    requester = models.ForeignKey(User, models.PROTECT, related_name="tickets", verbose_name=_("requester"))
    reported_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="reported_tickets", verbose_name=_("reported by")
    )
    assignee = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="assigned_tickets", verbose_name=_("assignee"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("team"))
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("service"))
    service_guess = models.CharField(
        _("service guessed from"), max_length=60, blank=True, help_text=_("The word of the text; empty when chosen by a person.")
    )
    category = models.CharField(_("category"), max_length=60, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    fields = models.JSONField(
        _("answers"), default=dict, blank=True, help_text=_("To the questions of its category, by their short names.")
    )
    request_type = models.ForeignKey(
        RequestType, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("request type")
    )
    service_level = models.ForeignKey(
        ServiceLevelVersion,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("service level"),
        help_text=_("The version its clocks run on; empty: the times every desk begins with."),
    )
    is_confidential = models.BooleanField(_("confidential"), default=False)
    signature = models.JSONField(_("rare words"), default=list, help_text=_("What likeness compares; made at creation."))

    incident = models.ForeignKey(Incident, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("incident"))
    incident_reason = models.CharField(_("why linked"), max_length=240, blank=True)
    external_ref = models.CharField(_("number elsewhere"), max_length=80, blank=True)
    external_source = models.CharField(_("brought in from"), max_length=30, blank=True)
    follows = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="followed_by",
        verbose_name=_("follows"),
        help_text=_("The closed ticket answered."),
    )
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("merged into"))
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of"))
    idempotency_key = models.CharField(_("form key"), max_length=64, null=True, unique=True)

    first_answer_due_at = models.DateTimeField(_("first answer due"), null=True)
    first_answered_at = models.DateTimeField(_("first answered"), null=True)
    is_due_quiet = models.BooleanField(
        _("late by a change"), default=False, help_text=_("A change of hours or a repair made it late: nobody is paged for that.")
    )
    next_answer_due_at = models.DateTimeField(
        _("next answer due"), null=True, help_text=_("While the requester waits for one after the first.")
    )
    solution_due_at = models.DateTimeField(_("solution due"), null=True)
    evaluate_at = models.DateTimeField(_("rules look again"), null=True)
    settle_at = models.DateTimeField(_("moves by itself"), null=True, help_text=_("Closes, reminds or ends, by where it stands."))
    reminded_at = models.DateTimeField(_("requester reminded"), null=True)
    warn_at = models.DateTimeField(_("assignee is warned"), null=True, help_text=_("Of the next clock that is nearly used up."))
    hours_of = models.PositiveBigIntegerField(
        _("desk hours followed"), null=True, help_text=_("Of the site of this key; 0: of the organisation; empty: not said.")
    )
    unrated_due_at = models.DateTimeField(_("team hears that it is not rated"), null=True)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("changed"))
    solved_at = models.DateTimeField(_("solved"), null=True)
    reopened_at = models.DateTimeField(_("last reopened"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    objects: ClassVar[models.Manager[Ticket]] = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(severity=None) | Q(severity__range=(1, 4)), name="ticket_severity_1_to_4"),
            models.CheckConstraint(condition=Q(state="waiting") | Q(waiting_for=""), name="ticket_waits_for_something"),
            models.UniqueConstraint(
                fields=["external_ref", "external_source"], condition=~Q(external_source=""), name="ticket_brought_once"
            ),
        ]
        indexes = [
            models.Index(fields=["first_answer_due_at", "id"], condition=Q(state__in=OPEN), name="ticket_open_due"),
            models.Index(DUE_AT, F("id"), condition=Q(state__in=OPEN), name="ticket_open_clock"),
            models.Index(fields=["state", "id"], condition=Q(state__in=OPEN), name="ticket_open_state"),
            models.Index(fields=["team", "id"], condition=Q(state__in=OPEN), name="ticket_open_team"),
            models.Index(
                fields=["next_answer_due_at"],
                condition=Q(next_answer_due_at__isnull=False, state__in=OPEN),
                name="ticket_open_next",
            ),
            models.Index(
                fields=["solution_due_at"],
                condition=Q(solution_due_at__isnull=False, state__in=OPEN),
                name="ticket_open_solution",
            ),
            models.Index(fields=["created_at"], name="ticket_created"),
            models.Index(fields=["evaluate_at"], condition=Q(evaluate_at__isnull=False), name="ticket_evaluate"),
            models.Index(fields=["settle_at"], condition=Q(settle_at__isnull=False), name="ticket_settle"),
            models.Index(fields=["warn_at"], condition=Q(warn_at__isnull=False), name="ticket_warn"),
            models.Index(fields=["unrated_due_at"], condition=Q(unrated_due_at__isnull=False), name="ticket_unrated"),
            models.Index(fields=["service", "-created_at"], name="ticket_service"),
            models.Index(fields=["requester", "-id"], name="ticket_requester"),
            models.Index(fields=["assignee", "-id"], condition=Q(state__in=OPEN), name="ticket_assignee"),
            models.Index(fields=["incident", "id"], condition=Q(incident__isnull=False), name="ticket_incident"),
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="ticket_merged"),
            models.Index(fields=["parent"], condition=Q(parent__isnull=False), name="ticket_parent"),
        ]

    def __str__(self) -> str:
        return f"T-{self.pk} {self.title}"

    @property
    def number(self) -> str:
        return f"T-{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_TICKET

    @property
    def asker_ids(self) -> frozenset[int]:
        """Whose words count as the requester's: theirs, and a colleague's who reported it. Staff who logged it are not among them."""
        colleague = self.reported_by if self.reported_by and not self.reported_by.is_desk_staff else None
        return frozenset(person.pk for person in (self.requester, colleague) if person)


class EntryQuerySet(models.QuerySet["Entry"]):
    def standing(self) -> EntryQuerySet:
        """Without what was taken back."""
        return self.filter(withdrawn_at=None)

    def public(self, now: datetime) -> EntryQuerySet:
        """What requesters read: an answer once it can no longer be taken back."""
        out = Q(held_until=None) | Q(held_until__lte=now)
        return self.standing().filter(out, audience=Entry.Audience.PUBLIC)


class Entry(models.Model):
    """One line of a ticket: said, written, or done. A note's audience is a column the database guards."""

    class Kind(models.TextChoices):
        REPLY = "reply", _("Reply")
        NOTE = "note", _("Internal note")
        CALL = "call", _("Call")
        MAIL = "mail", _("Mail")
        PROMISE = "promise", _("Promise")
        EVENT = "event", _("Event")

    class Audience(models.TextChoices):
        PUBLIC = "public", _("Requester and staff")
        STAFF = "staff", _("Staff only")

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="entries", verbose_name=_("ticket"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    audience = models.CharField(_("for"), max_length=10, choices=Audience)
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by"))
    text = models.TextField(_("text"))
    data = models.JSONField(_("facts"), default=dict, help_text=_("Of an event: verb, before, after, because."))
    at = models.DateTimeField(_("at"))
    held_until = models.DateTimeField(_("can be taken back until"), null=True)
    withdrawn_at = models.DateTimeField(_("taken back"), null=True)

    objects: ClassVar[models.Manager[Entry]] = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["ticket", "id"]
        constraints = [models.CheckConstraint(condition=~Q(kind="note") | Q(audience="staff"), name="note_is_for_staff")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text[:40]}"

    def is_held(self, now: datetime) -> bool:
        """Whether its author can still take it back."""
        return self.held_until is not None and now < self.held_until and self.withdrawn_at is None
