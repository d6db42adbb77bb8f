"""Somebody outside hears once a minute that all is well: only when the desk's test of itself got through and no pass and no page lies."""

from __future__ import annotations

import ssl
from contextlib import closing
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from notifications import sentinel
from notifications.models import Message
from servicedesk.deadline import Deadline, dial
from servicedesk.operations.models import EnginePass

log = structlog.get_logger(__name__)

LATE = timedelta(seconds=60)
MOST_S = 10.0


def test_road(*, now: datetime) -> int:
    """The desk's test of itself, on its way."""
    return sentinel.send(now=now) if settings.SELF_WATCH else 0


def beat(*, now: datetime) -> int:
    """Tell HEARTBEAT_URL, if all is well."""
    if settings.SELF_WATCH and settings.HEARTBEAT_URL and is_well(now=now):
        _tell(settings.HEARTBEAT_URL)
    return 0


def is_well(*, now: datetime) -> bool:
    """The test got through, no page has been due for a minute, and no pass that an engine holds stands still."""
    late = Message.objects.waiting().filter(lane=Message.Lane.PAGE, due_at__lt=now - LATE)
    age = ExpressionWrapper(Now() - F("ran_at"), output_field=DurationField())
    held = EnginePass.objects.filter(lease_until__gt=Now(), ran_at__isnull=False).annotate(age=age)
    stuck = any(one.age > LATE + timedelta(seconds=one.every_s) for one in held)
    return sentinel.has_passed(now=now) and not stuck and not late.exists()


def _tell(url: str) -> None:
    try:
        status = _get(url)
    except (OSError, HTTPException) as error:
        log.warning("the heartbeat could not be sent", error=str(error))
        return
    if status >= 300:
        log.warning("the heartbeat was not taken", status=status)


def _get(url: str) -> int:
    """Status of a GET, within ten seconds in all."""
    target = urlsplit(url)
    host, is_safe = target.hostname or "", target.scheme == "https"
    port = target.port or (443 if is_safe else 80)
    connection = HTTPConnection(host, port)
    with Deadline(MOST_S) as deadline, closing(connection):
        sock = dial(host, port, deadline, connect_s=3.0, read_s=MOST_S)
        connection.sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host) if is_safe else sock
        path = target._replace(scheme="", netloc="", fragment="").geturl() or "/"
        connection.request("GET", path, headers={"User-Agent": "Servicedesk"})
        return connection.getresponse().status
