"""Whatever is sent to Twilio's doors without Twilio's word changes nothing: 403, and never a 500. Each door, each way to lie."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.test import Client

from notifications import delivery
from notifications.models import Attempt, ContactMethod, Errand, Message, ProviderCallback
from servicedesk.audit.models import AuditEntry
from tests.fakes.twilio_records import signature
from tests.notifications.makers import NOW, SAM, page, rungs, sam

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
SAID = {
    "status": {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "21610"},
    "sms": {"MessageSid": "SM1", "From": SAM, "Body": "STOP"},
    "voice": {"CallSid": "CA1", "CallStatus": "in-progress", "Digits": "4"},
}
Lie = Callable[[dict[str, str], str, str], tuple[bytes, dict[str, str]]]


def formed(fields: dict[str, str], mark: str | None, content_type: str = FORM) -> tuple[bytes, dict[str, str]]:
    return urlencode(fields).encode(), {"content_type": content_type, **({"X-Twilio-Signature": mark} if mark is not None else {})}


def resplit(fields: dict[str, str], url: str, token: str) -> tuple[bytes, dict[str, str]]:
    """The signature has no separators: a name that takes the first letter of its value is signed alike."""
    mark = signature(url, fields, token)
    name = next(name for name in ("Body", "MessageStatus", "CallStatus") if name in fields)
    moved = {key: value for key, value in fields.items() if key != name} | {name + fields[name][0]: fields[name][1:]}
    return formed(moved, mark)


LIES: dict[str, Lie] = {
    "no signature": lambda fields, url, token: formed(fields, None),
    "an empty one": lambda fields, url, token: formed(fields, ""),
    "another's token": lambda fields, url, token: formed(fields, signature(url, fields, "0" * 32)),
    "of another address": lambda fields, url, token: formed(fields, signature(url.replace("hooks", "h00ks"), fields, token)),
    "of other words": lambda fields, url, token: formed({**fields, "From": "+33600000099"}, signature(url, fields, token)),
    "one field more": lambda fields, url, token: formed({**fields, "X": "1"}, signature(url, fields, token)),
    "of another account": lambda fields, url, token: formed(
        {**fields, "AccountSid": "AC" + "9" * 32}, signature(url, {**fields, "AccountSid": "AC" + "9" * 32}, token)
    ),
    "JSON without a hash": lambda fields, url, token: (
        b"{}",
        {"content_type": "application/json", "X-Twilio-Signature": signature(url, {}, token)},
    ),
    "split otherwise": resplit,
    "no body": lambda fields, url, token: formed({}, signature(url, {}, token)),
    "no letters": lambda fields, url, token: (b"\xff\x00=%ff&\xfe", {"content_type": FORM, "X-Twilio-Signature": "\xff"}),
}


def rows() -> list[object]:
    tables = (Message, Attempt, ContactMethod, Errand, ProviderCallback, AuditEntry)
    return [list(table._default_manager.order_by("pk").values()) for table in tables]


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("door", SAID)
def test_a_lie_at_twilios_doors_is_refused_and_changes_nothing(door: str, lie: str, phone, settings) -> None:
    (row,) = rungs(page(sam((0, "voice" if door == "voice" else "sms", SAM))))
    delivery.deliver(row.pk, NOW)
    phone.read += phone.waiting()
    path = f"/hooks/twilio/{door}/" + ("" if door == "sms" else f"{Attempt.objects.get().token}/")
    fields, before = {"AccountSid": settings.TWILIO_ACCOUNT_SID, **SAID[door]}, rows()
    body, given = LIES[lie](fields, settings.SITE_URL + path, settings.TWILIO_AUTH_TOKEN)
    headers = {name: value for name, value in given.items() if name != "content_type"}
    client = Client(raise_request_exception=False)
    assert client.post(path, body, content_type=given["content_type"], headers=headers).status_code == 403
    assert rows() == before
