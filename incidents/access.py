"""The only doors from a URL to a ticket or an incident: 404 for strangers, 403 for the wrong role."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404

from incidents.models import Attachment, Incident, Ticket
from servicedesk.directory.models import User

TICKET_PARTS = ("requester__site", "reported_by", "assignee", "team", "service", "incident", "severity_by")


def own_ticket(user: User, number: int) -> Ticket:
    """A ticket as its requester sees it. Raises Http404."""
    ticket = Ticket.objects.own(user).select_related(*TICKET_PARTS).filter(pk=number).first()
    if ticket is None:
        raise Http404
    return ticket


def staff_ticket(user: User, number: int, *, to_change: bool = False) -> Ticket:
    """A ticket as staff see it. Raises Http404 (not visible), PermissionDenied (visible, but not this side or not to change)."""
    ticket = Ticket.objects.visible_to(user).select_related(*TICKET_PARTS).filter(pk=number).first()
    if ticket is None:
        raise Http404
    if not user.is_desk_staff or (to_change and not (user.is_agent or user.is_manager)):
        raise PermissionDenied
    return ticket


def file(user: User, number: int) -> Attachment:
    """A file of a ticket this person may read. Raises Http404."""
    found = Attachment.objects.visible_to(user).select_related("ticket").filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def incident(user: User, number: int, *, to_change: bool = False) -> Incident:
    """An incident staff may see. Raises PermissionDenied, Http404."""
    if not user.is_desk_staff:
        raise PermissionDenied
    found = (
        Incident.objects.visible_to(user).select_related("service", "team", "policy", "rule", "acknowledged_by").filter(pk=number).first()
    )
    if found is None:
        raise Http404
    if to_change and not (user.is_agent or user.is_manager):
        raise PermissionDenied
    return found
