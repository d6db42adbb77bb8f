"""The demo world: Acme with ninety days behind it, an outage nine days ago, and a Monday's reports to work on."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from servicedesk.operations.worlds import autumn, company, governance, history, letters, past
from servicedesk.operations.worlds.company import Company
from servicedesk.operations.worlds.past import Waiting

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OUTAGE_AGO = timedelta(days=9, hours=4)

OPEN = [
    Waiting(26 * HOUR, "nina", "Please give me access to the folder Audit 2026 on the network drive.", "me", "question"),
    Waiting(23 * HOUR, "hugo", "The scanner on floor 2 sends empty pages since its lamp was changed.", "several", "workaround", 5),
    Waiting(19 * HOUR, "ella", "Outlook search finds nothing older than a week.", "me", "workaround"),
    Waiting(6 * HOUR, "tara", "My VPN certificate expires in 6 days, what do I do?", "me", "question"),
    Waiting(5 * HOUR, "louis", "The phone in meeting room Seine has no dial tone.", "several", "workaround", 4),
    Waiting(3 * HOUR, "clara", "A new colleague starts on Monday: laptop, account, badge.", "me", "question"),
    Waiting(95 * MINUTE, "felix", "The label printer in the warehouse office prints everything twice.", "several", "workaround", 3),
    Waiting(50 * MINUTE, "rosa", "My second screen stays black since the update of this morning.", "me", "workaround"),
    Waiting(17 * MINUTE, "yann", "I cannot sign in: my account is locked.", "me", "cannot"),
    Waiting(4 * MINUTE, "omar", "Saving to the shared folder of Purchasing takes a minute.", "several", "workaround", 6),
]


@transaction.atomic
def found(*, now: datetime) -> Company:
    """All of it in an empty database, in one transaction: nothing of the past is sent."""
    acme = company.found(now=now, planned_at=now - 98 * DAY)
    history.write(acme, now=now)
    autumn.lived(acme, now=now)
    past.outage_that_is_over(acme, at=now - OUTAGE_AGO)
    tickets = past.report(acme, OPEN, now=now)
    past.work_on(acme, tickets, now=now)
    letters.carried(until=now)
    governance.signed_before(acme, at=now - 92 * DAY)
    governance.changed_since(acme, now=now)
    governance.exercised(acme, today=now.date())
    governance.read_by_all_but_one(acme, now=now)
    governance.under_review(acme, now=now)
    return acme
