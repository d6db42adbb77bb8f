"""One letter over SMTP, with the phases told apart: up to DATA nothing was sent, after it nobody knows until the answer."""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.channels import DeliveryFailed, OutcomeUnknown
from servicedesk.deadline import Deadline, dial

GOODBYE_S = 1.0
SECOND = "mail-2"
NO_SUCH_BOX = {550, 551, 553}
ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    user: str
    password: str
    tls: bool  # begun in clear
    ssl: bool


def server(provider: str = "") -> Server:
    """The server of EMAIL_URL, or the second one."""
    if provider == SECOND and settings.EMAIL_SECOND:
        return Server(**settings.EMAIL_SECOND)
    user, password = settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD
    return Server(settings.EMAIL_HOST, settings.EMAIL_PORT, user, password, tls=settings.EMAIL_USE_TLS, ssl=settings.EMAIL_USE_SSL)


def post(*, sender: str, recipient: str, letter: bytes, deadline: Deadline, server: Server) -> None:
    """Hand one letter to a server; DeliveryFailed or OutcomeUnknown."""
    line = _taken_up(server, deadline)
    if line is not None and _went(line, sender, recipient, letter):
        return
    line = None
    try:
        with _line(deadline, server) as line:
            line.sendmail(sender, [recipient], letter)
    except OSError as error:  # smtplib's own errors are OSErrors as well
        raise _judged(error, sent=line is not None and line.sending) from error


@contextlib.contextmanager
def kept_open() -> Iterator[None]:
    """What this thread hands over inside goes through one connection, as long as it holds: a flood is not slowed by greetings."""
    _kept.is_on = True
    try:
        yield
    finally:
        _kept.is_on = False
        _hang_up()


class _Line(smtplib.SMTP):
    """Dials under the deadline and remembers how far the letter came."""

    def __init__(self, deadline: Deadline, server: Server) -> None:
        self.deadline, self.server = deadline, server
        self.sending = False
        self.twin: socket.socket | None = None
        super().__init__(server.host, server.port, local_hostname=_own_name(), timeout=settings.CHANNEL_READ_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = dial(host, port, self.deadline, connect_s=settings.CHANNEL_CONNECT_S, read_s=timeout)
        if _kept.is_on:
            self.twin = sock.dup()  # what the next letter's deadline watches, when TLS has taken the first
        if not self.server.ssl:
            return sock
        try:
            return ssl.create_default_context().wrap_socket(sock, server_hostname=host)
        except OSError:
            sock.close()
            self.close()
            raise

    def take_up(self, deadline: Deadline) -> None:
        """The next letter has a deadline of its own."""
        self.deadline, self.sending = deadline, False
        if self.twin is not None:
            deadline.guard(self.twin)

    def close(self) -> None:
        super().close()
        if self.twin is not None:
            self.twin.close()
            self.twin = None

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.sending = True
        return super().data(msg)


class _Kept(threading.local):
    is_on = False
    line: _Line | None = None


_kept = _Kept()


@contextlib.contextmanager
def _line(deadline: Deadline, server: Server) -> Iterator[_Line]:
    """A line that is introduced and signed in. It says goodbye briefly, since the letter no longer depends on it, or is kept."""
    line = _Line(deadline, server)
    try:
        if server.tls:
            line.starttls(context=ssl.create_default_context())
        if server.user:
            line.login(server.user, server.password)
        yield line
        if _kept.is_on:
            _hang_up()
            _kept.line = line
        else:
            _goodbye(line)
    finally:
        if _kept.line is not line:
            line.close()


def _taken_up(server: Server, deadline: Deadline) -> _Line | None:
    """The connection that is kept to this server."""
    line = _kept.line
    if line is None or line.server != server:
        return None
    line.take_up(deadline)
    return line


def _went(line: _Line, sender: str, recipient: str, letter: bytes) -> bool:
    """Whether the letter went through a kept connection; False where that had ended and nothing was sent."""
    try:
        line.sendmail(sender, [recipient], letter)
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        raise _judged(error, sent=False) from error
    except OSError as error:
        _hang_up()
        if line.sending:
            raise _judged(error, sent=True) from error
        return False
    return True


def _hang_up() -> None:
    line, _kept.line = _kept.line, None
    if line is not None:
        _goodbye(line)
        line.close()


def _goodbye(line: _Line) -> None:
    with contextlib.suppress(OSError):
        if line.sock:
            line.sock.settimeout(GOODBYE_S)
        line.quit()


def _own_name() -> str:
    """What we call ourselves in EHLO: no name server is asked for it."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"[{host}]" if host.replace(".", "").isdecimal() else host


def _judged(error: OSError, *, sent: bool) -> DeliveryFailed | OutcomeUnknown:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return refusal(code, words, of_recipient=True)
    if isinstance(error, smtplib.SMTPNotSupportedError) or type(error) is smtplib.SMTPException:
        why = _("The mail server lacks what our settings ask for: %(why)s") % {"why": error}
        return DeliveryFailed(why, permanent=True, code="unsupported", provider_down=True, setup_fault=True)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _locked_out(error)
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return refusal(error.smtp_code, error.smtp_error, setup_fault=isinstance(error, smtplib.SMTPSenderRefused))
    if sent:
        return OutcomeUnknown(_("The mail server took the letter and did not answer."))
    return DeliveryFailed(
        _("The mail server cannot be reached: %(why)s") % {"why": error}, permanent=False, code="unreachable", provider_fault=True
    )


def _locked_out(error: smtplib.SMTPAuthenticationError) -> DeliveryFailed:
    """5xx: our name or password is wrong. 4xx: the server cannot tell now."""
    final = error.smtp_code >= 500
    why = _("The mail server refuses our sign-in.")
    return DeliveryFailed(why, permanent=final, code=str(error.smtp_code), provider_down=final, setup_fault=final)


def refusal(code: int, words: bytes | str, *, of_recipient: bool = False, setup_fault: bool = False) -> DeliveryFailed:
    """What a server's refusal means: 4xx passes; 5xx is final, and 5.1.x or a bare 550 names a bad address."""
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    found = ENHANCED.match(said)
    enhanced = found[1] if found else ""
    final = code >= 500
    bad_box = final and of_recipient and (enhanced.startswith("5.1.") or (not enhanced and code in NO_SUCH_BOX))
    why = _("The mail server refused: %(code)s %(words)s") % {"code": code, "words": " ".join(said.split())[:200]}
    return DeliveryFailed(why, permanent=final, code=enhanced or str(code), flags_method=bad_box, setup_fault=final and setup_fault)
