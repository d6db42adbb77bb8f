"""Who may read the outbox, and what of it: tokens, codes and telephone numbers are never shown whole."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.utils.text import Truncator

from notifications.models import Channel, Message
from notifications.models.messages import MessageQuerySet
from servicedesk.directory.models import Role, User

READERS = (Role.AGENT, Role.MANAGER, Role.ADMIN, Role.AUDITOR)
WORKERS = (Role.AGENT, Role.MANAGER, Role.ADMIN)
DOTS = "•••"
LINK = re.compile(r"(https?://[^\s/\"'<>]+)(/[^\s\"'<>]*)")
SIGNED = re.compile(r"(?<=/a/)[^/?#\s]+")
TOKEN = re.compile(r"(?<=[/=])(?=[\w.:-]*\d)(?=[\w.:-]*[A-Za-z])[\w.:-]{10,}")
CODE = re.compile(r"(?<![\w.+:/-])\d{3}[ -]?\d{3}(?![\w:/-])")


def visible_to(user: User) -> MessageQuerySet:
    """Everything sent or waiting, for the desk and its auditors; nothing for others."""
    rows = MessageQuerySet(Message).to_people().select_related("person").defer("html", "headers")
    if user.is_machine:
        rows = rows.filter(is_confidential=False)
    return rows if user.holds(*READERS) else rows.none()


def masked(text: str) -> str:
    """The text without what would open a door: tokens in links, and codes of six digits."""
    return CODE.sub(DOTS * 2, LINK.sub(lambda link: link[1] + _masked_path(link[2]), text))


def masked_address(message: Message) -> str:
    """A mail address, a telephone number with its middle left out, or the host of a chat or a webhook."""
    if message.channel in (Channel.SMS, Channel.VOICE):
        return f"{message.to[:3]}{DOTS}{message.to[-2:]}"
    if message.channel in (Channel.CHAT, Channel.WEBHOOK):  # the address may be the key of the room
        return f"{urlsplit(message.to).hostname}/{DOTS}"
    return message.to


def words(message: Message) -> str:
    """The letter as the outbox may show it; empty for a confidential one."""
    return "" if message.is_confidential else masked(message.text)


def title(message: Message) -> str:
    """One line that says what it is: a letter's subject, or how a shorter message begins."""
    if message.is_confidential:
        return message.thread
    beginning = message.text.strip().partition("\n")[0]
    return Truncator(masked(message.subject or beginning if message.channel == Channel.EMAIL else beginning)).chars(90)


def _masked_path(path: str) -> str:
    return TOKEN.sub(DOTS, SIGNED.sub(DOTS, path))
