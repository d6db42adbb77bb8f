"""What a page says when a person, not a check, saw it first."""

from __future__ import annotations

from incidents import automation
from notifications.models import Message
from servicedesk.operations.worlds.company import Company
from tests.actors import at


def test_the_page_for_one_persons_report_has_their_own_words(acme: Company) -> None:
    words = {"what": "Nobody can send e-mail at all", "impacted": "everyone", "effect": "cannot", "service": acme.services["email"]}
    automation.file_ticket(requester=acme.people["ella"], now=at(3, 12, day=24), **words)
    text = Message.objects.get(person=acme.people["sam"], channel="sms").text
    assert '"Nobody can send e-mail at all"' in text
    assert "You are primary" in text


def test_the_page_of_a_confidential_report_has_none_of_them(acme: Company) -> None:
    words = {"what": "The payroll laptop was stolen", "impacted": "everyone", "effect": "cannot", "loss": True}
    automation.file_ticket(requester=acme.people["ella"], now=at(3, 12, day=24), **words)
    assert not Message.objects.filter(text__icontains="payroll").exclude(person=acme.people["ella"]).exists()
    assert not Message.objects.filter(channel="sms", text__icontains="laptop").exists()
