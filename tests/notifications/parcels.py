from __future__ import annotations

from dataclasses import replace

from notifications.channels import Parcel

SAM = "+33600000001"
DANA = "dana@acme.test"
PAGE = "SEV1 INC-214 Email down - all staff. Since 03:12. You are primary. ACK https://desk.test/a/7Kq2mX9dR4 or reply A214"
_SMS = Parcel(message_id=1042, channel="sms", to=SAM, subject="", text=PAGE, html="", token="tok-1", reference="A214", thread="INC-214")


def sms(**changes: object) -> Parcel:
    return replace(_SMS, **changes)


def mail(**changes: object) -> Parcel:
    letter = replace(_SMS, channel="email", to=DANA, subject="[SEV1] INC-214 Email down: acknowledge", html="<p>Email is down</p>")
    return replace(letter, **changes)
