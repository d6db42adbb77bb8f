"""Mail to a check's address: anything that can only mail. The mail reader asks here first (settings.MAIL_TAKERS).

The address holds the check's ping id, which only its sender was given: support+check-<32 hex digits>@company.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from incidents.mail.letter import Letter
from monitoring import heartbeats, intake
from monitoring.models import Check
from monitoring.normal import Signal
from monitoring.sources import mail

ADDRESS = re.compile(r"^(?:[^@\s]{1,64}\+)?check-([0-9a-f]{32})@", re.IGNORECASE)
STATUSES = {"fail": "critical", "warn": "warning", "success": "ok"}


def address_of(check: Check) -> str:
    """Where a program mails to for this check; empty while the desk takes no mail."""
    local, at, domain = str(settings.SUPPORT_ADDRESS or "").partition("@")
    return f"{local}+check-{check.ping_id.hex}@{domain}" if at else ""


def take(letter: Letter, *, recipients: Sequence[str], raw: bytes, now: datetime) -> str:
    """What was made of a mail to one of our addresses, in words; nothing where it is to nobody's check."""
    numbers = _numbers((*letter.recipients, *recipients))
    check = Check.objects.filter(ping_id__in=numbers).select_related("source").first() if numbers else None
    if check is None:
        return ""
    word = mail.said(letter.subject, letter.said)
    if check.kind == Check.Kind.HEARTBEAT:
        heartbeats.ping(check, {"fail": "fail", "start": "start"}.get(word, "success"), body=raw[: heartbeats.MOST_BODY], now=now)
    else:
        signal = _signal(check, letter, word)
        intake.take(check.source, raw[: settings.INGEST_MAX_BYTES], lambda: [signal], content_type="message/rfc822", now=now)
    return _("A result of the check %(check)s.") % {"check": check.slug}


def _numbers(addresses: Iterable[str]) -> list[UUID]:
    return [UUID(found[1]) for address in addresses if (found := ADDRESS.match(address.strip().strip("<>")))]


def _signal(check: Check, letter: Letter, word: str) -> Signal:
    """A mail without a word we know is a warning with a remark, never nothing. The same mail twice is one."""
    return Signal(
        check=check.slug,
        status=STATUSES.get(word, "warning"),
        summary=letter.subject[:1024],
        detail=letter.said[:20_000],
        flag="" if word in STATUSES else "no word in this mail says how it is",
        event_id=f"mail:{letter.identity}"[:200],
    )
