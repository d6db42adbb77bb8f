"""One POST to an address that a person gave us: never to a private network unless WEBHOOK_ALLOW names it, never redirected."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from http.client import HTTPConnection, HTTPException
from types import MappingProxyType
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.channels import DeliveryFailed, OutcomeUnknown
from servicedesk import targets
from servicedesk.deadline import Deadline, connected, resolve

MOST_BYTES = 4_096
PORTS = {"http": 80, "https": 443}


def post(
    url: str, body: Mapping[str, Any] | str | bytes, deadline: Deadline, *, headers: Mapping[str, str] = MappingProxyType({})
) -> tuple[int, str, int | None]:
    """Status, the beginning of the answer, and the pause asked for. DeliveryFailed before the request left, OutcomeUnknown after.

    A body that is text or bytes already goes out as it is; `headers` are added.
    """
    target = urlsplit(url)
    host, port = target.hostname or "", target.port or PORTS.get(target.scheme, 0)
    if not host or not port:
        raise DeliveryFailed(_("This is not an address of the web."), permanent=True, code="address", flags_method=True)
    connection = HTTPConnection(host, port)
    with closing(connection):
        connection.sock = _dial(target, host, port, deadline)
        path = target._replace(scheme="", netloc="", fragment="").geturl() or "/"
        sent = {"Content-Type": "application/json", "Connection": "close", "User-Agent": "Servicedesk", **headers}
        said_here = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        try:
            connection.request("POST", path, said_here, sent)
            answer = connection.getresponse()
            said = answer.read(MOST_BYTES).decode("utf-8", "replace")
        except (OSError, HTTPException) as error:
            raise OutcomeUnknown(_("%(host)s took the message and did not answer.") % {"host": host}) from error
    pause = answer.headers.get("Retry-After", "")
    return answer.status, said, int(pause) if pause.isdecimal() and len(pause) < 6 else None


def _dial(target: SplitResult, host: str, port: int, deadline: Deadline) -> Any:
    try:
        found = resolve(host, port, within_s=min(settings.CHANNEL_CONNECT_S, deadline.left()))
        addresses = targets.allowed(found, settings.WEBHOOK_ALLOW)
        if not addresses:
            why = _("%(host)s is in a private network. An administrator may name it in WEBHOOK_ALLOW.") % {"host": host}
            raise DeliveryFailed(why, permanent=True, code="private", setup_fault=True)
        sock = connected(addresses, deadline, connect_s=settings.CHANNEL_CONNECT_S, read_s=settings.CHANNEL_READ_S)
        return _tls().wrap_socket(sock, server_hostname=host) if target.scheme == "https" else sock
    except OSError as error:
        why = _("%(host)s cannot be reached: %(why)s") % {"host": host, "why": error}
        raise DeliveryFailed(why, permanent=False, code="unreachable") from error


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
