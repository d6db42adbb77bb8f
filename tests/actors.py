"""The people every test knows. Ella, Omar and Lea ask; Ana and Ben staff; Sam is on call; Dana and Kim manage; Adam admins;
Vera audits; Eve must see nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from servicedesk.directory.models import User
from servicedesk.operations.worlds import company
from servicedesk.operations.worlds.company import Company
from tests.rewritten import Rewritten

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # Monday 09:00 in Paris
ACME = Rewritten(lambda: company.found(now=NINE))


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    """That Paris time in November 2026, in UTC (Paris is one hour ahead all month)."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


@pytest.fixture
def acme(db: None) -> Company:
    """The demo company at nine on a Monday, before its first ticket."""
    return ACME()


def signed_in(user: User) -> Client:
    """A browser in which this person has signed in."""
    client = Client()
    client.force_login(user, backend="servicedesk.directory.signin.NameOrEmailBackend")
    return client
