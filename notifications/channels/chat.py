"""Chat rooms by their incoming webhook: Slack, Mattermost and what speaks like them, and Microsoft Teams.

The address is the key: whoever knows it writes into the room. A room tells nothing of who read it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.channels import DeliveryFailed, OutcomeUnknown, Parcel, web
from servicedesk.deadline import Deadline

TEAMS = re.compile(r"(^|\.)(webhook\.office\.com|office\.com|logic\.azure\.com|powerplatform\.com)$")
GONE = {401, 403, 404, 405, 410}
SLOW_DOWN = {408, 425, 429}
MENTION = re.compile(r"@(?=\w)")
NO_BREAK = "\u2060"  # between the @ and the name: words of a stranger call nobody
CARD = "application/vnd.microsoft.card.adaptive"


def send(parcel: Parcel) -> str:
    """Write into the room; a number of our own, since rooms give none."""
    with Deadline(settings.CHANNEL_TOTAL_S) as deadline:
        status, said, pause = web.post(parcel.to, body(parcel), deadline)
    if 200 <= status < 300:
        return f"chat-{parcel.message_id}"
    why = _("The chat refused the message (%(status)s %(said)s).") % {"status": status, "said": " ".join(said.split())[:80]}
    is_final = status < 500 and status not in SLOW_DOWN
    raise DeliveryFailed(why, permanent=is_final, code=str(status), flags_method=status in GONE, retry_after_s=pause)


def find(parcel: Parcel, *, since: datetime, known: Collection[str] = ()) -> str | None:
    raise OutcomeUnknown(_("A chat cannot be asked whether it has a message."))


def body(parcel: Parcel) -> Mapping[str, Any]:
    """The text in the shape that this kind of room takes; nobody is called by it, and nothing in it is markup."""
    words = MENTION.sub(f"@{NO_BREAK}", parcel.text)
    if TEAMS.search(urlsplit(parcel.to).hostname or ""):
        block = {"type": "TextBlock", "wrap": True, "text": words}
        card = {"type": "AdaptiveCard", "version": "1.4", "body": [block]}
        return {"type": "message", "attachments": [{"contentType": CARD, "content": card}]}
    return {"text": words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}
