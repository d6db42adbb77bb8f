"""A door for mail servers, SMTP or LMTP. Mail for our own addresses is taken, "250" said only after it is kept; nothing is passed on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import DatabaseError, connection

from incidents.mail import posting

log = structlog.get_logger(__name__)

MOST_LINES = 50
IDLE_S, KEEP_S = 60.0, 60.0
BEAT_S = 2.0


class Door:
    """What the protocol asks of us. `at` tells the time."""

    def __init__(self, at: Callable[[], datetime]) -> None:
        self.at = at

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.rpartition("@")[2].lower() not in domains():
            return "550 5.7.1 This server takes mail for its own addresses only"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.original_content or b""
        try:
            number = await asyncio.wait_for(asyncio.to_thread(_kept, raw, list(envelope.rcpt_tos), self.at()), KEEP_S)
        except (OSError, DatabaseError, TimeoutError):
            log.exception("a mail could not be kept")
            return "451 4.3.0 The mail is not kept, try again later"
        return f"250 2.0.0 Kept as {number}"


def domains() -> set[str]:
    """The parts behind the @ of our own addresses."""
    ours = (settings.SUPPORT_ADDRESS, settings.DEFAULT_FROM_EMAIL)
    return {parseaddr(address)[1].rpartition("@")[2].lower() for address in ours if address}


def _kept(raw: bytes, recipients: list[str], now: datetime) -> int:
    try:
        return posting.receive(raw, door=settings.MAIL_LISTEN["kind"], now=now, recipients=recipients).pk
    finally:
        connection.close()


class _Turned(asyncio.Protocol):
    """Says that there are too many, and closes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
        transport.close()


class Listener:
    """`serve` until cancelled; `port` once it listens."""

    def __init__(self, at: Callable[[], datetime], heartbeat: Path | None = None) -> None:
        self.at, self.heartbeat = at, heartbeat
        self.lines: set[Any] = set()
        self.port = 0

    async def serve(self) -> None:
        where = settings.MAIL_LISTEN
        server = await asyncio.get_running_loop().create_server(self._line, where["host"], where["port"])
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            while True:
                if self.heartbeat:
                    self.heartbeat.touch()
                await asyncio.sleep(BEAT_S)

    def _line(self) -> asyncio.BaseProtocol:
        self.lines = {line for line in self.lines if line.transport is not None}
        if len(self.lines) >= MOST_LINES:
            return _Turned()
        kind = LMTP if settings.MAIL_LISTEN["kind"] == "lmtp" else SMTP
        line = kind(
            Door(self.at), data_size_limit=posting.LARGEST, timeout=IDLE_S, enable_SMTPUTF8=True, ident="Servicedesk", hostname=_name()
        )
        self.lines.add(line)
        return line


def _name() -> str:
    return next(iter(sorted(domains())), "localhost")
