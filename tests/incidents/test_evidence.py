"""What a page says is true when it is read: the reasons that hold, and what a proposal is decided by."""

from __future__ import annotations

import pytest

from incidents import alerts, automation, escalation, evidence, incidents
from incidents.models import Incident, LinkedAlert, SignedLink
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.alarms import MINUTE, email_down, fresh, grounds, mail_to, proposed, sms_to
from tests.incidents.reporting import report

DAY = 24 * 60 * MINUTE
SMTP = "smtp-01 critical for 5 min on a tier-1 service (rule R5, version 1)."
IMAP = "imap-02 critical for 5 min on a tier-1 service (rule R5, version 1)."


def check(acme: Company, number: int, slug: str) -> LinkedAlert:
    """A check of Email fails; no rule has looked at it."""
    facts = {
        "check_id": number,
        "check_slug": slug,
        "service": acme.services["email"],
        "status": "critical",
        "summary": f"{slug} times out",
    }
    return LinkedAlert.objects.create(alert_id=number, since=NINE, status_since=NINE, updated_at=NINE, **facts)


def signed_page(acme: Company, incident: Incident, who: str) -> str:
    link = SignedLink.objects.get(incident=incident, person=acme.people[who])
    return signed_in(acme.people[who]).get(f"/a/{link.token}").content.decode()


@pytest.fixture
def two_checks(acme: Company) -> Incident:
    """smtp-01 opened it, imap-02 joined it, and smtp-01 is well again."""
    incident = email_down(acme, alerts=(check(acme, 1, "smtp-01"),))
    incidents.declare(grounds(acme, reason=IMAP, alerts=(check(acme, 2, "imap-02"),)), now=NINE + 5 * MINUTE)
    alerts.cleared(1, now=NINE + 8 * MINUTE)
    return fresh(incident)


def test_a_later_page_quotes_no_check_that_is_well_again(acme: Company, two_checks: Incident) -> None:
    assert "smtp-01" in sms_to(two_checks, "sam").text
    escalation.advance_due(now=NINE + 10 * MINUTE)
    assert "imap-02" in sms_to(two_checks, "dana").text
    for text in (sms_to(two_checks, "dana").text, mail_to(two_checks, "dana").text, signed_page(acme, two_checks, "dana")):
        assert "smtp-01 critical" not in text
    assert evidence.reasons(two_checks) == [IMAP]


def test_where_every_check_is_well_the_pages_say_so(acme: Company, two_checks: Incident) -> None:
    alerts.cleared(2, now=NINE + 9 * MINUTE)
    escalation.advance_due(now=NINE + 10 * MINUTE)
    assert "imap-02 is OK again" in sms_to(two_checks, "dana").text
    assert "imap-02 is OK again since" in signed_page(acme, two_checks, "dana")
    assert "imap-02 is OK again" in signed_in(acme.people["dana"]).get(f"/incidents/{two_checks.pk}/").content.decode()


def test_reports_proposed_it_and_a_check_declares_it_both_are_told(acme: Company) -> None:
    said = "5 people report trouble with Email in 30 min (rule R4, version 1)."
    mine = grounds(acme, severity=2, reason=said, people=5)
    incident = incidents.propose(mine, now=NINE).incident
    assert incident
    incidents.declare(grounds(acme, severity=2, alerts=(check(acme, 1, "smtp-01"),)), now=NINE + MINUTE)
    assert (fresh(incident).reason, fresh(incident).state) == (SMTP, "triggered")
    assert "smtp-01 critical" in sms_to(incident, "sam").text
    LinkedAlert.objects.update(cleared_at=NINE + 2 * MINUTE)
    assert SMTP not in evidence.reasons(fresh(incident))


def test_what_is_opened_again_says_why(acme: Company) -> None:
    incident = email_down(acme, alerts=(check(acme, 1, "smtp-01"),))
    alerts.cleared(1, now=NINE + MINUTE)
    incidents.resolve(incident, actor=acme.people["dana"], reason="restarted", now=NINE + 2 * MINUTE)
    incidents.reopen(incident, actor=acme.people["dana"], reason="Mails are lost again", now=NINE + 3 * MINUTE)
    assert "Paging because: Mails are lost again" in mail_to(incident, "sam").text
    for page in (signed_page(acme, incident, "sam"), signed_in(acme.people["dana"]).get(f"/incidents/{incident.pk}/").content.decode()):
        assert "Mails are lost again" in page


def test_a_proposal_is_decided_by_who_how_many_what_since_when_before_and_which_rule(acme: Company) -> None:
    old = email_down(acme, now=NINE - 20 * DAY, since=NINE - 20 * DAY)
    incidents.resolve(old, actor=acme.people["dana"], reason="restarted smtp-01", now=NINE - 20 * DAY)
    for minute, who in enumerate(("ella", "omar", "lea", "ben", "kim")):
        report(acme, who, at(9, minute), what="Outlook cannot connect to the mail server")
    automation.evaluate_due(now=at(9, 5))
    incident = Incident.objects.get(state="proposed")
    told = dict(evidence.card(incident, now=at(9, 5)))
    assert told["Who"].startswith("5 people")
    assert told["Service"] == "Email"
    assert told["Rule"] == f"{incident.rule.key}, version 1: {incident.rule.name}" if incident.rule else False
    assert told["Before"] == f"{old.number} SEV1, Tue 3 Nov, 09:00, resolved: restarted smtp-01"
    mail, page = mail_to(incident, "dana").text, signed_page(acme, incident, "dana")
    assert [value for value in told.values() if value.partition(":")[0] not in page] == []
    assert all(f"{label}: {told[label]}" in mail for label in ("Service", "Rule", "Before"))
    assert not any(name in mail + page for name in ("Ella", "Omar", "Lea"))


def test_a_confidential_proposal_shows_nothing(acme: Company) -> None:
    incident = proposed(acme, is_confidential=True, group_key="ticket:T-1")
    assert evidence.card(incident, now=NINE) == []
    assert "R5" not in signed_page(acme, incident, "dana")


def test_a_reason_told_already_is_not_told_twice(acme: Company) -> None:
    incident = proposed(acme)
    incidents.decide_due(now=at(12))
    assert fresh(incident).state == "triggered"
    assert evidence.why_paging(fresh(incident)) == "nobody decided"
    assert evidence.why_paging(email_down(acme, service=acme.services["vpn"])) == ""
