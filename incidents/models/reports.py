"""What is learned from an incident: the report, its sentences and what is done about it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models.incidents import Incident, TimelineEntry
from incidents.models.tickets import Ticket
from servicedesk.directory.models import User


class Report(models.Model):
    incident = models.OneToOneField(Incident, models.PROTECT, related_name="report", verbose_name=_("incident"))
    drafted_at = models.DateTimeField(_("drafted"))
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drafted by"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    finished_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("finished by"))

    class Meta:
        verbose_name = _("post-incident report")
        verbose_name_plural = _("post-incident reports")

    def __str__(self) -> str:
        return self.incident.number


class Sentence(models.Model):
    """One sentence of a report, and the event it tells; one emptied by hand is left out."""

    class Section(models.TextChoices):
        IMPACT = "impact", _("Impact")
        DETECTION = "detection", _("Detection")
        RESPONSE = "response", _("Response")
        RESOLUTION = "resolution", _("Resolution")

    report = models.ForeignKey(Report, models.PROTECT, related_name="sentences", verbose_name=_("report"))
    section = models.CharField(_("section"), max_length=10, choices=Section)
    text = models.TextField(_("text"), blank=True)
    entry = models.ForeignKey(TimelineEntry, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("event"))

    class Meta:
        verbose_name = _("sentence of a report")
        verbose_name_plural = _("sentences of reports")
        ordering = ["report", "id"]

    def __str__(self) -> str:
        return self.text[:60]


class ActionItem(models.Model):
    report = models.ForeignKey(Report, models.PROTECT, related_name="actions", verbose_name=_("report"))
    text = models.CharField(_("what is done"), max_length=240)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("owner"))
    due_on = models.DateField(_("by"))
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ticket"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True, help_text=_("Where it has no ticket: that one says so itself."))
    done_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("done by"))

    class Meta:
        verbose_name = _("action item")
        verbose_name_plural = _("action items")
        ordering = ["report", "due_on", "id"]

    def __str__(self) -> str:
        return self.text
