"""The rows of the acceptance world: Acme at nine on Monday 23 November 2026, with a past, an open incident and a full queue."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from allauth.mfa.totp.internal import auth
from django.db import connection, transaction

from incidents.models import Incident
from monitoring.models import Check, Source
from notifications.models import Attempt, Errand, Message, ProviderCallback
from servicedesk.operations.worlds import autumn, company, governance, history, past
from servicedesk.operations.worlds.company import Company
from servicedesk.operations.worlds.past import Waiting
from servicedesk.tokens import issuing, minting
from servicedesk.tokens.scopes import SCOPES
from tests.e2e import stepping
from tests.e2e.world import NINE, send_result, world

HEARTBEAT = "00000000-0000-4000-8000-000000000001"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LAST_INCIDENT = 213
SIGNED = datetime(2026, 8, 23, 15, 0, tzinfo=UTC)  # the last sign-off of the plan


def token(prefix: str) -> str:
    """The same one in every world: a test may have it written down."""
    secret = base64.urlsafe_b64encode(hashlib.sha256(f"acceptance world: {prefix}".encode()).digest()).decode().rstrip("=")
    return f"msd_{prefix}_{secret}"


RESULTS_TOKEN, ADMIN_TOKEN = token("e2eresults"), token("e2eadmin")

# Since Friday evening: nobody kept from working is older than half an hour, no two are about the same, none is about Email or VPN
# in the last hours, so that the rules see each alone
UNTRIAGED = [
    Waiting(63 * HOUR, "nina", "Please give me access to the folder Audit 2026 on the network drive.", "me", "question"),
    Waiting(62 * HOUR, "hugo", "The toner of the printer in building B is nearly empty.", "several", "question", 9),
    Waiting(60 * HOUR, "paul", "The clock of the meeting room panel is an hour ahead.", "me", "workaround"),
    Waiting(46 * HOUR, "rosa", "A key of my keyboard sticks.", "me", "workaround"),
    Waiting(38 * HOUR, "theo", "Outlook search finds nothing older than a week.", "me", "workaround"),
    Waiting(23 * HOUR, "ines", "My VPN certificate expires in 6 days, what do I do?", "me", "question"),
    Waiting(19 * HOUR, "jonas", "The webcam shows a picture upside down in calls.", "me", "workaround"),
    Waiting(58 * MINUTE, "mila", "A new colleague starts on Thursday in Legal: laptop, account, badge.", "me", "question"),
    Waiting(55 * MINUTE, "oscar", "Please restore the file budget-7.xlsx, I saved over it.", "me", "part"),
    Waiting(49 * MINUTE, "tara", "My second screen stays black since the update of this morning.", "me", "workaround"),
    Waiting(44 * MINUTE, "yann", "The plotter cuts drawings at the right edge.", "me", "part"),
    Waiting(38 * MINUTE, "zoe", "The projector in meeting room Seine hums loudly.", "several", "question", 8),
    Waiting(33 * MINUTE, "victor", "I need a headset for calls with customers.", "me", "question"),
    Waiting(27 * MINUTE, "greta", "The scanner on floor 2 sends empty pages since its lamp was changed.", "several", "workaround", 5),
    Waiting(23 * MINUTE, "felix", "The label printer in the warehouse office prints everything twice.", "several", "workaround", 3),
    Waiting(18 * MINUTE, "louis", "The telephone at reception has no dial tone.", "several", "workaround", 4),
    Waiting(14 * MINUTE, "clara", "My laptop does not start any more: black screen, the fan runs.", "me", "cannot"),
    Waiting(10 * MINUTE, "igor", "Saving to the shared folder of Purchasing takes a minute.", "several", "workaround", 6),
    Waiting(6 * MINUTE, "ruth", "I cannot sign in: my account is locked.", "me", "cannot"),
    Waiting(2 * MINUTE, "marta", "The badge reader at the north door rejects my badge.", "me", "workaround"),
]


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a person needs to begin."""

    company: Company
    results_token: str
    admin_token: str


def seed() -> Seeded:
    """Everything, in an empty database whose clock can be moved."""
    world.begin(NINE)
    with transaction.atomic():
        acme = company.found(now=NINE, planned_at=_days_ago(98))
        _doors(acme)
        _api(acme)
        _second_factor(acme)
        history.write(acme, now=NINE)
        autumn.lived(acme, now=NINE)
        _number_incidents_from(LAST_INCIDENT - 1)
        past.outage_that_is_over(acme, at=NINE - 9 * DAY - 4 * HOUR)
        past.outage_under_way(acme, at=NINE - 50 * MINUTE)
        past.report(acme, UNTRIAGED, now=NINE)
        governance.signed_before(acme, at=SIGNED)
        governance.changed_since(acme, now=NINE)
        governance.exercised(acme, today=NINE.date())
        governance.read_by_all_but_one(acme, now=NINE)
    for slug in ("smtp-01", "fs-02"):
        send_result(slug, "ok", NINE - 34 * DAY)
        send_result(slug, "ok", NINE)
    stepping.settle(NINE)
    _empty_outbox()
    governance.under_review(acme, now=NINE)
    world.begin(NINE)
    return Seeded(acme, RESULTS_TOKEN, ADMIN_TOKEN)


def _doors(acme: Company) -> None:
    """The tokens and the heartbeat a test may have written down."""
    columns = {"token_prefix": minting.prefix_of(RESULTS_TOKEN) or "", "token_hash": minting.digest(RESULTS_TOKEN)}
    Source.objects.filter(slug="agents").update(**columns)
    Check.objects.create(
        source=Source.objects.get(slug="agents"), slug="nightly-backup", kind=Check.Kind.HEARTBEAT, service=acme.services["file-server"],
        period_s=24 * 3600, grace_s=3600, ping_id=HEARTBEAT, created_at=_days_ago(30),
    )  # fmt: skip


def _api(acme: Company) -> None:
    """A program of Adam's that may do everything a token can."""
    issued = issuing.mint(name="Adam's scripts", scopes=SCOPES, created_by=acme.people["adam"], prefix="e2eadmin", now=_days_ago(95))
    issued.token.digest = minting.digest(ADMIN_TOKEN)
    issued.token.save(update_fields=["digest"])


def _second_factor(acme: Company) -> None:
    """Adam is asked for a code; tests/e2e/apps.py says which one."""
    auth.TOTP.activate(acme.people["adam"], auth.generate_totp_secret())


def _days_ago(days: int) -> datetime:
    return NINE - days * DAY


def _number_incidents_from(number: int) -> None:
    """The next incident has this number. SQLite only, as is the world."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [number - 1, Incident._meta.db_table])


def _empty_outbox() -> None:
    """A test reads its own letters, not those of the past."""
    for model in (ProviderCallback, Attempt, Message, Errand):
        model.objects.all().delete()
