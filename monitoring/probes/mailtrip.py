"""A letter sent by SMTP and found by IMAP: the seconds between, which is what people mean by "mail works"."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext_lazy as _

from monitoring.probes import mailwire
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe

EVERY_S = 1.0


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found, mark, began = Finding(), uuid4().hex, time.monotonic()
    try:
        with mailwire.smtp(given, context) as line:
            found.measure("smtp_connect_s", time.monotonic() - began)
            line.send_message(_letter(given, mark, context))
        sent = time.monotonic()
        found.measure("smtp_s", sent - began)
    except mailwire.ERRORS as error:
        found.fault("critical", f"not sent by {given['smtp_host']}: {_words(error)}")
        return found
    try:
        with mailwire.imap(given, context, writes=True) as box:
            _await(box, mark, sent, given["wait_s"], context, found)
    except mailwire.ERRORS as error:
        found.fault("critical", f"{given['imap_host']}: {_words(error)}")
    return found


def _letter(given: Mapping[str, Any], mark: str, context: Context) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Date"] = given["sender"], given["recipient"], format_datetime(context.now)
    letter["Subject"] = f"Servicedesk round trip {mark}"
    letter["Message-ID"], letter["Auto-Submitted"] = f"<{mark}@servicedesk.invalid>", "auto-generated"
    letter.set_content("This letter measures how long mail takes. It is removed by itself.")
    return letter


def _await(box: Any, mark: str, sent: float, wait_s: float, context: Context, found: Finding) -> None:
    """Look every second. It is deleted once found; those of earlier runs that came too late as well."""
    until = sent + min(wait_s, context.deadline.left() - 1)
    while True:
        box.noop()
        if numbers := mailwire.found_ids(box.search(None, "SUBJECT", f'"{mark}"')):
            found.measure("round_trip_s", time.monotonic() - sent)
            old = mailwire.found_ids(box.search(None, "SUBJECT", '"Servicedesk round trip"'))
            box.store(",".join({*numbers, *old}), "+FLAGS", "\\Deleted")
            box.expunge()
            return
        if time.monotonic() + EVERY_S > until:
            found.fault("critical", f"sent, and not in the box {time.monotonic() - sent:.0f} s later")
            return
        time.sleep(EVERY_S)


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


PROBE = Probe(
    name="mailtrip",
    title=_("Mail round trip"),
    kind="mail",
    run=run,
    silence="critical",
    every_s=300,
    deadline_s=60.0,
    privilege=_("A mailbox of its own. Private addresses need PROBE_ALLOW."),
    options=(
        *mailwire.SMTP_OPTIONS,
        Option("sender", _("from"), is_required=True),
        Option("recipient", _("to"), is_required=True),
        *mailwire.IMAP_OPTIONS,
        Option("wait_s", _("wait at most"), "number", 45, "", "s", "our judgement", low=1, high=55),
    ),
    figures=(
        Figure("smtp_connect_s", "s", _("until the mail server greeted"), "5", "", "our judgement"),
        Figure("smtp_s", "s", _("until it took the letter")),
        Figure("round_trip_s", "s", _("until the letter was in the box"), "20", "40", "our judgement"),
    ),
)
