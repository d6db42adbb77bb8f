"""Programs by their webhook: a signed body, sent until it is taken or a day is over. A repeat bears the same id and harms nobody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from notifications.channels import DeliveryFailed, OutcomeUnknown, Parcel, web
from servicedesk.deadline import Deadline

TOTAL_S = 6.0  # many go one after the other, and one that is slow must not hold the rest
GONE = 410


def send(parcel: Parcel) -> str:
    """Post the body as it was written; the id it bears. A lost answer is a failure: the same id tells the other side."""
    if "webhook-id" not in parcel.headers:
        raise DeliveryFailed(_("This webhook is switched off."), permanent=True, code="off")
    try:
        with Deadline(TOTAL_S) as deadline:
            status, said, pause = web.post(parcel.to, parcel.text, deadline, headers=parcel.headers)
    except OutcomeUnknown as error:
        raise DeliveryFailed(str(error), permanent=False, code="no_answer") from error
    if 200 <= status < 300:
        return parcel.headers["webhook-id"]
    why = _("The other side refused it (%(status)s %(said)s).") % {"status": status, "said": " ".join(said.split())[:80]}
    raise DeliveryFailed(why, permanent=status == GONE, code=str(status), retry_after_s=pause)


def find(parcel: Parcel, *, since: datetime, known: Collection[str] = ()) -> str | None:
    raise OutcomeUnknown(_("A webhook cannot be asked whether it has a message."))
