"""Colleagues who read a ticket along, as its requester sees and chooses them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from incidents import around
from incidents.forms_ticket import InviteForm, WatchForm
from incidents.models import Ticket
from servicedesk.directory.models import User


def of_ticket(found: Ticket, reader: User, form: WatchForm | None = None) -> dict[str, Any]:
    """Who reads along beside the desk, and whether this reader may change that."""
    rows = found.watchers.select_related("person").prefetch_related("person__grants")
    people = [row.person for row in rows if not row.person.is_desk_staff]
    may_invite = reader.pk in found.asker_ids and not found.is_confidential
    return {"watchers": people, "may_invite": may_invite, "watch_form": form or InviteForm(ticket=found, by=reader)}


def leave_out(found: Ticket, username: str, *, by: User, now: datetime) -> None:
    """Oneself always; somebody else as who asked, where it is not confidential. Anybody else: nothing happens."""
    shown = of_ticket(found, by)
    for person in shown["watchers"]:
        if person.username == username and (person == by or shown["may_invite"]):
            around.unwatch(found, person=person, actor=by, now=now)


def place(found: Ticket) -> str:
    return f"{reverse('requester_ticket', args=[found.pk])}#watchers"
