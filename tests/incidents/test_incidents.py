"""Proposed, declared, grown, ended: one outage makes one incident, and a proposal does not sleep."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents import incidents, tickets
from incidents.incidents import ReasonNeeded, TooLate
from incidents.models import Incident, LinkedAlert, Ticket
from incidents.states import IllegalMove
from servicedesk import clock
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Service
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.alarms import (
    MINUTE,
    email_down,
    fresh,
    grounds,
    lines,
    mail_to,
    paged,
    paged_at,
    proposed,
    run_of,
    run_until,
    sms_to,
    tick,
    told,
    unreachable,
    waiting,
    woken,
)

HOUR = timedelta(hours=1)
NIGHT = at(3, 12, day=24)


def alert(acme: Company, **given: object) -> LinkedAlert:
    row = {
        "alert_id": 1,
        "check_id": 1,
        "check_slug": "smtp-01",
        "service": acme.services["email"],
        "status": "critical",
        "summary": "refused",
    }
    times = {"since": NINE, "status_since": NINE, "updated_at": NINE}
    return LinkedAlert.objects.create(**{**row, **times, **given})


def ticket(acme: Company, who: str = "ella") -> Ticket:
    return tickets.file(now=NINE, requester=acme.people[who], what="Outlook cannot connect", impacted="me", effect="cannot")


# Proposals


def test_a_proposal_goes_to_the_it_manager_on_duty_with_its_evidence(acme: Company) -> None:
    incident = proposed(acme, impacted="several", impacted_count=14, effect="cannot", people=3)
    assert (incident.state, paged(incident)) == ("proposed", [("dana", 0)])
    assert incident.links.get().purpose == "proposal"
    assert sms_to(incident, "dana").text.startswith(f"SEV2 proposed {incident.number} Email is down - 14 people. Since 09:00.")
    assert "Accept or reject by 09:15: http://testserver/a/" in sms_to(incident, "dana").text
    assert "People who reported it: 3" in mail_to(incident, "dana").text


@pytest.mark.parametrize(("severity", "minutes"), [(1, 5), (2, 15)])
def test_a_proposal_nobody_decides_opens_by_itself(acme: Company, severity: int, minutes: int) -> None:
    incident = proposed(acme, severity=severity)
    run_until(NINE + (minutes - 1) * MINUTE)
    assert fresh(incident).state == "proposed"
    tick(NINE + minutes * MINUTE)
    assert paged_at(incident)[1:] == [("sam", minutes)]
    assert incident.timeline.get(text="Opened by itself.").because.startswith("nobody decided; smtp-01 critical")


def test_sev1_at_night_is_declared_at_once(acme: Company) -> None:
    incident = proposed(acme, severity=1, now=NIGHT)
    assert (incident.state, paged(incident)) == ("triggered", [("sam", 1)])


def test_sev2_at_night_waits_for_the_desk_and_wakes_nobody(acme: Company) -> None:
    incident = proposed(acme, now=NIGHT)
    assert incident.decide_at == at(8, 15, day=24)
    assert set(incident.pages.get().person.messages.values_list("channel", flat=True)) == {"email"}


def test_what_waits_for_the_desk_waits_even_where_nobody_can_be_asked(acme: Company) -> None:
    unreachable(*acme.people.values())
    incident = proposed(acme, now=NIGHT)
    assert (fresh(incident).state, fresh(incident).decide_at) == ("proposed", at(8, 15, day=24))


def test_a_proposal_that_grows_is_not_put_off(acme: Company) -> None:
    incident = proposed(acme)
    incidents.propose(grounds(acme, severity=2, people=4), now=NINE + 10 * MINUTE)
    assert fresh(incident).decide_at == NINE + 15 * MINUTE
    assert paged(incident) == [("dana", 0)]


def test_five_people_do_not_wait_for_the_desk(acme: Company) -> None:
    incident = proposed(acme, now=NIGHT, people=3)
    incidents.propose(grounds(acme, severity=2, people=5), now=NIGHT + MINUTE)
    assert fresh(incident).decide_at == NIGHT + 16 * MINUTE
    assert sms_to(incident, "dana").state == "queued"


def test_without_a_manager_who_can_be_asked_it_opens_now(acme: Company) -> None:
    unreachable(acme.people["dana"])
    incident = proposed(acme)
    assert fresh(incident).state == "triggered"
    assert "no IT manager can be asked: Dana Ruiz" in incident.timeline.get(text="Opened by itself.").because


def test_accepting_pages_and_a_second_tap_changes_nothing(acme: Company) -> None:
    incident = proposed(acme)
    for _tap in range(2):
        incidents.accept(incident, actor=acme.people["dana"], now=NINE + MINUTE)
    assert paged(incident) == [("dana", 0), ("sam", 1)]
    assert not waiting_for(incident, "dana")
    assert lines(incident).count("Accepted by Dana Ruiz.") == 1


def waiting_for(incident: Incident, username: str) -> bool:
    return bool(waiting(incident)) and sms_to(incident, username).state == "queued"


def test_rejecting_needs_a_reason(acme: Company) -> None:
    with pytest.raises(ReasonNeeded):
        incidents.reject(proposed(acme), actor=acme.people["dana"], reason=" ", now=NINE)


def test_a_rejected_group_is_held_until_it_doubles_or_four_hours_pass(acme: Company) -> None:
    incident = proposed(acme, people=3)
    incidents.reject(incident, actor=acme.people["dana"], reason="a drill", now=NINE)
    assert waiting(incident) == 0
    again = grounds(acme, severity=2, people=5)
    assert incidents.propose(again, now=NINE + HOUR) == incidents.Opened(None, "held")
    doubled = incidents.propose(grounds(acme, severity=2, people=6), now=NINE + HOUR)
    assert (doubled.how, doubled.incident == incident) == ("created", False)


def test_a_hold_ends_after_four_hours_and_never_stops_a_declaration(acme: Company) -> None:
    incidents.reject(proposed(acme, people=3), actor=acme.people["dana"], reason="a drill", now=NINE)
    assert incidents.propose(grounds(acme, severity=2, people=3), now=NINE + 3 * HOUR).how == "held"
    assert incidents.declare(grounds(acme), now=NINE + 3 * HOUR).how == "created"
    vpn = {"service": acme.services["vpn"], "severity": 2, "people": 3}
    incidents.reject(proposed(acme, **vpn), actor=acme.people["dana"], reason="a drill", now=NINE)
    assert incidents.propose(grounds(acme, **vpn), now=NINE + 4 * HOUR).how == "created"


def test_a_rejected_proposal_cannot_be_accepted(acme: Company) -> None:
    incident = incidents.reject(proposed(acme), actor=acme.people["dana"], reason="a drill", now=NINE)
    with pytest.raises(IllegalMove):
        incidents.accept(incident, actor=acme.people["kim"], now=NINE)


# One outage, one incident


def test_a_second_opening_attaches(acme: Company) -> None:
    first = email_down(acme)
    opened = incidents.declare(grounds(acme, group_key="requester:7", title="Outlook"), now=NINE + HOUR)
    assert (opened.incident, opened.how) == (first, "attached")
    assert paged(first) == [("sam", 1)]
    assert "Email is down belongs to this outage." in lines(first)


def test_the_same_rule_seen_again_writes_no_second_line(acme: Company) -> None:
    first = email_down(acme)
    for minute in range(3):
        incidents.declare(grounds(acme), now=NINE + minute * MINUTE)
    assert "belongs to this outage" not in lines(first)


def test_an_opening_downstream_attaches_to_what_it_depends_on(acme: Company) -> None:
    web = Service.objects.create(slug="webmail", name="Webmail", team=acme.teams["it-ops"])
    web.depends_on.add(acme.services["email"])
    Service.objects.create(slug="app", name="App").depends_on.add(web)
    first = email_down(acme)
    opened = incidents.declare(grounds(acme, service=Service.objects.get(slug="app"), team=None), now=NINE + HOUR)
    assert (opened.incident, opened.how) == (first, "attached")
    other = incidents.declare(grounds(acme, service=acme.services["vpn"]), now=NINE + HOUR)
    assert other.how == "created"


def test_after_four_quiet_hours_another_group_is_another_incident(acme: Company) -> None:
    email_down(acme, policy=acme.policies["network"])
    Incident.objects.update(last_event_at=NINE)
    assert incidents.declare(grounds(acme, group_key="text:outlook"), now=NINE + 4 * HOUR + MINUTE).how == "created"


def test_a_more_serious_opening_raises(acme: Company) -> None:
    first = email_down(acme, severity=3)
    opened = incidents.declare(grounds(acme, severity=1), now=NINE + MINUTE)
    assert (opened.incident, opened.how, fresh(first).severity) == (first, "raised", 1)
    assert "Severity is SEV1; it was SEV3." in lines(first)


def test_a_declaration_makes_an_incident_of_the_proposal(acme: Company) -> None:
    first = proposed(acme)
    opened = incidents.declare(grounds(acme, severity=2, group_key="check:smtp-01"), now=NINE + MINUTE)
    assert (opened.incident, opened.how, fresh(first).state) == (first, "raised", "triggered")
    assert paged(first) == [("dana", 0), ("sam", 1)]


def test_a_confidential_opening_joins_nothing(acme: Company) -> None:
    open_one = email_down(acme)
    secret = incidents.declare(grounds(acme, group_key="ticket:T-1", is_confidential=True, title="Stolen laptop"), now=NINE)
    assert (secret.how, secret.incident == open_one) == ("created", False)
    assert incidents.declare(grounds(acme, group_key="x"), now=NINE).incident == open_one


def test_what_is_opened_by_hand_stands_alone(acme: Company) -> None:
    email_down(acme)
    by_hand = grounds(acme, group_key="", rule=None, version=None, title="Certificates run out")
    opened = incidents.declare(by_hand, now=NINE, actor=acme.people["dana"])
    assert opened.how == "created"
    assert opened.incident is not None
    assert (opened.incident.title, opened.incident.opened_by) == ("Certificates run out", acme.people["dana"])


def test_who_declares_without_a_reason_is_the_reason(acme: Company) -> None:
    by_hand = grounds(acme, group_key="", rule=None, version=None, reason="")
    incident = incidents.declare(by_hand, now=NINE, actor=acme.people["dana"]).incident
    assert incident is not None
    assert incident.reason == run_of(incident).why == "Dana Ruiz declared it."


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ({}, "Email is down"),
        ({"severity": 3}, "Trouble with Email"),
        ({"impacted": "everyone", "effect": "cannot"}, "Email is down"),
        ({"impacted": "me", "effect": "cannot"}, "Outlook cannot connect"),
        ({"impacted": "me", "effect": "cannot", "people": 3}, "Email is down"),
        ({"impacted": "everyone", "effect": "part"}, "Outlook cannot connect"),
        ({"is_confidential": True, "group_key": "ticket:T-1"}, "Outlook cannot connect"),
    ],
)
def test_a_title_says_which_service_is_down(acme: Company, given: dict[str, object], title: str) -> None:
    assert email_down(acme, **{"title": "Outlook cannot connect", **given}).title == title


# What belongs to it


def test_a_linked_ticket_says_why_on_both_sides(acme: Company) -> None:
    incident, mine = email_down(acme), ticket(acme)
    for _again in range(2):
        incidents.link_ticket(incident, mine, reason="similar text", actor=acme.people["ana"], now=NINE + MINUTE)
    mine.refresh_from_db()
    assert (mine.incident, mine.incident_reason, mine.evaluate_at) == (incident, "similar text", NINE + MINUTE)
    assert incident.timeline.filter(kind="ticket").count() == 1
    assert mine.entries.filter(text=f"Linked to {incident.number}.").count() == 1
    incidents.unlink_ticket(incident, mine, actor=acme.people["ana"], now=NINE + 2 * MINUTE)
    assert Ticket.objects.get(pk=mine.pk).incident is None


def test_a_rule_takes_no_ticket_from_another_open_incident(acme: Company) -> None:
    first, second, mine = email_down(acme), email_down(acme, service=acme.services["vpn"]), ticket(acme)
    incidents.link_ticket(first, mine, reason="x", actor=None, now=NINE)
    assert incidents.link_ticket(second, mine, reason="y", actor=None, now=NINE).incident == first
    assert incidents.link_ticket(second, mine, reason="y", actor=acme.people["ana"], now=NINE).incident == second


def test_an_incident_of_the_machines_alone_resolves_when_it_stays_well(acme: Company) -> None:
    incident, signal = email_down(acme, severity=2), alert(acme)
    incidents.link_alert(incident, signal, reason="R5", now=NINE)
    LinkedAlert.objects.update(cleared_at=NINE + MINUTE)
    incidents.alert_cleared(signal, now=NINE + MINUTE)
    tick(NINE + 10 * MINUTE)
    assert fresh(incident).state == "triggered"
    tick(NINE + 11 * MINUTE)
    assert fresh(incident).state == "resolved"
    assert "smtp-01 is OK again." in lines(incident)


@pytest.mark.parametrize("touch", ["sev1", "ticket", "person", "alert"])
def test_no_other_incident_resolves_by_itself(acme: Company, touch: str) -> None:
    incident, signal = email_down(acme, severity=1 if touch == "sev1" else 2), alert(acme)
    incidents.link_alert(incident, signal, reason="R5", now=NINE)
    LinkedAlert.objects.update(cleared_at=NINE + MINUTE)
    incidents.alert_cleared(signal, now=NINE + MINUTE)
    if touch == "ticket":
        incidents.link_ticket(incident, ticket(acme), reason="x", actor=None, now=NINE + 2 * MINUTE)
    if touch == "person":
        incident.timeline.create(kind="note", at=NINE, actor=acme.people["ana"], text="Looking.")
    if touch == "alert":
        incidents.link_alert(incident, alert(acme, alert_id=2), reason="R5", now=NINE + 2 * MINUTE)
    run_until(NINE + 15 * MINUTE)
    assert fresh(incident).is_open


# The end


def test_resolving_stops_paging_and_tells_those_woken(acme: Company) -> None:
    incident, mine = email_down(acme), ticket(acme)
    woken(incident, acme.people["sam"])
    incidents.link_ticket(incident, mine, reason="x", actor=None, now=NINE)
    for _tap in range(2):
        incidents.resolve(incident, actor=acme.people["dana"], reason="restarted", now=NINE + 50 * MINUTE)
    assert (fresh(incident).state, run_of(incident).state, waiting(incident), told(incident)) == ("resolved", "stopped", 0, ["sam"])
    assert Ticket.objects.get(pk=mine.pk).evaluate_at == NINE + 50 * MINUTE
    text = mail_to(incident, "sam").text
    assert text.startswith(f"{incident.number} RESOLVED 09:50 after 50 min by Dana Ruiz.\nEmail is working.")


def test_resolving_with_a_check_that_is_not_well_needs_a_reason(acme: Company) -> None:
    incident, signal = email_down(acme), alert(acme)
    incidents.link_alert(incident, signal, reason="R5", now=NINE)
    with pytest.raises(ReasonNeeded):
        incidents.resolve(incident, actor=acme.people["dana"], reason="", now=NINE + MINUTE)
    LinkedAlert.objects.update(cleared_at=NINE + 2 * MINUTE)
    with pytest.raises(ReasonNeeded):
        incidents.resolve(incident, actor=acme.people["dana"], reason="", now=NINE + 16 * MINUTE)
    assert incidents.resolve(incident, actor=acme.people["dana"], reason="", now=NINE + 17 * MINUTE).state == "resolved"


def test_mitigating_stops_paging(acme: Company) -> None:
    incident = email_down(acme)
    incidents.mitigate(incident, actor=acme.people["sam"], now=NINE + MINUTE, text="on the spare line")
    run_until(NINE + 30 * MINUTE)
    assert (fresh(incident).state, paged(incident)) == ("mitigated", [("sam", 1)])


def test_reopening_pages_anew_within_a_day(acme: Company) -> None:
    incident = email_down(acme)
    incidents.resolve(incident, actor=acme.people["dana"], reason="restarted", now=NINE)
    reopened = incidents.reopen(incident, actor=acme.people["sam"], reason="down again", now=NINE + HOUR)
    assert (reopened.state, incident.runs.count(), paged(incident)) == ("triggered", 2, [("sam", 1), ("sam", 1)])
    incidents.resolve(incident, actor=acme.people["dana"], reason="replaced", now=NINE + HOUR)
    with pytest.raises(TooLate):
        incidents.reopen(incident, actor=acme.people["sam"], reason="again", now=NINE + 26 * HOUR)


def test_what_comes_back_after_a_day_is_a_new_one_that_names_it_once(acme: Company) -> None:
    incident, dana = email_down(acme), acme.people["dana"]
    incidents.resolve(incident, actor=dana, reason="restarted", now=NINE)
    with pytest.raises(IllegalMove):
        incidents.recur(incident, actor=dana, reason="too early", now=NINE + HOUR)
    later = NINE + 25 * HOUR
    with pytest.raises(ReasonNeeded):
        incidents.recur(incident, actor=dana, reason=" ", now=later)
    made = incidents.recur(incident, actor=dana, reason="down again", now=later)
    assert incidents.recur(incident, actor=dana, reason="down again", now=later) == made
    assert (made.state, made.recurrence_of, made.title, made.severity, made.since) == ("triggered", incident, incident.title, 1, later)
    assert (fresh(incident).state, paged(made)) == ("resolved", [("sam", 1)])
    assert incident.timeline.filter(text=f"It came back: {made.number}.", because="down again").exists()
    assert made.timeline.filter(text=f"{incident.number} came back.").exists()


def test_the_page_reopens_within_a_day_and_later_leads_to_the_new_one(acme: Company) -> None:
    incident, browser = email_down(acme), signed_in(acme.people["dana"])
    incidents.resolve(incident, actor=acme.people["dana"], reason="restarted", now=clock.now() - 25 * HOUR)
    page = f"/incidents/{incident.pk}/"
    assert "It came back: open a new one" in browser.get(page).content.decode()
    answer = browser.post(f"{page}act/", {"action": "reopen", "reason": "down again"}, follow=True)
    made = incident.recurrences.get()
    assert answer.redirect_chain[-1][0] == f"/incidents/{made.pk}/"
    assert f'<a href="{page}">recurrence of {incident.number}</a>' in answer.content.decode()


def test_a_lower_severity_stops_paging_only_when_asked(acme: Company) -> None:
    incident = email_down(acme)
    woken(incident, acme.people["sam"])
    incidents.lower_severity(incident, 3, because="one person", actor=acme.people["dana"], now=NINE + MINUTE)
    assert run_of(incident).state == "running"
    incidents.lower_severity(incident, 4, because="a test", actor=acme.people["dana"], now=NINE + MINUTE, stop_paging=True)
    assert (run_of(incident).state, told(incident)) == ("stopped", ["sam"])


def test_every_move_has_an_audit_row(acme: Company) -> None:
    incident = proposed(acme)
    incidents.accept(incident, actor=acme.people["dana"], now=NINE)
    incidents.resolve(incident, actor=acme.people["dana"], reason="fixed", now=NINE)
    rows = AuditEntry.objects.filter(noun="incidents.incident", object_id=str(incident.pk)).order_by("pk")
    assert list(rows.values_list("verb", flat=True)) == ["propose", "move", "move"]
    assert [row.after["state"] for row in rows[1:]] == ["triggered", "resolved"]
