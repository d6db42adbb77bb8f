"""A shift handed over: what stands, in words, signed by who leaves and by who takes over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents import handover, silences
from incidents.models import Handover
from servicedesk import clock
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.alarms import MINUTE, email_down
from tests.incidents.test_escalation_answers import SOON, ack

SAID = {"taker": "ben", "next_steps": "Call the provider at ten.", "left_out": "The printer on floor 2."}


@pytest.fixture(autouse=True)
def at_nine(settings: Any, tmp_path: Path) -> None:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE)


def lines(acme: Company, heading: str) -> list[str]:
    return dict(handover.sections(acme.people["ana"], now=SOON))[heading]


def test_it_is_generated_from_what_stands(acme: Company) -> None:
    incident = email_down(acme)
    times = {"starts_at": NINE, "ends_at": NINE + timedelta(hours=2)}
    silences.make(actor=acme.people["dana"], service=acme.services["vpn"], reason="It is updated", now=NINE, **times)
    assert lines(acme, "Open incidents") == [f"{incident.number} SEV1 {incident.title}, triggered; nobody has it; next Dana Ruiz at 09:10"]
    assert lines(acme, "Silences and their end") == ["VPN until 11:00: It is updated (Dana Ruiz)"]
    assert "IT Ops primary: Sam Lee" in lines(acme, "On call")
    ack(incident, acme.people["sam"])
    assert lines(acme, "Open incidents")[0].endswith("Sam Lee has it; asked again at 10:03")


def test_of_what_somebody_has_nobody_is_said_to_be_called_next(acme: Company) -> None:
    incident = email_down(acme, severity=3)
    ack(incident, acme.people["sam"])
    assert lines(acme, "Open incidents")[0].endswith("acknowledged; Sam Lee has it")


def test_of_what_is_confidential_only_how_many(acme: Company) -> None:
    email_down(acme, is_confidential=True, title="xyzzy")
    assert lines(acme, "Open incidents") == ["1 confidential"]


def test_both_sign_and_what_was_said_then_stays(acme: Company) -> None:
    ana, ben, sam = (signed_in(acme.people[name]) for name in ("ana", "ben", "sam"))
    incident = email_down(acme)
    assert ana.post("/handover/", SAID).status_code == 302
    row = Handover.objects.get()
    assert "Ana hands over to you" in ben.get("/handover/").content.decode()
    assert sam.post(f"/handover/{row.pk}/take/").status_code == 403
    ack(incident, acme.people["sam"], now=NINE + MINUTE)
    page = ben.get(f"/handover/{row.pk}/").content.decode()
    assert "nobody has it" in page
    assert "Call the provider at ten." in page
    ben.post(f"/handover/{row.pk}/take/")
    assert Handover.objects.get().taken_at is not None
    assert [entry.verb for entry in AuditEntry.objects.filter(noun="incidents.handover").order_by("pk")] == ["hand over", "take over"]


def test_pressed_twice_it_is_given_and_taken_once(acme: Company) -> None:
    ana, ben = signed_in(acme.people["ana"]), signed_in(acme.people["ben"])
    for _press in range(2):
        ana.post("/handover/", SAID)
    row = Handover.objects.get()
    for _press in range(2):
        assert ben.post(f"/handover/{row.pk}/take/").status_code == 302
    assert AuditEntry.objects.filter(noun="incidents.handover", verb="take over").count() == 1


def test_nobody_hands_over_to_nobody_or_to_themselves(acme: Company) -> None:
    ana = signed_in(acme.people["ana"])
    for taker in ("", "ana", "ella"):
        assert ana.post("/handover/", {**SAID, "taker": taker}).status_code == 422
    assert not Handover.objects.exists()
