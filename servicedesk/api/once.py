"""Idempotency-Key: a POST that is sent again within a day is answered as the first was, and done once.

The key is claimed by a row before the deed, in the deed's transaction. A second request with it waits for that
transaction: committed, it gets the kept answer; rolled back, it acts itself. Refusals are not kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from servicedesk import clock
from servicedesk.api.models import KeptAnswer
from servicedesk.api.problems import KeyUsedOtherwise

HEADER = "Idempotency-Key"
KEY = re.compile(r"[!-~]{1,64}")
KEPT_FOR = timedelta(hours=24)
KEPT_HEADERS = ("Location", "ETag")


def answered(act: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Response:
    """The answer of `act`, or the one it gave to this key before. Raises ValidationError, KeyUsedOtherwise."""
    key, fingerprint = key_of(request), fingerprint_of(request)
    with transaction.atomic():
        row, is_new = _claimed(request, key, fingerprint, now=clock.now())
        if not is_new:
            return _again(row, fingerprint)
        response = act(request, *args, **kwargs)
        _keep(row, response)
    return response


def key_of(request: Request) -> str:
    key = request.headers[HEADER]
    if not KEY.fullmatch(key):
        raise ValidationError({HEADER: [_("Use 1 to 64 letters, digits or signs, without spaces.")]}, code="bad_value")
    return key


def fingerprint_of(request: Request) -> str:
    """What is asked: where, and the body by its meaning, whatever its spaces and the order of its fields."""
    asked = [request.method, request.path, request.data]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def forget(*, now: datetime) -> int:
    """Drop what is older than a day; how many."""
    return KeptAnswer.objects.filter(created_at__lte=now - KEPT_FOR).delete()[0]


def _claimed(request: Request, key: str, fingerprint: str, *, now: datetime) -> tuple[KeptAnswer, bool]:
    owner: Any = request.user
    rows = KeptAnswer.objects.filter(owner=owner, key=key)
    rows.filter(created_at__lte=now - KEPT_FOR).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(owner=owner, key=key, fingerprint=fingerprint, created_at=now), True
    except IntegrityError:
        return rows.get(), False


def _again(row: KeptAnswer, fingerprint: str) -> Response:
    if row.fingerprint != fingerprint:
        raise KeyUsedOtherwise
    return Response(json.loads(row.body), status=row.status, headers={**row.headers, "Idempotent-Replay": "true"})


def _keep(row: KeptAnswer, response: Response) -> None:
    row.status, row.body = response.status_code, json.dumps(response.data, cls=JSONEncoder)
    row.headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    row.save(update_fields=["status", "body", "headers"])
