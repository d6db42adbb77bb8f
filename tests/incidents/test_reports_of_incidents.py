"""The end of an incident: made part of another, demoted, reported on and closed."""

from __future__ import annotations

import pytest

from incidents import escalation, incidents
from incidents.command import reports
from incidents.models import Incident, Report, Sentence, Ticket
from incidents.states import IllegalMove
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.alarms import MINUTE, email_down, proposed
from tests.incidents.reporting import report


@pytest.fixture
def outage(acme: Company) -> Incident:
    return email_down(acme)


def ended(acme: Company, outage: Incident) -> Incident:
    escalation.acknowledge(outage, by=acme.people["sam"], via="page", now=NINE + 4 * MINUTE)
    incidents.mitigate(outage, actor=acme.people["sam"], now=NINE + 20 * MINUTE)
    return incidents.resolve(outage, actor=acme.people["sam"], reason="The queue was emptied", now=NINE + 30 * MINUTE)


def test_two_that_are_one_are_made_one_by_hand(acme: Company, outage: Incident) -> None:
    other = email_down(acme, service=acme.services["vpn"], title="VPN is slow")
    ticket = report(acme, "ella", at(8, 50), what="The scanner is stuck")
    incidents.link_ticket(other, ticket, reason="x", actor=acme.people["ana"], now=NINE)
    incidents.merge(other, into=outage, reason="same switch", actor=acme.people["dana"], now=NINE + MINUTE)
    other.refresh_from_db()
    assert (other.state, other.merged_into, list(outage.tickets.all())) == ("merged", outage, [ticket])
    assert acme.services["vpn"] in outage.more_services.all()


def test_what_is_confidential_is_not_merged_into_what_is_not(acme: Company, outage: Incident) -> None:
    other = email_down(acme, service=acme.services["vpn"])
    Incident.objects.filter(pk=other.pk).update(is_confidential=True)
    for part, whole in ((other, outage), (outage, other), (outage, outage)):
        with pytest.raises(incidents.CannotMerge):
            incidents.merge(part, into=whole, reason="same", actor=acme.people["dana"], now=NINE)


def test_one_that_is_no_incident_is_demoted_and_loses_nothing(acme: Company, outage: Incident) -> None:
    ticket = report(acme, "ella", at(8, 50), what="The scanner is stuck")
    incidents.link_ticket(outage, ticket, reason="x", actor=acme.people["ana"], now=NINE)
    lines = set(outage.timeline.values_list("pk", flat=True))
    incidents.demote(outage, reason="a test of the monitoring", actor=acme.people["dana"], now=NINE + MINUTE)
    outage.refresh_from_db()
    assert (outage.state, outage.runs.filter(state="running").exists(), list(outage.tickets.all())) == ("rejected", False, [ticket])
    assert lines < set(outage.timeline.values_list("pk", flat=True))
    assert Ticket.objects.get(pk=ticket.pk).is_open


def test_a_proposal_is_rejected_and_an_incident_is_demoted(acme: Company, outage: Incident) -> None:
    asked = proposed(acme, service=acme.services["vpn"])
    with pytest.raises(IllegalMove):
        incidents.demote(asked, reason="no", actor=acme.people["dana"], now=NINE)
    with pytest.raises(IllegalMove):
        incidents.reject(outage, reason="no", actor=acme.people["dana"], now=NINE)


def test_the_report_is_drafted_from_the_timeline_with_its_times(acme: Company, outage: Incident) -> None:
    incident = ended(acme, outage)
    made = reports.draft(incident, actor=acme.people["dana"], now=NINE + 60 * MINUTE)
    assert {one.section for one in made.sentences.all()} == set(Sentence.Section.values)
    assert all(one.entry and one.entry.incident == incident for one in made.sentences.all())
    assert [(name, span and span // MINUTE) for name, _why, span in reports.times(incident)][1:] == [("TTA", 4), ("TTM", 20), ("TTR", 30)]
    assert reports.draft(incident, actor=acme.people["kim"], now=NINE + 61 * MINUTE) == made


def test_it_is_due_in_five_working_days(acme: Company, outage: Incident) -> None:
    assert reports.due_at(ended(acme, outage)) == at(9, 30, day=30)


def test_a_severe_one_is_closed_only_with_a_finished_report(acme: Company, outage: Incident) -> None:
    incident, dana = ended(acme, outage), acme.people["dana"]
    made = reports.draft(incident, actor=dana, now=NINE + 60 * MINUTE)
    with pytest.raises(reports.ReportNeeded):
        reports.close(incident, actor=dana, now=NINE + 61 * MINUTE)
    reports.finish(made, actor=dana, now=NINE + 62 * MINUTE)
    assert reports.close(incident, actor=dana, now=NINE + 63 * MINUTE).state == "closed"


def test_there_is_no_report_of_what_goes_on(acme: Company, outage: Incident) -> None:
    with pytest.raises(IllegalMove):
        reports.draft(outage, actor=acme.people["dana"], now=NINE)


def test_the_report_is_corrected_on_its_page_and_then_stands(acme: Company, outage: Incident) -> None:
    incident, browser = ended(acme, outage), signed_in(acme.people["dana"])
    page = f"/incidents/{incident.pk}/report/"
    browser.post(page, {"action": "draft"})
    first = Sentence.objects.order_by("pk")[0]
    item = {"action": "act", "text": "Watch the disk", "owner": "ben", "due_on": "2026-12-01"}
    assert browser.post(page, {**item, "owner": ""}).status_code == 422
    browser.post(page, item)
    browser.post(page, {"action": "finish", f"s-{first.pk}": "Nobody could mail.", "new-resolution": "A disk was added."})
    browser.post(page, {"action": "save", f"s-{first.pk}": "Changed afterwards"})
    shown = browser.get(page).content.decode()
    assert all(words in shown for words in ("Nobody could mail.", "A disk was added.", "Watch the disk", f"#event-{first.entry_id}"))
    assert "Changed afterwards" not in shown


def test_notes_are_offered_and_taken_up_with_their_event(acme: Company, outage: Incident) -> None:
    kept = incidents.note(outage, text="The queue held 900 mails", actor=acme.people["ana"], now=NINE + MINUTE)
    left = incidents.note(outage, text="Coffee is out", actor=acme.people["ben"], now=NINE + 2 * MINUTE)
    incident, browser = ended(acme, outage), signed_in(acme.people["dana"])
    page = f"/incidents/{incident.pk}/report/"
    browser.post(page, {"action": "draft"})
    assert all(f'name="note-{note.pk}"' in browser.get(page).content.decode() for note in (kept, left))
    browser.post(page, {"action": "save", f"note-{kept.pk}": "response", f"note-{left.pk}": "", "note-x": "response"})
    assert Sentence.objects.get(entry=kept).text == "The queue held 900 mails"
    shown = browser.get(page).content.decode()
    assert (f'name="note-{kept.pk}"' in shown, f'name="note-{left.pk}"' in shown, f"#event-{kept.pk}" in shown) == (False, True, True)


def test_an_action_without_a_ticket_is_done_and_undone_also_of_a_finished_report(acme: Company, outage: Incident) -> None:
    incident, dana, browser = ended(acme, outage), acme.people["dana"], signed_in(acme.people["ben"])
    made = reports.draft(incident, actor=dana, now=NINE + 60 * MINUTE)
    ticket = report(acme, "ella", at(8, 50), what="The scanner is stuck")
    item, tied = (
        reports.act(made, text=f"Do {t}", owner=dana, due_on=at(9).date(), ticket=t, actor=dana, now=NINE) for t in (None, ticket)
    )
    reports.finish(made, actor=dana, now=NINE + 62 * MINUTE)
    page = f"/incidents/{incident.pk}/report/"
    for action, of, done_by in (("done", item, "ben"), ("done", tied, None), ("undone", item, None), ("done", item, "ben")):
        browser.post(page, {"action": f"{action}:{of.pk}"})
        of.refresh_from_db()
        assert (of.done_by.username if of.done_by else None, of.done_at is not None) == (done_by, done_by is not None)
    assert "done, Ben" in browser.get(page).content.decode()
    signed_in(acme.people["vera"]).post(page, {"action": f"undone:{item.pk}"})
    item.refresh_from_db()
    assert item.done_at is not None


def test_who_may_only_read_changes_no_report(acme: Company, outage: Incident) -> None:
    incident = ended(acme, outage)
    assert signed_in(acme.people["vera"]).post(f"/incidents/{incident.pk}/report/", {"action": "draft"}).status_code == 403
    assert not Report.objects.exists()


def test_the_page_merges_by_number_and_says_why_it_cannot(acme: Company, outage: Incident) -> None:
    other = email_down(acme, service=acme.services["vpn"])
    browser = signed_in(acme.people["ana"])
    page = browser.post(f"/incidents/{other.pk}/merge/", {"into": "INC-99999", "reason": "same"}, follow=True)
    assert "No incident that you may see" in page.content.decode()
    browser.post(f"/incidents/{other.pk}/merge/", {"into": outage.number.lower(), "reason": "same"})
    other.refresh_from_db()
    assert other.merged_into == outage
