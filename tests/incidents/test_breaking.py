"""What breaks if…: what names it, and who would then be woken; asking changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from incidents import breaking
from incidents.models import Incident, Policy, ServiceLevel
from notifications.models import ContactMethod, Message
from servicedesk import clock
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.alarms import email_down
from tests.incidents.test_escalation_answers import ack


@pytest.fixture(autouse=True)
def at_nine(settings: Any, tmp_path: Path) -> None:
    settings.CLOCK_FILE = tmp_path / "clock"
    clock.move_to(NINE)


def told(what: str) -> list[str]:
    return [f"{effect.tone}: {effect.text}" for effect in breaking.what_breaks(what, now=NINE).effects]


def named(what: str) -> list[str]:
    return [text for text, _url in breaking.what_breaks(what, now=NINE).named]


def test_a_person_who_is_gone_leaves_the_page_to_the_next(acme: Company) -> None:
    first = told("person:sam")[0]
    assert first.startswith("warn: IT Ops at 09:00: Dana Ruiz is woken at once; now Sam Lee is woken at once")
    names = named("person:sam")
    assert "Takes turns on IT Ops primary" in names


def test_what_a_person_has_in_hand_is_named_and_of_the_confidential_only_the_number(acme: Company) -> None:
    plain, secret = email_down(acme), email_down(acme, is_confidential=True, group_key="x", title="xyzzy")
    for incident in (plain, secret):
        ack(incident, acme.people["kim"])
    names = named("person:kim")
    assert f"Has {plain.number}" in names
    assert "1 confidential incident" in names
    assert "Last resort of IT Ops" in names
    assert "xyzzy" not in str(names)


def test_without_the_provider_of_telephones_nobody_is_woken(acme: Company) -> None:
    assert any(line.startswith("bad: IT Ops at 09:00: nobody is woken any more") for line in told("provider:twilio"))
    assert all(not line.startswith("bad") for line in told("provider:email"))


def test_a_number_shared_by_methods_is_gone_as_a_whole(acme: Company) -> None:
    sms = ContactMethod.objects.get(person=acme.people["sam"], kind="sms")
    assert told(f"number:{sms.pk}")[0].startswith("warn: IT Ops at 09:00: Dana Ruiz is woken at once")
    assert breaking.what_breaks(f"number:{sms.pk}", now=NINE).title == "+33•••01"


def test_a_service_says_who_depends_on_it_and_who_is_woken(acme: Company) -> None:
    assert told("service:email") == ["info: If it fails now, Sam Lee is woken at once."]
    assert "Policy IT Ops" in named("service:email")


def test_a_policy_says_which_services_would_page_somebody_else(acme: Company) -> None:
    assert any("Email" in line for line in [*told("policy:it-ops"), *named("policy:it-ops")])


def test_asking_changes_nothing(acme: Company) -> None:
    kinds = (Incident, Message, Policy)
    before = [kind.objects.count() for kind in kinds], list(Policy.objects.values_list("pk", "is_default", "services"))
    for what in ("person:sam", "provider:twilio", "policy:it-ops", "service:email"):
        breaking.what_breaks(what, now=NINE)
    assert ([kind.objects.count() for kind in kinds], list(Policy.objects.values_list("pk", "is_default", "services"))) == before
    assert User.objects.get(username="sam").is_active
    assert not ContactMethod.objects.exclude(disabled_at=None).exists()


@pytest.mark.parametrize("what", ["person:nobody", "number:x", "number:L9999999999999999999999", "provider:owls", "cat", "person:"])
def test_what_is_not_known_is_said_and_no_fault(acme: Company, what: str) -> None:
    with pytest.raises(breaking.NotKnown):
        breaking.what_breaks(what, now=NINE)
    assert signed_in(acme.people["adam"]).get("/what-breaks-if/", {"what": what}).status_code == 404


def test_its_page_offers_everything_and_answers(acme: Company) -> None:
    dana = signed_in(acme.people["dana"])
    page = dana.get("/what-breaks-if/").content.decode()
    assert all(value in page for value in ("person:sam", "service:email", "policy:it-ops", "provider:twilio", "555-0100"))
    assert "+33600000001" not in page
    assert "Dana Ruiz is woken at once" in dana.get("/what-breaks-if/?what=person:sam").content.decode()


def test_a_service_level_that_names_a_person_or_a_service_is_told_of_both(acme: Company) -> None:
    row = ServiceLevel.objects.create(slug="board", name="Board")
    row.people.add(acme.people["omar"])
    row.services.add(acme.services["vpn"])
    assert ("Named by service level Board", "/service-levels/") in breaking.what_breaks("person:omar", now=NINE).named
    assert "Named by service level Board" in named("service:vpn")
    ServiceLevel.objects.filter(pk=row.pk).update(is_active=False)
    assert "Named by service level Board" not in named("person:omar") + named("service:vpn")
