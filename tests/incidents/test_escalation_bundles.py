"""Several incidents at once: one message names them all, and one word, one key or one page takes exactly those."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from incidents import escalation
from incidents.models import Incident
from notifications import delivery, outbox
from notifications.calls import Call
from notifications.inbound import Reply
from notifications.models import ContactMethod, Message
from servicedesk import clock
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.alarms import email_down, fresh

SAM = "+33600000001"
SECOND = timedelta(seconds=1)


@pytest.fixture
def several(acme: Company) -> list[Incident]:
    """Four services of four teams' own fail in the same minute; the last two go as one."""
    policy = acme.policies["it-ops"]
    made = [
        email_down(acme, service=None, group_key=f"machine:{n}", title=f"Machine {n} is dark", policy=policy, rule=None, version=None)
        for n in range(4)
    ]
    delivery.promote_due(now=NINE + 60 * SECOND)
    return made


def aall(acme: Company) -> str:
    method = ContactMethod.objects.get(address=SAM, kind="sms")
    return escalation.answer(Reply(acme.people["sam"], method, SAM, "all"), now=NINE + 65 * SECOND) or ""


def holders(incidents: list[Incident]) -> list[str]:
    return [str(fresh(incident).acknowledged_by or "") for incident in incidents]


def bundle() -> Message:
    found = outbox.last_bundle_to(SAM)
    assert found is not None
    return found


def test_aall_takes_exactly_the_ids_of_the_last_bundle(acme: Company, several: list[Incident]) -> None:
    assert outbox.incidents_of(bundle()) == [several[2].pk, several[3].pk]
    assert aall(acme) == f"You have {several[2].number}, {several[3].number}. Nobody else will be called for them."
    assert holders(several) == ["", "", "Sam Lee", "Sam Lee"]


def test_aall_does_not_take_what_another_has(acme: Company, several: list[Incident]) -> None:
    escalation.acknowledge(several[2], by=acme.people["dana"], via="page", now=NINE + 62 * SECOND)
    assert several[2].number not in aall(acme)
    assert holders(several) == ["", "", "Dana Ruiz", "Sam Lee"]


def test_four_on_a_call_for_several_takes_them_all(acme: Company, several: list[Incident]) -> None:
    call = Call("token", "2 open pages", "en", acme.people["sam"], bundle=(several[2].pk, several[3].pk), word="have", digit="4")
    assert several[3].number in escalation.pressed(call, now=NINE + 65 * SECOND)
    assert holders(several) == ["", "", "Sam Lee", "Sam Lee"]


def test_the_page_of_a_bundle_has_a_button_each_and_one_for_all(
    acme: Company, several: list[Incident], client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE + 65 * SECOND)
    address = f"/a/{bundle().token}"
    shown = client.get(address).content.decode()
    assert "2 pages wait for you" in shown
    assert [f'value="{incident.pk}"' in shown for incident in several] == [False, False, True, True]
    assert holders(several) == [""] * 4
    assert client.post(address, {"action": "acknowledge", "incident": str(several[2].pk)}).status_code == 303
    assert holders(several) == ["", "", "Sam Lee", ""]
    assert client.post(address, {"action": "acknowledge", "incident": "all"}).status_code == 303
    assert holders(several) == ["", "", "Sam Lee", "Sam Lee"]


def test_the_page_of_a_bundle_takes_nothing_that_is_not_on_it(several: list[Incident], client: Client) -> None:
    answer = client.post(f"/a/{bundle().token}", {"action": "acknowledge", "incident": str(several[0].pk)})
    assert answer.status_code == 400
    assert holders(several) == [""] * 4


def test_a_question_whether_it_is_still_theirs_is_never_bundled(acme: Company, several: list[Incident]) -> None:
    for incident in several:
        escalation.acknowledge(incident, by=acme.people["sam"], via="link", now=NINE + 65 * SECOND)
    escalation.advance_due(now=NINE + timedelta(minutes=62))
    asked = Message.objects.filter(channel="sms", to=SAM, created_at=NINE + timedelta(minutes=62))
    assert set(asked.values_list("state", flat=True)) == {"queued"}
