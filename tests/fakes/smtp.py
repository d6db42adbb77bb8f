"""A mail server of our own: real SMTP on loopback, every mailbox readable, refusals and silences on request.

Verbs per address: `ok` · `550 5.1.1 No such user` (any code: the recipient is refused) · `data:554 5.7.1 Spam` (the
letter is refused) · `from:550 Who?` (for a sender) · `drop` (kept, then cut before the answer) · `vanish` (cut, nothing
kept) · `hang` (no answer to the letter) · `swallow` (kept, no answer) · `rude` (kept, cut at the goodbye).
`greeting="421 busy"` refuses every connection; `mechanism` is the only way to sign in.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.fakes.expecting import Expecting, links

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells every line


@dataclass(frozen=True, eq=False)
class Mail:
    """One letter as the server took it."""

    to: str
    sender: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def words(self) -> str:
        return f"{self.subject}\n{self.text}"

    @property
    def links(self) -> list[str]:
        return links(self.text)

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return part.get_content() if part else ""


class FakeSmtp:
    """One server in a thread of its own."""

    host = "127.0.0.1"

    def __init__(self, *, users: Mapping[str, str] | None = None, greeting: str = "", mechanism: str = "") -> None:
        self.users, self.greeting = dict(users or {}), greeting
        self.unknown = [] if mechanism in {"", "PLAIN"} else ["LOGIN", "PLAIN"]
        if mechanism:
            setattr(self, f"auth_{mechanism}", None)  # aiosmtpd advertises what its handler has
        self.mails: list[Mail] = []
        self.port = 0
        self._verbs: dict[str, str] = {}
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(5), "the mail server did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def behave(self, verb: str, *, to: str = "*") -> None:
        self._verbs[to] = verb

    def verb(self, to: str) -> str:
        return self._verbs.get(to) or self._verbs.get("*", "ok")

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._open: set[asyncio.BaseTransport] = set()
        server = await self._loop.create_server(self._session, self.host, 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()
        for transport in self._open:
            transport.abort()  # type: ignore[attr-defined]
        await server.wait_closed()
        await asyncio.sleep(0.01)  # let the cancelled sessions end

    def _session(self) -> asyncio.BaseProtocol:
        if self.greeting:
            return _Turned(self.greeting)
        return _Line(
            self,
            loop=self._loop,
            hostname="mail.test",
            authenticator=self._knows,
            auth_require_tls=False,
            auth_exclude_mechanism=self.unknown,
        )

    def _knows(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = self.users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, handled=False)

    async def handle_MAIL(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        name, _, detail = self.verb(address).partition(":")
        envelope.mail_from = address
        return detail if name == "from" else "250 OK"

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        verb = self.verb(address)
        if verb[:1].isdigit():
            return verb
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        answer = "250 OK"
        for address in envelope.rcpt_tos:
            name, _, detail = self.verb(address).partition(":")
            if name in {"ok", "drop", "swallow", "rude"}:
                self.mails.append(Mail(address, envelope.mail_from or "", envelope.original_content or b""))
            if name in {"drop", "vanish"}:
                server.transport.abort()
            if name in {"hang", "swallow"}:
                await self._over.wait()
            answer = detail or answer
        return answer

    async def handle_QUIT(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:
        if self.verb("*") == "rude":
            server.transport.abort()
        return "221 Bye"


class _Line(SMTP):
    """Remembers its connection, so that stopping ends the sessions that hang."""

    def __init__(self, fake: FakeSmtp, **options: Any) -> None:
        super().__init__(fake, **options)
        self.fake = fake

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.fake._open.add(transport)
        super().connection_made(transport)


class _Turned(asyncio.Protocol):
    """Answers the door and closes it."""

    def __init__(self, greeting: str) -> None:
        self.greeting = greeting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(f"{self.greeting}\r\n".encode())
        transport.close()


class Mailbox(Expecting[Mail]):
    """Everybody's letters: `mailbox.expect("INC-201", to="dana@acme.test")`."""

    def __init__(self, smtp: FakeSmtp) -> None:
        super().__init__(lambda: smtp.mails)
