"""A form sent twice is done once: a double click, Back and Send, a browser that asks again after a lost line.

Each form brings a key. It is claimed by a row before the deed, in the deed's transaction: the second press waits for
the first, is led where the first one was, and does nothing. A deed that raises leaves its key unspent.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from servicedesk.api.models import KeptAnswer
from servicedesk.directory.models import User

AGAIN = timedelta(minutes=10)  # so soon, the same words at the same place are the same press
FOUND = 303


@transaction.atomic
def once(
    person: User, place: str, key: str, deed: Callable[[], str], *, now: datetime, words: Mapping[str, Any], by_words: bool = True
) -> str:
    """The address `deed` leads to; pressed again, the same address and no deed.

    `words` is what the form says. A key that comes back with other words is a form that was gone back to and written anew:
    another deed. `by_words`: the same words within ten minutes are the same press whatever the key, because a browser that
    goes back may bring a form with another one.
    """
    key = key or uuid.uuid4().hex
    row = _claimed(person, digest("form", place, key, words), digest(place, words if by_words else [key, words]), now)
    kept = row if row.headers else _said_before(row)
    if kept is None:
        row.headers = {"Location": deed()}
        row.save(update_fields=["headers"])
        return str(row.headers["Location"])
    return str(kept.headers["Location"])


def _claimed(person: User, key: str, fingerprint: str, now: datetime) -> KeptAnswer:
    """This form's row: made now, or by whoever pressed first, once they are done."""
    row = KeptAnswer(owner=person, key=key, fingerprint=fingerprint, status=FOUND, created_at=now)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return KeptAnswer.objects.get(owner=person, key=key)
    return row


def _said_before(row: KeptAnswer) -> KeptAnswer | None:
    same = KeptAnswer.objects.filter(owner=row.owner, fingerprint=row.fingerprint, created_at__gt=row.created_at - AGAIN)
    return same.exclude(pk=row.pk).exclude(headers={}).order_by("pk").first()


def digest(*parts: Any) -> str:
    """The same 64 characters for the same parts; models and files count by their names."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
