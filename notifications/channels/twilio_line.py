"""The Twilio SDK on a line of our own: phases told apart, so that "surely not sent" and "perhaps sent" are never mixed up.

The SDK's own transport has no timeout, retries below our sight and cannot be pointed at another host.
"""

from __future__ import annotations

import base64
import logging
import ssl
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlencode, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from notifications.channels import DeliveryFailed, NoProvider, OutcomeUnknown
from servicedesk.deadline import Deadline, dial

MOST_BYTES = 4_000_000
PORTS = {"http": 80, "https": 443}
FIRST, SECOND = "twilio", "twilio-2"


@dataclass(frozen=True, slots=True)
class Account:
    sid: str
    token: str
    sender: str  # a number of ours, or the messaging service that chooses one
    base: str


def account(provider: str = "") -> Account:
    """The account of this provider, the first one where none is named; NoProvider while it is not configured."""
    if provider == SECOND and settings.TWILIO_SECOND:
        return Account(**settings.TWILIO_SECOND)
    if not settings.TWILIO_CONFIGURED or provider == SECOND:
        raise NoProvider(_("No provider for text messages and calls is set up."))
    return Account(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM, settings.TWILIO_API_BASE)


class Line(HttpClient):  # type: ignore[misc]  # the SDK is not typed
    """One fresh connection a request. What fails before the request leaves is DeliveryFailed, after it OutcomeUnknown."""

    def __init__(self, deadline: Deadline, provider: str = "") -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self.account = account(provider)
        self.deadline = deadline
        self.retry_after_s: int | None = None

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        target = _target(uri, params, self.account.base)
        with closing(self._connect(target)) as connection:
            try:
                connection.request(method.upper(), _path(target), urlencode(data, doseq=True) if data else None, _headers(headers, auth))
                answer = connection.getresponse()
                text = answer.read(MOST_BYTES).decode("utf-8", "replace")
            except (OSError, HTTPException) as error:
                raise OutcomeUnknown(_("Twilio took the request and did not answer.")) from error
        pause = answer.headers.get("Retry-After", "")
        self.retry_after_s = int(pause) if pause.isdecimal() else None
        return Response(answer.status, text, dict(answer.headers))

    def _connect(self, target: SplitResult) -> HTTPConnection:
        host, port = target.hostname or "", target.port or PORTS[target.scheme]
        try:
            sock = dial(host, port, self.deadline, connect_s=settings.CHANNEL_CONNECT_S, read_s=settings.CHANNEL_READ_S)
            if target.scheme == "https":
                sock = _tls().wrap_socket(sock, server_hostname=host)
        except OSError as error:
            why = _("Twilio cannot be reached: %(why)s") % {"why": error}
            raise DeliveryFailed(why, permanent=False, code="unreachable", provider_fault=True) from error
        connection = HTTPSConnection(host, port, context=_tls()) if target.scheme == "https" else HTTPConnection(host, port)
        connection.sock = sock
        return connection


def client(line: Line) -> Client:
    """The SDK on this line."""
    return Client(line.account.sid, line.account.token, http_client=line)


def status_callback(token: str) -> str:
    """Where Twilio reports what became of an attempt."""
    return f"{settings.SITE_URL}/hooks/twilio/status/{token}/"


def voice_url(token: str) -> str:
    """Where Twilio asks what to say to whoever picks up, and posts the keys pressed."""
    return f"{settings.SITE_URL}/hooks/twilio/voice/{token}/"


def _target(uri: str, params: dict[str, object] | None, given: str) -> SplitResult:
    """The SDK's address with the query added, at the configured base where there is one."""
    asked = urlsplit(uri)
    base = urlsplit(given) if given else asked._replace(path="")
    query = urlencode(params, doseq=True) if params else asked.query
    return SplitResult(base.scheme, base.netloc, base.path.rstrip("/") + asked.path, query, "")


def _path(target: SplitResult) -> str:
    return target._replace(scheme="", netloc="").geturl()


def _headers(given: dict[str, str] | None, auth: tuple[str, str] | None) -> dict[str, str]:
    headers = {**(given or {}), "Connection": "close"}
    if auth:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
    return headers


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
