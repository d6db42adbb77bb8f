"""What a legal hold names is neither pruned, nor taken back, nor erased; two people set it and two lift it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from incidents import conversation, withdrawing
from incidents.models import Entry
from monitoring.models import Result
from servicedesk.audit import holds
from servicedesk.audit.models import AuditEntry, LegalHold
from servicedesk.directory.models import User
from servicedesk.operations import erasure, retention
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.test_incidents import ticket


def hold(acme: Company, subject: str) -> LegalHold:
    return holds.ask(subject, reason="Case 7", actor=acme.people["adam"], now=NINE)


def test_it_counts_at_once_and_ends_by_two(acme: Company) -> None:
    adam, dana = acme.people["adam"], acme.people["dana"]
    row = hold(acme, "T-1001")
    assert holds.held("T-1001") == row
    with pytest.raises(holds.SamePerson):
        holds.confirm(row, actor=adam, now=NINE)
    holds.confirm(row, actor=dana, now=NINE)
    with pytest.raises(holds.NotNow):
        holds.lift(row, actor=dana, now=NINE)  # nobody has asked
    holds.ask_to_lift(row, actor=dana, now=NINE)
    with pytest.raises(holds.SamePerson):
        holds.lift(row, actor=dana, now=NINE)
    assert holds.held("T-1001")
    holds.lift(row, actor=adam, now=NINE)
    assert holds.held("T-1001") is None
    assert list(AuditEntry.objects.filter(noun="audit.legalhold").values_list("verb", flat=True)) == [
        "lift",
        "ask to lift",
        "confirm",
        "ask",
    ]


def test_the_database_itself_asks_for_two(acme: Company) -> None:
    row = hold(acme, "everything")
    with pytest.raises(IntegrityError), transaction.atomic():
        LegalHold.objects.filter(pk=row.pk).update(lift_asked_by=row.asked_by, lifted_by=row.asked_by, lifted_at=NINE)
    with pytest.raises(IntegrityError), transaction.atomic():
        LegalHold.objects.filter(pk=row.pk).update(lifted_at=NINE)


@pytest.mark.parametrize(("subject", "left"), [("everything", 1), ("INC-201", 1), ("T-1001", 0), ("person:1", 0)])
def test_nothing_of_monitoring_is_pruned_while_an_incident_is_held(acme: Company, subject: str, left: int) -> None:
    old = NINE - timedelta(days=100)
    Result.objects.create(day=old.date(), check_id=1, status="ok", received_at=old)
    hold(acme, subject)
    retention.prune(now=NINE)
    assert Result.objects.count() == left


def test_prune_says_why_it_drops_nothing(acme: Company) -> None:
    said = StringIO()
    hold(acme, "INC-201")
    call_command("prune", stdout=said)
    assert "(INC-201): nothing is dropped." in said.getvalue()


def test_an_answer_on_a_held_ticket_is_not_taken_back(acme: Company) -> None:
    ana, asked = acme.people["ana"], ticket(acme)
    entry = conversation.reply(asked, author=ana, text="Try again", now=NINE)
    assert isinstance(entry, Entry)
    hold(acme, asked.number)
    with pytest.raises(withdrawing.TooLate):
        withdrawing.take_back(entry, actor=ana, now=NINE)


@pytest.mark.parametrize("subject", ["everything", "person", "ticket"])
def test_a_held_person_is_not_erased(acme: Company, subject: str) -> None:
    ella = acme.people["ella"]
    asked = ticket(acme)
    User.objects.filter(pk=ella.pk).update(is_active=False)
    hold(acme, {"person": holds.of_person(ella), "ticket": asked.number}.get(subject, subject))
    with pytest.raises(holds.UnderHold):
        erasure.erase(ella, actor=None, now=NINE)
    assert User.objects.get(pk=ella.pk).name == "Ella"


def test_the_admin_asks_for_a_second_person(acme: Company) -> None:
    browser = signed_in(acme.people["adam"])
    added = browser.post(reverse("admin:audit_legalhold_add"), {"subject": "ella", "reason": "Case 7"})
    assert added.status_code == 302
    row = LegalHold.objects.get()
    assert row.subject == f"person:{acme.people['ella'].pk}"
    done = browser.post(reverse("admin:audit_legalhold_changelist"), {"action": "confirm", "_selected_action": row.pk}, follow=True)
    assert "it takes a second person" in done.content.decode()
    refused = browser.post(reverse("admin:audit_legalhold_add"), {"subject": "T-99999", "reason": "Case 7"})
    assert "nobody&#x27;s user name" in refused.content.decode()
