"""What the doctor says of the house itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from notifications.models import ProviderState
from servicedesk.audit import trail
from servicedesk.directory.models import HeldFor, Organisation
from servicedesk.operations import backups, examination, standstill, upkeep
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE

DAY = timedelta(days=1)


def said(part: str) -> list[str]:
    return [found.words for found in examination.open_faults(now=NINE) if found.part == part]


def noted(verb: str, days: float, **after: object) -> None:
    trail.record(Organisation.objects.get(), verb, actor=None, now=NINE - days * DAY, after=after)


def test_a_desk_on_hold_would_stop_a_page(acme: Company) -> None:
    assert said("hold") == []
    standstill.begin(until=None, held_for=HeldFor.RESTORE, now=NINE)
    [found] = upkeep.held(NINE)
    assert found.stops_pages


def test_the_age_of_backups_and_of_their_rehearsal(acme: Company) -> None:
    assert said("backup")[0].startswith("none was made yet")
    noted(backups.MADE, 0.5)
    assert [words[:20] for words in said("backup")] == ["no restore was tried"]
    noted(backups.TRIED, 3, differences=0)
    assert said("backup") == []
    noted(backups.TRIED, 2, differences=4)
    assert said("backup")[0].startswith("the restore tried 2 days ago differed")


def test_an_old_backup_is_told(acme: Company) -> None:
    noted(backups.MADE, 4)
    assert said("backup")[0] == "the last one is 4 days old. Run `manage.py backup FILE` each night."


def test_a_provider_that_is_down_is_told(acme: Company) -> None:
    ProviderState.objects.create(name="twilio", down_since=NINE, reason="401.")
    assert said("providers")[0].endswith("is out of order: 401. Others are tried first.")


def test_two_clocks_apart_are_told(acme: Company) -> None:
    [found] = upkeep.clocks(NINE)  # the tests' time is not the database's
    assert "s apart" in found.words


def test_two_administrators_open_the_door_without_the_company(acme: Company, settings: Settings) -> None:
    settings.OIDC_CONFIGURED = True
    assert said("sign-in")[0].startswith("1 administrators have a password of the desk.")
    assert said("sign-in")[1] == "administrators without a second factor: adam. They set one up at /me/security/."


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_a_role_that_may_rewrite_the_trail_is_told(acme: Company) -> None:
    assert connection.vendor == "postgresql"
    assert said("audit")
