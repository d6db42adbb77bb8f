"""The groups of the admin, as an administrator thinks: the one grouping of the admin's index, its side bar and /settings/."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Shelf:
    """`pages` are URL names of pages outside the admin, `models` the labels of what is registered in it."""

    word: str | Promise
    hint: str | Promise
    models: tuple[str, ...]
    pages: tuple[tuple[str | Promise, str], ...] = ()


SHELVES = (
    Shelf(
        _("People and rights"),
        _("Who works here, in which team, with which role. Programs have tokens."),
        ("directory.user", "directory.team", "directory.site", "tokens.apitoken"),
    ),
    Shelf(
        _("What we run"),
        _("The services people use and the words they use for them. Rules, clocks and pages follow the service."),
        ("directory.service", "incidents.vendor", "incidents.requesttype", "incidents.customfield", "incidents.scheduledticket"),
    ),
    Shelf(
        _("Severities and rules"),
        _("How grave is what, and when tickets and alerts become an incident."),
        ("incidents.severitylevel", "incidents.rule"),
        ((_("Rules, with trials"), "rules"),),
    ),
    Shelf(
        _("Clocks"),
        _("Within which time people are answered and helped. The first service level that fits a ticket decides."),
        ("incidents.servicelevel", "incidents.servicelevelversion"),
        ((_("Service levels in words"), "service_levels"),),
    ),
    Shelf(
        _("Who is woken"),
        _("A policy names the steps, a schedule names the person of this moment."),
        ("incidents.policy", "incidents.policystep", "oncall.schedule", "oncall.rotation", "oncall.override", "oncall.away"),
        ((_("On call"), "on_call"), (_("Policies in words"), "policies"), (_("Readiness"), "readiness")),
    ),
    Shelf(
        _("The incident plan"),
        _("Who decides what when it burns, by which runbook, and who has read it."),
        ("incidents.plan", "incidents.planversion", "incidents.planreading"),
        ((_("The plan as staff read it"), "plan"),),
    ),
    Shelf(
        _("Reviews of the plan"),
        _("Every quarter: questions with their evidence, what was rehearsed. Signed by two."),
        ("incidents.planreview", "incidents.reviewquestion", "incidents.exercise"),
    ),
    Shelf(
        _("Messages"),
        _("By which way each person is reached, and what was sent."),
        (
            "notifications.contactmethod", "notifications.ladderrung", "notifications.quiethours", "notifications.errand",
            "notifications.message", "notifications.attempt", "notifications.providercallback", "notifications.drill",
            "notifications.drillanswer", "notifications.webhook",
        ),
        ((_("Outbox"), "outbox"), (_("Drills"), "drills")),
    ),
    Shelf(
        _("Monitoring"),
        _("Who sends results, what is checked, what is kept quiet."),
        ("monitoring.source", "monitoring.check", "monitoring.watch", "monitoring.alert", "incidents.silence", "monitoring.rawbody"),
        ((_("What came in"), "inbox"), (_("Keep something quiet"), "silences")),
    ),
    Shelf(
        _("Words and help"),
        _("The name of the house, its desk hours and phone, and the answers employees find by themselves."),
        ("directory.organisation", "incidents.article", "incidents.cannedanswer"),
    ),
    Shelf(
        _("Records"),
        _("What happened. Read only."),
        (
            "incidents.ticket", "incidents.incident", "incidents.run", "incidents.policyversion", "incidents.evaluation",
            "incidents.firing", "jobs.job", "audit.auditentry", "audit.legalhold", "operations.retention",
        ),
        ((_("Break the glass"), "break_glass"),),
    ),
)  # fmt: skip
