"""Filing as people do, and reading what went out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from incidents import automation
from incidents.models import Ticket
from notifications.models import Message
from servicedesk.operations.worlds.company import Company

OUTLOOK = "Outlook cannot connect since this morning. I tried it twice."


def report(acme: Company, who: str, now: datetime, what: str = OUTLOOK, **answers: Any) -> Ticket:
    """Only one person who cannot work, unless `answers` say otherwise."""
    said = {"impacted": "me", "effect": "cannot", "requester": acme.people[who], "what": what} | answers
    return automation.file_ticket(now=now, **said)


def mails(acme: Company, who: str) -> list[Message]:
    """What was written to this person's address, oldest first."""
    return list(Message.objects.filter(channel="email", to=acme.people[who].email).order_by("pk"))
