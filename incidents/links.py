"""Signed links: an unguessable token that stands for one person and one incident. Opening one changes nothing."""

from __future__ import annotations

import secrets
import string
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing

from incidents.models import Incident, SignedLink, Ticket
from incidents.states import IncidentState
from servicedesk.directory.models import User

ALPHABET = string.ascii_letters + string.digits
LENGTH = 10  # of 62 characters: 59 bits
LIVES_AFTER = timedelta(hours=24)
ENDED = (IncidentState.RESOLVED, IncidentState.CLOSED, IncidentState.REJECTED, IncidentState.MERGED)


class LinkUnknown(Exception):
    """No such link was ever made (404)."""


class LinkOver(Exception):
    """The incident ended more than a day ago (410)."""


def link_for(person: User, incident: Incident, purpose: str, *, now: datetime, because: str = "") -> SignedLink:
    """The one link of this person for this incident and purpose; `because` keeps the latest reason given."""
    new = SignedLink(person=person, incident=incident, purpose=purpose, token=_token(), because=because[:240], created_at=now)
    SignedLink.objects.bulk_create([new], ignore_conflicts=True)
    link = SignedLink.objects.get(person=person, incident=incident, purpose=purpose)
    if because and link.because != because[:240]:
        link.because = because[:240]
        link.save(update_fields=["because"])
    return link


def open_link(token: str, *, now: datetime) -> SignedLink:
    """The link with its person and incident; LinkUnknown (also of who left), or LinkOver a day after the incident ended."""
    rows = SignedLink.objects.select_related("person", "incident__service", "incident__acknowledged_by")
    link = rows.filter(token=token, person__is_active=True).first()
    if link is None:
        raise LinkUnknown
    ended_at = _ended_at(link.incident)
    if ended_at is not None and now >= ended_at + LIVES_AFTER:
        raise LinkOver
    return link


def address(link: SignedLink) -> str:
    """What stands in letters."""
    return f"{settings.SITE_URL}/a/{link.token}"


RATING = "incidents.rating"
RATES_FOR = timedelta(days=14)


def rating_address(ticket: Ticket, person: User) -> str:
    """Where this person answers the two questions about this ticket, without a login. Opening it changes nothing."""
    return f"{settings.SITE_URL}/r/{signing.dumps([ticket.pk, person.pk], salt=RATING)}/"


def open_rating(token: str) -> tuple[Ticket, User]:
    """The ticket and the person; LinkUnknown where it is not ours, LinkOver after two weeks or once it is closed."""
    try:
        number, person = signing.loads(token, salt=RATING, max_age=RATES_FOR)
    except signing.SignatureExpired as error:
        raise LinkOver from error
    except signing.BadSignature as error:
        raise LinkUnknown from error
    ticket = Ticket.objects.select_related("requester", "reported_by").filter(pk=number).first()
    asker = User.objects.filter(pk=person, is_active=True).first()
    if ticket is None or asker is None or asker.pk not in ticket.asker_ids:
        raise LinkUnknown
    if not ticket.is_open:
        raise LinkOver
    return ticket, asker


def _ended_at(incident: Incident) -> datetime | None:
    if incident.state not in ENDED:
        return None
    return incident.resolved_at or incident.last_event_at


def _token() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
