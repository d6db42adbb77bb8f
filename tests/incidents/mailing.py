"""Mails as people's programs write them."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from typing import Any

from incidents.mail import posting
from incidents.models import InboundMail
from tests.actors import NINE


def mail(
    text: str = "Outlook does not open", *, sender: str = "Ella <ella@acme.example>", subject: str = "Outlook", **headers: str
) -> bytes:
    """`Message_ID="<a@b>"` and the like are headers."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, headers.pop("To", "help@acme.example"), subject
    message["Date"] = headers.pop("Date", "Mon, 23 Nov 2026 09:00:00 +0100")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def arrives(raw: bytes | None = None, *, now: datetime = NINE, **letter: Any) -> InboundMail:
    return posting.receive(mail(**letter) if raw is None else raw, door="test", now=now)
