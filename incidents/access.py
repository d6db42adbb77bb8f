"""The only doors from a URL to a ticket, an incident, a schedule or a policy: 404 for strangers, 403 for the wrong role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404

from incidents.models import Attachment, Incident, Policy, Ticket
from servicedesk.directory.models import User
from servicedesk.oncall.models import Schedule

INCIDENT_PARTS = ("service", "team", "policy", "rule", "acknowledged_by", "opened_by", "command")
TICKET_PARTS = ("requester__site", "reported_by", "assignee", "team", "service", "incident", "severity_by")


def own_ticket(user: User, number: int) -> Ticket:
    """A ticket as its requester sees it. Raises Http404."""
    ticket = Ticket.objects.own(user).select_related(*TICKET_PARTS).filter(pk=number).first()
    if ticket is None:
        raise Http404
    return ticket


def staff_ticket(user: User, number: int, *, to_change: bool = False, also: Mapping[str, Any] | None = None) -> Ticket:
    """A ticket as staff see it, annotated with `also`.

    Raises Http404 (not visible), PermissionDenied (visible, but not this side or not to change).
    """
    ticket = Ticket.objects.visible_to(user).select_related(*TICKET_PARTS).annotate(**(also or {})).filter(pk=number).first()
    if ticket is None:
        raise Http404
    if not (user.is_desk_staff or _is_listed(user, ticket)) or (to_change and not (user.is_agent or user.is_manager)):
        raise PermissionDenied
    return ticket


def _is_listed(user: User, ticket: Ticket) -> bool:
    """An administrator who broke the glass."""
    if not (user.is_admin and ticket.is_confidential):
        return False
    return ticket.readers.filter(person=user).exists() or user.confidences.filter(incident=ticket.incident_id).exists()


def file(user: User, number: int) -> Attachment:
    """A file of a ticket this person may read. Raises Http404."""
    found = Attachment.objects.visible_to(user).select_related("ticket").filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def incident(user: User, number: int, *, to_change: bool = False) -> Incident:
    """An incident this person may see: staff, or paged for it. Raises PermissionDenied, Http404."""
    found = Incident.objects.visible_to(user).select_related(*INCIDENT_PARTS).filter(pk=number).first()
    if found is None and not user.is_desk_staff:
        raise PermissionDenied
    if found is None:
        raise Http404
    if to_change and not may_work(user, found):
        raise PermissionDenied
    return found


def may_work(user: User, found: Incident) -> bool:
    """Who sees an incident works it as an agent, as a manager, because it paged them, or because they hold a role in it."""
    if user.is_agent or user.is_manager:
        return True
    return found.pages.filter(person=user).exists() or found.roles.filter(person=user, until=None).exists()


def schedule(user: User, slug: str, *, to_change: bool = False) -> Schedule:
    """A schedule as signed-in staff see it. Raises PermissionDenied, Http404."""
    if not (user.is_desk_staff or user.is_admin):
        raise PermissionDenied
    found = Schedule.objects.select_related("team__manager", "fallback").filter(slug=slug).first()
    if found is None:
        raise Http404
    if to_change and not may_arrange(user, found):
        raise PermissionDenied
    return found


def may_arrange(user: User, schedule: Schedule) -> bool:
    """Administrators, and whoever leads the schedule's team."""
    return user.is_admin or (schedule.team is not None and user.is_manager and schedule.team.manager_id == user.pk)


def policy(user: User, slug: str) -> Policy:
    """A policy as managers, auditors and administrators read it. Raises PermissionDenied, Http404."""
    if not (user.is_manager or user.is_auditor or user.is_admin):
        raise PermissionDenied
    found = Policy.objects.select_related("team").filter(slug=slug).first()
    if found is None:
        raise Http404
    return found
