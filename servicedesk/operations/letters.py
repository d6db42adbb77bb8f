"""What is written to people about their own account. Never by text message: a link that opens an account has no place there."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications import outbox
from notifications.models import Channel, Message
from servicedesk.directory import tongues, zones
from servicedesk.directory.models import User


def forgotten(person: User, *, url: str, now: datetime) -> Message | None:
    """The link with which a new password is chosen. Its words are not shown in the outbox."""
    return _send(person, "forgotten", {"url": url}, now=now)


def changed(person: User, *, deed: str, now: datetime) -> Message | None:
    """A password, app or code of theirs was changed: they hear of it, in case it was somebody else."""
    return _send(person, "account", {"deed": deed, "url": f"{settings.SITE_URL}/me/security/"}, now=now)


def _send(person: User, kind: str, said: dict[str, str], *, now: datetime) -> Message | None:
    """By mail to the account's address and no other way; None where there is none."""
    if not person.email:
        return None
    with tongues.reader(person), timezone.override(ZoneInfo(zones.of(person))):
        context = {"person": person, "at": now, **said}
        subject = _("A new password for the desk") if kind == "forgotten" else _("How you sign in to the desk was changed")
        text, html = (render_to_string(f"email/{kind}.{form}", context) for form in ("txt", "html"))
    letter = outbox.Letter(subject=subject, text=text, html=html, sms="", short=subject[:40], is_confidential=True)
    key = f"{kind}:{person.pk}:{now.timestamp()}"
    return outbox.post(thread="", key=key, channel=Channel.EMAIL, to=person.email, letter=letter, person=person, now=now)
