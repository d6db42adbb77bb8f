"""SMTP and IMAP over connections that the guard dials."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from monitoring.probes import guard
from monitoring.probes.shape import Context, Option

imaplib._MAXLINE = max(imaplib._MAXLINE, 1_000_000)  # type: ignore[attr-defined]  # a search over a large box is one long line
ERRORS = (smtplib.SMTPException, imaplib.IMAP4.error, OSError)


def tls_of(verify: bool) -> ssl.SSLContext:
    tls = ssl.create_default_context()
    if not verify:
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    return tls


class _Smtp(smtplib.SMTP):
    def __init__(self, given: Mapping[str, Any], context: Context) -> None:
        self.given, self.context = given, context
        super().__init__(given["smtp_host"], given["smtp_port"], local_hostname="servicedesk.invalid", timeout=guard.READ_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = guard.dial(host, port, self.context)
        return tls_of(self.given["verify"]).wrap_socket(line, server_hostname=host) if self.given["smtp_tls"] == "tls" else line


class _Imap(imaplib.IMAP4):
    def __init__(self, given: Mapping[str, Any], context: Context) -> None:
        self.given, self.context = given, context
        super().__init__(given["imap_host"], given["imap_port"])

    def _create_socket(self, timeout: float | None) -> socket.socket:
        line = guard.dial(self.host, self.port, self.context)
        return tls_of(self.given["verify"]).wrap_socket(line, server_hostname=self.host) if self.given["imap_tls"] == "tls" else line


@contextmanager
def smtp(given: Mapping[str, Any], context: Context) -> Iterator[smtplib.SMTP]:
    """A line that is introduced, and signed in where a user is given. Raises ERRORS, guard.Refused."""
    line = _Smtp(given, context)
    try:
        if given["smtp_tls"] == "starttls":
            line.starttls(context=tls_of(given["verify"]))
        if given["smtp_user"]:
            line.login(given["smtp_user"], given["smtp_password"])
        yield line
        with suppress(smtplib.SMTPException, OSError):
            line.quit()
    finally:
        line.close()


@contextmanager
def imap(given: Mapping[str, Any], context: Context, *, writes: bool = False) -> Iterator[imaplib.IMAP4]:
    """A box that is opened, read only unless it `writes`. Raises ERRORS, guard.Refused."""
    box = _Imap(given, context)
    try:
        if given["imap_tls"] == "starttls":
            box.starttls(tls_of(given["verify"]))
        box.login(given["imap_user"], given["imap_password"])
        answer, said = box.select(f'"{given["folder"]}"', readonly=not writes)
        if answer != "OK":
            raise imaplib.IMAP4.error(f"no folder {given['folder']}: {said[0]!r}")
        yield box
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            box.logout()


def found_ids(answer: tuple[str, list[Any]]) -> list[str]:
    """The numbers of a SEARCH's answer."""
    kind, said = answer
    return said[0].decode().split() if kind == "OK" and said and said[0] else []


IMAP_OPTIONS = (
    Option("imap_host", "IMAP host", "host", is_required=True),
    Option("imap_port", "IMAP port", "whole", 993, low=1, high=65535),
    Option("imap_tls", "IMAP TLS", "choice", "tls", choices=("tls", "starttls", "none")),
    Option("imap_user", "IMAP user", is_required=True),
    Option("imap_password", "IMAP password", "secret"),
    Option("folder", "IMAP folder", "text", "INBOX"),
    Option("verify", "certificates must be trusted", "flag", True),
)
SMTP_OPTIONS = (
    Option("smtp_host", "SMTP host", "host", is_required=True),
    Option("smtp_port", "SMTP port", "whole", 25, low=1, high=65535),
    Option("smtp_tls", "SMTP TLS", "choice", "none", choices=("none", "starttls", "tls")),
    Option("smtp_user", "SMTP user"),
    Option("smtp_password", "SMTP password", "secret"),
)
