"""The long tail of services, by Apprise: what it took is accepted, and no more is ever known of it.

The library is large, has no total deadline, and knows plug-ins that act on this machine: it runs in a process of its
own, which is ended in time, knows none of our secrets, and touches neither files nor private networks.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.channels import DeliveryFailed, OutcomeUnknown, Parcel

CHILD = Path(__file__).with_name("apprise_child.py")
GIVEN = {"LANG": "C.UTF-8"}  # none of our secrets, and no proxy: it would dial for us where we may not
# they act on this machine, or would: never, whatever a setting says
NEVER = {
    "blink1", "dbus", "gio", "glib", "gnome", "growl", "kde", "macosx", "qt", "rsyslog", "syslog", "windows",
}  # fmt: skip
FINAL, GONE = {400, 401, 402, 403, 404, 405, 410, 413, 422}, {401, 403, 404, 410}


class NotAllowed(Exception):
    """This kind of address is not taken here."""


class NotUnderstood(Exception):
    """Apprise does not understand this address."""


def send(parcel: Parcel) -> str:
    """Hand it to the service that the address names; a number of our own."""
    if not is_allowed(parcel.to):
        why = _("Addresses that begin with %(schema)s are not allowed. An administrator may name it in APPRISE_SCHEMAS.")
        raise DeliveryFailed(why % {"schema": f"{schema(parcel.to)}://"}, permanent=True, code="schema", setup_fault=True)
    said = _run(parcel.to, title=parcel.subject, body=parcel.text)
    if said["ok"]:
        return f"apprise-{parcel.message_id}"
    status = int(said.get("status") or 0)
    told = {"name": said.get("name", ""), "said": " ".join(str(said.get("said") or _("no reason given")).split())[:100]}
    why = _("%(name)s did not take the message: %(said)s. Look at the address, and at the account there.") % told
    raise DeliveryFailed(why, permanent=status in FINAL, code=str(status or ""), flags_method=status in GONE)


def find(parcel: Parcel, *, since: datetime, known: Collection[str] = ()) -> str | None:
    raise OutcomeUnknown(_("Apprise cannot be asked whether a service has a message."))


def named(url: str) -> str:
    """What its owner may call the service: "Pushover, 3f9a2c". NotAllowed, NotUnderstood; DeliveryFailed where nobody answers."""
    if not is_allowed(url):
        raise NotAllowed
    said = _run(url)
    if not said["ok"]:
        raise NotUnderstood
    return f"{said['name']}, {hashlib.sha256(url.encode()).hexdigest()[:6]}"


def schema(url: str) -> str:
    return url.partition("://")[0].strip().lower()


def is_allowed(url: str) -> bool:
    return "://" in url and schema(url) in {word.lower() for word in settings.APPRISE_SCHEMAS} - NEVER


def _run(url: str, *, title: str = "", body: str = "") -> dict[str, Any]:
    """What the other process said last. It is killed at the end of its time: before it began nothing has left, after it who knows."""
    allow = [[str(network), port] for network, port in settings.WEBHOOK_ALLOW]
    asked = json.dumps({"url": url, "title": title, "body": body, "send": bool(body), "allow": allow})
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD)],
            input=asked.encode(),
            env=GIVEN,
            capture_output=True,
            timeout=settings.CHANNEL_TOTAL_S,
            check=False,
        )
        out = done.stdout
    except subprocess.TimeoutExpired as error:
        out = error.stdout or b""
    except OSError as error:
        raise DeliveryFailed(_("Apprise could not be started: %(why)s") % {"why": error}, permanent=False, code="start") from error
    lines = [json.loads(line) for line in out.decode("utf-8", "replace").splitlines() if line.startswith("{") and line.endswith("}")]
    if lines and "ok" in lines[-1]:
        return dict(lines[-1])
    if lines:
        raise OutcomeUnknown(_("The service took the message and did not answer."))
    raise DeliveryFailed(_("Apprise did not answer in time."), permanent=False, code="timeout")
