"""What is known of an incident, and notes put right: what stood there before can still be read."""

from __future__ import annotations

import pytest
from django.test import Client

from incidents import incidents
from incidents.models import Incident
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.alarms import MINUTE, email_down

FACTS = {"what": "Mails bounce since the change", "impacted": "department", "impacted_count": "40", "effect": "cannot"}


@pytest.fixture
def outage(acme: Company) -> Incident:
    return email_down(acme)


@pytest.fixture
def ana(acme: Company) -> Client:
    return signed_in(acme.people["ana"])


def test_the_facts_are_told_on_the_page_and_who_changed_them_on_the_timeline(acme: Company, outage: Incident, ana: Client) -> None:
    ana.post(f"/incidents/{outage.pk}/facts/", FACTS)
    ana.post(f"/incidents/{outage.pk}/facts/", {**FACTS, "effect": "part"})
    page = ana.get(f"/incidents/{outage.pk}/").content.decode()
    assert "A department or site, 40<small>Part of the work is blocked" in page
    assert '<p class="quote">Mails bounce since the change</p>' in page
    line = outage.timeline.latest("pk")
    assert (line.text, line.because) == ("How it affects: Part of the work is blocked.", "Before: How it affects: Cannot work.")
    assert line.actor == acme.people["ana"]
    assert AuditEntry.objects.filter(verb="facts").count() == 2


def test_facts_that_are_the_same_write_nothing(outage: Incident, ana: Client) -> None:
    ana.post(f"/incidents/{outage.pk}/facts/", FACTS)
    lines = outage.timeline.count()
    ana.post(f"/incidents/{outage.pk}/facts/", FACTS)
    assert outage.timeline.count() == lines


def test_facts_that_cannot_be_are_refused_in_place_and_kept(outage: Incident, ana: Client) -> None:
    answer = ana.post(f"/incidents/{outage.pk}/facts/", {**FACTS, "impacted_count": "-1", "effect": "purple"})
    page = answer.content.decode()
    assert (answer.status_code, page.count("is-wrong"), "Mails bounce since the change</textarea>" in page) == (422, 2, True)
    outage.refresh_from_db()
    assert outage.what == ""


def test_a_note_is_put_right_and_what_it_said_can_be_read(acme: Company, outage: Incident, ana: Client) -> None:
    note = incidents.note(outage, text="It is the switsch", actor=acme.people["ana"], now=NINE + MINUTE)
    ana.post(f"/incidents/{outage.pk}/reword/", {"entry": note.pk, "text": "It is the switch"})
    ana.post(f"/incidents/{outage.pk}/reword/", {"entry": note.pk, "text": "It is the router"})
    note.refresh_from_db()
    assert [note.text, *(text for text, _until in note.earlier)] == ["It is the router", "It is the switsch", "It is the switch"]
    page = signed_in(acme.people["dana"]).get(f"/incidents/{outage.pk}/").content.decode()
    assert "<summary>edited</summary><p><del>It is the switsch</del>" in page
    assert AuditEntry.objects.filter(verb="reword").count() == 2


def test_neither_anothers_note_nor_the_desks_own_lines_are_reworded(acme: Company, outage: Incident, ana: Client) -> None:
    bens = incidents.note(outage, text="Ben looked", actor=acme.people["ben"], now=NINE + MINUTE)
    ana.post(f"/incidents/{outage.pk}/bridge/", {"bridge": "555-0140"})
    for line in (bens, outage.timeline.latest("pk"), outage.timeline.earliest("pk")):
        page = ana.post(f"/incidents/{outage.pk}/reword/", {"entry": line.pk, "text": "Never was"}, follow=True).content.decode()
        assert "Only who wrote a line puts it right" in page
    assert not outage.timeline.filter(text="Never was").exists()
