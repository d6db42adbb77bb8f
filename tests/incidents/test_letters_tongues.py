"""Text messages keep to one segment in every language, with their link and their code."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import translation

from incidents import letters
from incidents.models import Incident
from notifications import bundling, drills, gsm7, methods, trial
from notifications.models import Drill, DrillAnswer
from servicedesk.directory import moments
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme, at
from tests.incidents.alarms import email_down

__all__ = ["acme"]
LINK = "https://help.acme.com/a/7Kq2mX9dR4"
TITLE = "Die Überwachung der Schließanlage im Gebäude Süd antwortet nicht - très gênant"
TONGUES = [code for code, _name in settings.LANGUAGES]


@pytest.fixture(params=TONGUES)
def incident(request: pytest.FixtureRequest, acme: Company) -> Incident:
    """Sam reads this language; everything long that can be."""
    sam = acme.people["sam"]
    sam.language = request.param
    sam.save(update_fields=["language"])
    return email_down(
        acme, title=TITLE, impacted="everyone", effect="cannot", reason="smtp-01 ne répond plus depuis 6 min (rule R5, version 1)."
    )


def texts(acme: Company, incident: Incident) -> dict[str, str]:
    sam, dana = acme.people["sam"], acme.people["dana"]
    why = letters.Why("primary for IT Ops", "primary", 2, [dana], [dana], at(9, 10))
    common = {"link": LINK, "now": NINE}
    made = {
        "page": letters.page(incident, sam, why=why, **common),
        "last": letters.last_resort(incident, sam, walked="nach 3 Schritten in 30 min", call="555-0100", **common),
        "proposal": letters.proposal(incident, sam, **common),
        "still": letters.still_yours(incident, sam, answer_by=at(9, 10), **common),
        "acked": letters.acknowledged(incident, sam, by=dana, **common),
        "resolved": letters.resolved(incident, sam, by=dana, **common),
        "stopped": letters.stopped(incident, sam, reason="x" * 200, **common),
    }
    return {name: letter.sms for name, letter in made.items()} | {"again": letters.facts_again(incident, sam, now=NINE)}


def test_every_text_is_one_segment_and_keeps_its_link(acme: Company, incident: Incident) -> None:
    for name, text in texts(acme, incident).items():
        assert gsm7.units(text) <= gsm7.SEGMENT, f"{name}: {text}"
    kept = texts(acme, incident)
    assert all(LINK in kept[name] for name in ("page", "last", "proposal", "still"))
    assert all(f"A{incident.pk}" in kept[name] for name in ("page", "still"))


@pytest.mark.parametrize("code", TONGUES)
def test_a_bundle_a_test_and_a_drill_are_one_segment(acme: Company, code: str) -> None:
    sam = acme.people["sam"]
    sam.language = code
    with translation.override(code):
        bundle = bundling._sms("3 open pages for you", [f"INC-{n} SEV2" for n in range(214, 230)], LINK)
    drill = drills.letter(Drill(name="Wöchentlicher Probealarm", within_min=30), sam, DrillAnswer(token="x" * 22, ends_at=NINE))
    sent = [bundle, trial.letter(sam).sms, methods.letter(sam, "123456", until=at(9, 15), now=NINE).sms, drill.sms]
    assert [text for text in sent if gsm7.units(text) > gsm7.SEGMENT] == []


@pytest.mark.parametrize(("code", "said"), [("en", "Mon 23 Nov, 10:00"), ("de", "Mo 23. Nov, 10:00"), ("fr", "lun 23 nov, 10:00")])
def test_a_moment_is_written_as_the_reader_writes_it(code: str, said: str) -> None:
    with translation.override(code):
        assert moments.stamp(at(11), at(11, day=24)).replace(".,", ",") == said
