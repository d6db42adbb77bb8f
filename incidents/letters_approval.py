"""The letter to whoever is asked to approve: what is wanted and by whom, and a page behind a login. Opening it decides nothing."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from incidents import letters_requester
from incidents.models import Approval
from notifications import outbox
from notifications.models import Channel
from servicedesk.directory import moments, tongues, zones
from servicedesk.directory.models import Organisation


def send(approval: Approval, *, now: datetime) -> None:
    """Nobody without an address gets one; the page lists it all the same."""
    person, ticket = approval.approver, approval.ticket
    if not person.email or not person.is_active:
        return
    with tongues.reader(person):
        until = moments.stamp(zones.local(approval.expires_at, person), zones.local(now, person))
        said = {
            "ticket": ticket, "person": person, "name": person.get_short_name(), "until": until, "organisation": Organisation.current(),
            "url": f"{settings.SITE_URL}/approve/{approval.pk}/", "what": "" if ticket.is_confidential else ticket.what,
        }  # fmt: skip
        letter = outbox.Letter(
            subject=_("[%(number)s] Please approve: %(title)s") % {"number": ticket.number, "title": " ".join(ticket.title.split())[:80]},
            text=render_to_string("email/approval.txt", said), html=render_to_string("email/approval.html", said), sms="", short="",
            reference=ticket.number, headers=letters_requester.headers(is_automatic=True), is_confidential=ticket.is_confidential,
        )  # fmt: skip
    key = f"{ticket.number}:approval-{approval.pk}:{person.pk}"
    outbox.post(thread=ticket.number, key=key, channel=Channel.EMAIL, to=person.email, letter=letter, now=now, person=person)
