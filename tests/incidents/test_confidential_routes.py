"""A canary in every field of a confidential ticket and its incident: no list, page, feed, letter or index outside its list holds it."""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from incidents import automation, conversation, incidents, mornings, pledges, tickets
from incidents.models import Incident, Ticket
from notifications.models import Message
from servicedesk.api import statics  # noqa: F401  (the whole tree of URLs is loaded)
from servicedesk.operations.worlds.company import Company
from servicedesk.search.models import SearchDoc
from tests.actors import at, signed_in
from tests.incidents.reporting import report
from tests.speaking import program

CANARY = "qzx7canary"
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
    """Reported as stolen, by Ella, of the network team; answered, noted, promised, given a tag, and an incident of its own."""
    network, sam = acme.teams["network"], acme.people["sam"]
    ticket = report(acme, "ella", at(9), f"{CANARY} laptop was stolen", loss=True)
    Ticket.objects.filter(pk=ticket.pk).update(team=network)
    ticket.refresh_from_db()
    conversation.reply(ticket, author=sam, text=f"{CANARY} reply", now=at(9, 1))
    conversation.note(ticket, author=sam, text=f"{CANARY} note @ana @ben", now=at(9, 2))
    conversation.call(ticket, author=sam, text=f"{CANARY} call", direction="out", minutes=2, now=at(9, 3))
    promise = {"promise": f"{CANARY} promise", "due_at": at(10)}
    pledges.answer(ticket, author=sam, text="", now=at(9, 4), **promise)  # type: ignore[arg-type]
    tickets.add_tag(ticket, CANARY, actor=sam, now=at(9, 5))
    automation.requester_reply(ticket, author=acme.people["ella"], text=f"{CANARY} more", now=at(9, 6))
    grounds = incidents.Grounds(
        title=f"{CANARY} incident", reason=f"{CANARY} why", what=f"{CANARY} what", severity=2, since=at(9), team=network, service=None,
        is_confidential=True, tickets=(ticket,),
    )  # fmt: skip
    incidents.declare(grounds, actor=sam, now=at(9, 7))
    pledges.watch_over(now=at(10, 1))
    mornings.send_due(now=at(7, 30, day=24))
    ticket.refresh_from_db()
    return ticket


@pytest.mark.parametrize("who", OUTSIDE)
def test_no_list_shows_it_to_who_is_not_on_its_list(acme: Company, secret: Ticket, who: str) -> None:
    browser = signed_in(acme.people[who])
    found = []
    for path in LISTS:
        answer = browser.get(f"{path}?q={CANARY}")
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        shown = text.decode(errors="replace").replace(f"q={CANARY}", "").replace(f'value="{CANARY}"', "").replace(f"about={CANARY}", "")
        if CANARY in shown.replace(f": {CANARY}", ""):
            found.append(path)
    assert found == []


def test_it_is_found_by_nobody_not_even_by_its_own_team(acme: Company, secret: Ticket) -> None:
    assert not SearchDoc.objects.filter(body__contains=CANARY).exists()
    assert not SearchDoc.objects.filter(title__contains=CANARY).exists()


def test_what_goes_out_carries_no_facts_by_phone_chat_or_webhook_and_none_to_strangers(acme: Company, secret: Ticket) -> None:
    inside = {"ella", "sam"} | set(Incident.objects.get(is_confidential=True).readers.values_list("person__username", flat=True))
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
