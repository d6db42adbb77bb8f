"""Who is on duty: schedules, their rotations in layers, and overrides. Primary and secondary are two schedules."""

from __future__ import annotations

from datetime import datetime, time
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from servicedesk.directory.models import Team, User


class Schedule(models.Model):
    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    duty = models.CharField(
        _("duty"), max_length=40, blank=True, help_text=_("The word for who is on it: primary, secondary, IT manager on duty.")
    )
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="schedules", verbose_name=_("team"))
    fallback = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("when nobody is on call"))

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Rotation(models.Model):
    """One layer of a schedule. An edit ends this row and begins another, so who was on call is kept."""

    class Kind(models.TextChoices):
        DAILY = "daily", _("Days")
        WEEKLY = "weekly", _("Weeks")
        MONTHLY = "monthly", _("Months")
        HOURS = "hours", _("Hours")

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="rotations", verbose_name=_("schedule"))
    position = models.PositiveSmallIntegerField(_("layer"), default=0, help_text=_("A higher layer covers a lower one."))
    line = models.PositiveSmallIntegerField(
        _("which of its turns"),
        default=0,
        help_text=_("Turns beside or above the first: 1, 2, …. An edit ends only its own."),
    )
    kind = models.CharField(_("shifts are counted in"), max_length=10, choices=Kind, default=Kind.WEEKLY)
    length = models.PositiveSmallIntegerField(_("shift length"), default=1, validators=[MinValueValidator(1)])
    handoff = models.TimeField(_("hand-off"), default=time(9, 0))
    starts_on = models.DateField(_("first shift starts"))
    zone = models.CharField(_("time zone"), max_length=64, blank=True, help_text=_("Empty: that of the schedule."))
    weekdays = models.JSONField(_("week days"), default=list, blank=True, help_text=_("0 is Monday; empty: every day."))
    opens = models.TimeField(_("only from"), null=True, blank=True, help_text=_("With an end: only these hours of a day of duty."))
    closes = models.TimeField(_("only until"), null=True, blank=True)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("rotation")
        verbose_name_plural = _("rotations")
        ordering = ["schedule", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opens=None, closes=None) | models.Q(opens__isnull=False, closes__isnull=False),
                name="hours_have_both_ends",
            )
        ]

    def __str__(self) -> str:
        return f"{self.schedule}, {self.position}"


class RotationMember(models.Model):
    rotation = models.ForeignKey(Rotation, models.CASCADE, related_name="members", verbose_name=_("rotation"))
    person = models.ForeignKey(User, models.PROTECT, related_name="rotation_places", verbose_name=_("person"))
    position = models.PositiveSmallIntegerField(_("turn"))

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        ordering = ["rotation", "position"]
        constraints = [models.UniqueConstraint(fields=["rotation", "position"], name="one_person_a_turn")]

    def __str__(self) -> str:
        return str(self.person)


class Override(models.Model):
    class Kind(models.TextChoices):
        COVER = "cover", _("Covers for")
        ADD = "add", _("In addition")
        REMOVE = "remove", _("Not on call")

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="overrides", verbose_name=_("schedule"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.COVER)
    person = models.ForeignKey(User, models.PROTECT, related_name="overrides", verbose_name=_("person"))
    replaces = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("instead of"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("made"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        ordering = ["starts_at"]
        constraints = [models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="override_ends_after_start")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_kind_display()}"


class Away(models.Model):
    """Days on which a person is not paged by any schedule, whoever's turn it is: a gap unless somebody covers it."""

    person = models.ForeignKey(User, models.CASCADE, related_name="away", verbose_name=_("person"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("why"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("away")
        verbose_name_plural = _("away")
        ordering = ["starts_at"]
        constraints = [models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="away_ends_after_start")]
        indexes = [models.Index(fields=["person", "ends_at"], name="away_person")]

    def __str__(self) -> str:
        return f"{self.person}: {self.starts_at:%Y-%m-%d} to {self.ends_at:%Y-%m-%d}"


class SwapState(models.TextChoices):
    ASKED = "asked", _("Asked")
    AGREED = "agreed", _("Agreed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Not answered in time")


class SwapQuerySet(models.QuerySet["Swap"]):
    def open(self) -> SwapQuerySet:
        return self.filter(state=SwapState.ASKED)

    def due(self, now: datetime) -> SwapQuerySet:
        return self.open().filter(lapses_at__lte=now)

    def of(self, person: User) -> SwapQuerySet:
        return self.filter(models.Q(asker=person) | models.Q(other=person))


class Swap(models.Model):
    """One person asks another to take a stretch of theirs, and offers one in return or none. Both must want it."""

    State = SwapState

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="swaps", verbose_name=_("schedule"))
    asker = models.ForeignKey(User, models.PROTECT, related_name="swaps_asked", verbose_name=_("asks"))
    other = models.ForeignKey(User, models.PROTECT, related_name="swaps_offered", verbose_name=_("is asked"))
    gives_from = models.DateTimeField(_("gives from"))
    gives_until = models.DateTimeField(_("gives until"))
    takes_from = models.DateTimeField(_("takes from"), null=True, blank=True)
    takes_until = models.DateTimeField(_("takes until"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=SwapState, default=SwapState.ASKED)
    asked_at = models.DateTimeField(_("asked at"))
    lapses_at = models.DateTimeField(_("lapses"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects: ClassVar[models.Manager[Swap]] = SwapQuerySet.as_manager()

    class Meta:
        verbose_name = _("swap")
        verbose_name_plural = _("swaps")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(gives_until__gt=models.F("gives_from")), name="swap_ends_after_start"),
            models.CheckConstraint(condition=~models.Q(asker=models.F("other")), name="swap_of_two_people"),
        ]
        indexes = [models.Index(fields=["lapses_at"], condition=models.Q(state="asked"), name="swap_lapses")]

    def __str__(self) -> str:
        return f"{self.asker}, {self.other}: {self.gives_from:%Y-%m-%d}"


class Feed(models.Model):
    """A calendar address that works without signing in. A new one of its scope ends the old."""

    class Scope(models.TextChoices):
        ALL = "all", _("All schedules")
        MINE = "mine", _("Only my shifts")

    person = models.ForeignKey(User, models.CASCADE, related_name="feeds", verbose_name=_("person"))
    scope = models.CharField(_("shows"), max_length=4, choices=Scope)
    secret = models.CharField(_("secret"), max_length=43, unique=True)
    created_at = models.DateTimeField(_("made"))
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        ordering = ["person", "scope", "-id"]
        constraints = [models.UniqueConstraint(fields=["person", "scope"], condition=models.Q(revoked_at=None), name="one_feed_a_scope")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_scope_display()}"
