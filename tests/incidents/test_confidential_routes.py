"""A canary in every field of a confidential ticket and its incident: no list, page, feed, letter or index outside its list holds it."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver

from incidents import attaching, automation, checklists, conversation, incidents, mornings, pledges, tickets, vault, vendors
from incidents.models import CustomField, Incident, StepTarget, Ticket, Vendor
from notifications.models import ContactMethod, Happening, LadderRung, Message, Webhook
from servicedesk.api import statics  # noqa: F401  (the whole tree of URLs is loaded)
from servicedesk.operations.worlds.company import Company
from servicedesk.search.models import SearchDoc
from tests.actors import NINE, at, signed_in
from tests.incidents.alarms import run_until
from tests.incidents.reporting import report
from tests.speaking import program

CANARY = "qzx7canary"
NEAR = "wombat"  # stands beside the canary wherever it does; looking for it echoes nothing that a leak would be
BOTH = f"{CANARY} {NEAR}"
OUTSIDE = ("omar", "ana", "adam", "vera")  # none of them on the list, none of the owning team
NOT_LISTS = ("/admin/", "/logout/", "/hooks/", "/in/", "/a/", "/static/", "/setup/", "/login/", "/v1/", "/v2/", "/generic/")


def addresses(patterns: list[object], before: str = "/") -> list[str]:
    """Every address that takes no argument."""
    found: list[str] = []
    for one in patterns:
        path = before + str(getattr(one, "pattern", ""))
        if isinstance(one, URLResolver):
            found += addresses(one.url_patterns, path)
        elif isinstance(one, URLPattern) and not set("<^(") & set(path) and not path.startswith(NOT_LISTS):
            found.append(path)
    return found


LISTS = sorted(addresses(get_resolver().url_patterns))


@pytest.fixture
def secret(acme: Company) -> Ticket:
    """Reported as stolen, by Ella, of the network team; all that can be written on a ticket is, and it has an incident of its own.

    Sam is told by mail, SMS, call and chat, and a program hears of all that happens and is called by the policy.
    """
    network, sam = acme.teams["network"], acme.people["sam"]
    listened_to(acme)
    CustomField.objects.create(category="Loss", key="place", label="Where was it?")
    ticket = report(acme, "ella", at(9), f"{BOTH} laptop was stolen", loss=True)
    Ticket.objects.filter(pk=ticket.pk).update(team=network, category="Loss", fields={"place": f"{BOTH} street"})
    ticket.refresh_from_db()
    conversation.reply(ticket, author=sam, text=f"{BOTH} reply", now=at(9, 1))
    conversation.note(ticket, author=sam, text=f"{BOTH} note @ana @ben", now=at(9, 2))
    conversation.call(ticket, author=sam, text=f"{BOTH} call", direction="out", minutes=2, now=at(9, 3))
    promise = {"promise": f"{BOTH} promise", "due_at": at(10)}
    pledges.answer(ticket, author=sam, text="", now=at(9, 4), **promise)  # type: ignore[arg-type]
    tickets.add_tag(ticket, BOTH, actor=sam, now=at(9, 5))
    worked_on(ticket, acme)
    automation.requester_reply(ticket, author=acme.people["ella"], text=f"{BOTH} more", now=at(9, 6))
    grounds = incidents.Grounds(
        title=f"{BOTH} incident", reason=f"{BOTH} why", what=f"{BOTH} what", severity=2, since=at(9), team=network, service=None,
        is_confidential=True, tickets=(ticket,),
    )  # fmt: skip
    incidents.declare(grounds, actor=sam, now=at(9, 7))
    run_until(at(9, 30), start=at(9, 8))
    pledges.watch_over(now=at(10, 1))
    mornings.send_due(now=at(7, 30, day=24))
    ticket.refresh_from_db()
    return ticket


def listened_to(acme: Company) -> None:
    """Sam's pages go to a chat too; a program hears of all that happens, as it does of Omar's ordinary report."""
    sam = acme.people["sam"]
    chat = ContactMethod.objects.create(person=sam, kind="chat", address="https://chat.example/sam", verified_at=NINE, created_at=NINE)
    LadderRung.objects.create(person=sam, urgency="urgent", position=3, delay_s=0, method=chat)
    hook = Webhook.objects.create(name="ops", url="https://ops.example/in", events=Happening.values, secret="x", created_at=NINE)
    StepTarget.objects.create(step=acme.policies["it-ops"].steps.get(position=1), kind="webhook", webhook=hook)
    report(acme, "omar", at(8, 59))


def worked_on(ticket: Ticket, acme: Company) -> None:
    """A file, a line to tick off, and a vendor's case that is chased."""
    sam = acme.people["sam"]
    with transaction.atomic():
        attaching.attach(ticket, None, [vault.put(f"{BOTH}.txt", [b"as it was"])], actor=sam, now=at(9, 5))
    checklists.add(ticket, f"{BOTH} line", actor=sam, now=at(9, 5))
    maker = Vendor.objects.create(name="Laptop maker", answers_within_s=20)
    vendors.hand_over(ticket, maker, number=f"{BOTH} case", actor=sam, now=at(9, 5))
    assert vendors.chase_due(now=at(9, 5).replace(second=30)) == 1


@pytest.mark.parametrize("who", OUTSIDE)
def test_no_list_shows_it_to_who_is_not_on_its_list(acme: Company, secret: Ticket, who: str) -> None:
    browser = signed_in(acme.people[who])
    found = []
    for path in [address for one in LISTS for address in (one, f"{one}?q={NEAR}")]:
        answer = browser.get(path)
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if CANARY in text.decode(errors="replace"):
            found.append(path)
    assert found == []


def test_its_own_people_find_it_on_those_lists(acme: Company, secret: Ticket) -> None:
    """So that the walk above would see a leak."""
    reader = acme.people["kim"]
    assert secret.is_confidential
    assert CANARY in signed_in(reader).get(f"/queue/?q={NEAR}").content.decode()


def test_it_is_found_by_nobody_not_even_by_its_own_team(acme: Company, secret: Ticket) -> None:
    assert not SearchDoc.objects.filter(body__contains=CANARY).exists()
    assert not SearchDoc.objects.filter(title__contains=CANARY).exists()


def test_what_goes_out_carries_no_facts_by_phone_chat_or_webhook_and_none_to_strangers(acme: Company, secret: Ticket) -> None:
    incident = Incident.objects.get(is_confidential=True)
    inside = {"ella", "sam"} | set(incident.readers.values_list("person__username", flat=True))
    told = set(Message.objects.filter(thread=incident.number).values_list("channel", flat=True))
    assert told >= {"email", "sms", "voice", "chat"}
    assert Message.objects.filter(channel="webhook").exists()
    assert not Message.objects.filter(channel="webhook", thread__in=[incident.number, secret.number]).exists()
    for message in Message.objects.exclude(channel="email"):
        assert CANARY not in f"{message.subject}{message.text}{message.html}{message.short}"
    for message in Message.objects.filter(channel="email"):
        if CANARY in f"{message.subject}{message.text}{message.html}":
            assert message.person, message.to
            assert message.person.username in inside


def test_no_program_reads_it(acme: Company, secret: Ticket) -> None:
    job = program()
    for path in ("tickets/", "incidents/", "messages/", "attachments/", "people/", "teams/"):
        assert CANARY not in job.get(f"{path}?limit=200").content.decode()
    assert job.get(f"tickets/{secret.pk}/").status_code == 404
