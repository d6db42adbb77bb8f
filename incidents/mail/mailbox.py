"""The desk's mailbox, read by IMAP. The mark (UIDVALIDITY, UID) moves only after what it passes is kept; nothing is changed there.

The first run begins with what comes from now on, unless told otherwise. One run has a deadline in all.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings

from incidents.mail import posting
from incidents.models import Mailbox
from servicedesk.deadline import Deadline, dial

log = structlog.get_logger(__name__)

TOTAL_S, CONNECT_S, READ_S = 60.0, 5.0, 15.0
AT_ONCE = 20
OVERLAP = timedelta(days=2)  # looked at again after the server numbered its mails anew; copies are known
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxFailed(Exception):
    """The mailbox cannot be read; the words say why."""


class _Line(imaplib.IMAP4):
    """Dials under the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        super().__init__(settings.MAIL_IN["host"], settings.MAIL_IN["port"], READ_S)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        sock = dial(self.host, self.port, self.deadline, connect_s=CONNECT_S, read_s=timeout or READ_S)
        return ssl.create_default_context().wrap_socket(sock, server_hostname=self.host) if settings.MAIL_IN["tls"] == "ssl" else sock


def poll(*, now: datetime) -> int:
    """The engine's pass: how many mails were taken. A mailbox that fails is noted, and tried again the next time."""
    if not settings.MAIL_IN:
        return 0
    try:
        return read(now=now)
    except MailboxFailed as error:
        log.warning("the mailbox cannot be read", why=str(error))
        return 0


def read(*, now: datetime, from_beginning: bool = False) -> int:
    """Take up to 20 mails beyond the mark. Raises MailboxFailed.

    `from_beginning`: of a first run, also what is there already; it is filed in silence.
    """
    box, _is_new = Mailbox.objects.get_or_create(name=settings.MAIL_IN["name"])
    try:
        with Deadline(TOTAL_S) as deadline, _opened(deadline) as line:
            taken = _read(box, line, deadline, now=now, from_beginning=from_beginning)
    except (OSError, imaplib.IMAP4.error, ssl.SSLError, ValueError) as error:
        fault = str(error)[:240] or type(error).__name__
        Mailbox.objects.filter(pk=box.pk).update(fault=fault)
        Mailbox.objects.filter(pk=box.pk, failing_since=None).update(failing_since=now)
        raise MailboxFailed(fault) from error
    Mailbox.objects.filter(pk=box.pk).update(read_at=now, failing_since=None, fault="")
    return taken


def failing() -> Mailbox | None:
    """The desk's mailbox, where it could not be read the last time."""
    name = settings.MAIL_IN.get("name", "")
    return Mailbox.objects.filter(name=name, failing_since__isnull=False).first() if name else None


@contextmanager
def _opened(deadline: Deadline) -> Iterator[_Line]:
    """Signed in, the folder open to be read only."""
    line = _Line(deadline)
    try:
        if settings.MAIL_IN["tls"] == "starttls":
            line.starttls(ssl.create_default_context())
        line.login(settings.MAIL_IN["user"], settings.MAIL_IN["password"])
        _ok(*line.select(_quoted(settings.MAIL_IN["folder"]), readonly=True))
        yield line
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            line.sock.settimeout(1.0)
            line.logout()


def _read(box: Mailbox, line: _Line, deadline: Deadline, *, now: datetime, from_beginning: bool) -> int:
    validity, following = (_number(line, name) for name in ("UIDVALIDITY", "UIDNEXT"))
    since: datetime | None = None
    if box.uidvalidity is None:
        box.uid, box.before_uid = (0, following - 1) if from_beginning else (following - 1, 0)
    elif box.uidvalidity != validity:
        box.uid, box.before_uid, since = 0, 0, (box.read_at or now) - OVERLAP
    box.uidvalidity = validity
    box.save(update_fields=["uid", "before_uid", "uidvalidity"])
    numbers = _beyond(line, box.uid, since)
    for number in numbers[:AT_ONCE]:
        deadline.left()
        _take(line, number, now=now, is_import=number <= box.before_uid)
        Mailbox.objects.filter(pk=box.pk, uidvalidity=validity, uid__lt=number).update(uid=number)
    return len(numbers[:AT_ONCE])


def _beyond(line: _Line, uid: int, since: datetime | None) -> list[int]:
    """The UIDs after the mark, lowest first. (A server answers `n:*` with its last mail even where that is below n.)"""
    asked = [f"UID {uid + 1}:*", *([f"SINCE {since:%d-%b-%Y}"] if since else [])]
    (found, *_rest) = _ok(*line.uid("SEARCH", *asked))
    return sorted(number for number in map(int, (found or b"").split()) if number > uid)


def _take(line: _Line, number: int, *, now: datetime, is_import: bool) -> None:
    """One mail. Of one that is too large only the head is fetched; one that is gone meanwhile is passed over."""
    sized = SIZE.search(b" ".join(one for one in _ok(*line.uid("FETCH", str(number), "(RFC822.SIZE)")) if isinstance(one, bytes)))
    is_large = sized is not None and int(sized[1]) > posting.LARGEST
    fetched = _ok(*line.uid("FETCH", str(number), "(BODY.PEEK[HEADER])" if is_large else "(BODY.PEEK[])"))
    raw = next((part[1] for part in fetched if isinstance(part, tuple)), None)
    if raw is not None:
        posting.receive(raw, door="imap", now=now, is_import=is_import, is_cut=is_large)


def _number(line: _Line, name: str) -> int:
    _kind, found = line.response(name)
    if not found or found[0] is None:
        raise ValueError(f"the server names no {name}")
    return int(found[0])


def _ok(kind: str, found: list[Any]) -> list[Any]:
    if kind != "OK":
        raise imaplib.IMAP4.error(b" ".join(one for one in found if isinstance(one, bytes)).decode("utf-8", "replace"))
    return found


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
