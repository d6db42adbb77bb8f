"""Service levels: the first that fits decides, a ticket keeps the version it was put on, and no edit pages anybody."""

from __future__ import annotations

import random
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from incidents import automation, levels, promise, starter, targets, tickets
from incidents.clocks import PAUSES, Terms
from incidents.levels import Level
from incidents.models import Page, ServiceLevel, Ticket
from servicedesk.audit.models import AuditEntry
from servicedesk.operations import examination
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, at, signed_in
from tests.incidents.reporting import report
from tests.incidents.test_repairing import lived

FAST = [300, 600, 3600, True]


def level(acme: Company, slug: str = "vip", position: int = 1, times: list[Any] = FAST, **wanted: Any) -> ServiceLevel:
    """One with the same times for every severity."""
    rows = {name: wanted.pop(name) for name in levels.CHOSEN if name in wanted}
    told = {"name": slug.upper(), "position": position, "targets": {str(rank): times for rank in range(1, 5)}, "pauses": ["requester"]}
    made = ServiceLevel.objects.create(slug=slug, **told, **wanted)
    for name, chosen in rows.items():
        getattr(made, name).set(chosen)
    levels.publish(made, actor=acme.people["adam"], now=NINE)
    return made


def runs_on(ticket: Ticket) -> str:
    return levels.of(Ticket.objects.get(pk=ticket.pk).service_level_id).slug


def stands() -> None:
    """Every stored time is what the histories say."""
    told = StringIO()
    call_command("repair_clocks", "--check", stdout=told)
    assert "differences=0" in told.getvalue()


def test_a_desk_begins_with_one_level_for_everything(acme: Company) -> None:
    assert runs_on(report(acme, "ella", NINE)) == "standard"
    (row,) = ServiceLevel.objects.all()
    assert (row.is_rest, row.targets) == (True, levels.as_json(starter.TARGETS))


def test_the_level_of_everything_else_cannot_be_switched_off_nor_be_two(acme: Company) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ServiceLevel.objects.update(is_active=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        ServiceLevel.objects.create(slug="another", name="Another", is_rest=True)


def test_the_first_that_fits_decides(acme: Company) -> None:
    ella, vpn = acme.people["ella"], acme.services["vpn"]
    level(acme, "vpn", 2, services=[vpn])
    level(acme, "vip", 1, people=[ella])
    level(acme, "reports", 3, kind="report")
    assert runs_on(report(acme, "ella", NINE, service=vpn)) == "vip"
    assert runs_on(report(acme, "omar", NINE, "VPN is slow", service=vpn)) == "vpn"
    assert runs_on(report(acme, "omar", NINE, "Something else", effect="cannot")) == "reports"
    assert runs_on(report(acme, "omar", NINE, "How do I", effect="question")) == "standard"


@pytest.mark.parametrize(("name", "value"), [("categories", ["Lathes"]), ("departments", ["finance"])])
def test_words_are_compared_without_their_case(acme: Company, name: str, value: list[str]) -> None:
    level(acme, **{name: value})
    assert runs_on(report(acme, "ella", NINE, category="lathes")) == "vip"
    assert runs_on(report(acme, "eve", NINE, "Another")) == "standard"


def test_one_that_is_switched_off_is_passed_over_and_who_runs_on_it_goes_on(acme: Company) -> None:
    row = level(acme, people=[acme.people["ella"]])
    before = report(acme, "ella", NINE)
    ServiceLevel.objects.filter(pk=row.pk).update(is_active=False)
    assert (runs_on(report(acme, "ella", NINE, "Another")), runs_on(before)) == ("standard", "vip")
    stands()


def test_an_edit_counts_for_tickets_from_then_on_and_touches_and_pages_nothing_open(acme: Company) -> None:
    ticket = report(acme, "ella", NINE, impacted="everyone", effect="part")
    before = Ticket.objects.filter(pk=ticket.pk).values().get()
    row = ServiceLevel.objects.get(is_rest=True)
    row.targets = {str(rank): [60, 60, 60, True] for rank in range(1, 5)}
    row.save(update_fields=["targets"])
    levels.publish(row, actor=acme.people["adam"], now=at(9, 5))
    automation.evaluate_due(now=at(9, 6))
    assert Ticket.objects.filter(pk=ticket.pk).values().get() | {"evaluate_at": None} == before | {"evaluate_at": None}
    assert (report(acme, "omar", at(9, 6), "Another").first_answer_due_at, Page.objects.count()) == (at(9, 7), 0)
    stands()


def test_a_new_level_takes_no_open_ticket_of_which_nothing_changes(acme: Company) -> None:
    ticket = report(acme, "ella", NINE)
    level(acme, people=[acme.people["ella"]])
    tickets.set_severity(ticket, rank=4, actor=acme.people["ana"], now=at(9, 1))
    automation.evaluate_ticket(ticket, now=at(9, 2))
    assert (runs_on(ticket), runs_on(report(acme, "ella", at(9, 2), "Another"))) == ("standard", "vip")


def test_a_ticket_that_goes_to_another_team_comes_under_its_level_and_is_not_late_by_it(acme: Company) -> None:
    level(acme, teams=[acme.teams["network"]])
    ticket = report(acme, "ella", NINE, impacted="me", effect="part")
    assert ticket.first_answer_due_at == at(13)
    tickets.set_team(ticket, acme.teams["network"], actor=acme.people["ana"], now=at(12))
    row = Ticket.objects.get(pk=ticket.pk)
    assert (runs_on(row), row.first_answer_due_at, row.is_due_quiet) == ("vip", at(12, 5), False)
    assert row.entries.latest("pk").data["because"] == "Team: Network"
    tickets.set_team(row, acme.teams["service-desk"], actor=acme.people["ana"], now=at(12, 1))
    assert Ticket.objects.get(pk=ticket.pk).first_answer_due_at == at(13)
    stands()


def test_its_own_pauses_count(acme: Company) -> None:
    level(acme, people=[acme.people["ella"]])  # stands still for the requester alone
    ticket = report(acme, "ella", NINE)
    tickets.wait(ticket, Ticket.Waiting.VENDOR, actor=acme.people["ana"], now=at(9, 1))
    assert targets.clocks_of(ticket, now=at(9, 30))["resolution"].state == "running"


def test_whatever_is_done_between_edits_what_is_stored_is_what_the_histories_say_and_nothing_is_late_by_it(acme: Company) -> None:
    dice, ana = random.Random(7), acme.people["ana"]
    rows = [level(acme, slug, teams=[acme.teams[slug]]) for slug in ("network", "it-ops")]
    for seed in range(12):
        number = lived(acme, seed).pk
        for step in range(1, 5):
            before = Ticket.objects.get(pk=number)
            now = before.updated_at + timedelta(minutes=dice.randrange(1, 90))
            tickets.set_team(before, acme.teams[dice.choice(["network", "it-ops", "service-desk"])], actor=ana, now=now)
            after = Ticket.objects.get(pk=number)
            times = [(getattr(after, name), getattr(before, name)) for name in targets.STORED]
            assert [new for new, old in times if new and new < now and new != old] == [], (seed, step)
            dice.choice(rows).targets = {str(rank): [*dice.sample(range(60, 90_000), 3), True] for rank in range(1, 5)}
            for row in rows:
                row.save(update_fields=["targets"])
                levels.publish(row, actor=ana, now=now)
    stands()


FORM = {"name": "Board", "slug": "board", "position": 1, "is_active": "on", "departments": "Board", "pauses": ["vendor"]}
FORM |= {
    f"{name}_{rank}": said for rank in range(1, 5) for name, said in {"first": "30 min", "next": "4 h", "solution": "1 h 30 min"}.items()
}


@pytest.fixture
def adam(acme: Company) -> Client:
    return signed_in(acme.people["adam"])


def test_an_administrator_adds_one_and_the_trail_tells_it(adam: Client) -> None:
    assert adam.post("/admin/incidents/servicelevel/add/", FORM | {"always_1": "on"}).status_code == 302
    row = ServiceLevel.objects.get(slug="board")
    assert (row.targets["1"], row.targets["4"]) == ([1800, 14_400, 5400, True], [1800, 14_400, 5400, False])
    told = AuditEntry.objects.get(noun="incidents.servicelevel", verb="publish", object_id=str(row.pk))
    assert (told.after["for"], told.after["pauses"]) == ("Department: Board", ["vendor"])
    adam.post(f"/admin/incidents/servicelevel/{row.pk}/change/", FORM | {"first_4": "10 min", "always_1": "on"})
    told = AuditEntry.objects.filter(noun="incidents.servicelevel", verb="publish").latest("pk")
    assert told.before == {"version": 1, "SEV4": "30 min, 4 h, 1 h 30 min, in desk hours"}
    assert told.after == {"version": 2, "SEV4": "10 min, 4 h, 1 h 30 min, in desk hours"}
    page = adam.get("/service-levels/").content.decode()
    assert "Department: Board" in page
    assert page.index('id="board"') < page.index('id="standard"')


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"first_2": "soon"}, "Write hours and minutes"),
        ({"first_2": "0 min"}, "Longer than nothing"),
        ({"first_2": "2 h"}, "Nothing is solved before it is answered"),
        ({"departments": ""}, "Say for which tickets it is"),
    ],
)
def test_what_cannot_be_meant_is_said(adam: Client, change: dict[str, str], words: str) -> None:
    assert words in adam.post("/admin/incidents/servicelevel/add/", FORM | change).content.decode()


def test_one_that_can_never_fit_is_told(acme: Company, adam: Client) -> None:
    level(acme, "all-reports", 1, kind="report")
    page = adam.post("/admin/incidents/servicelevel/add/", FORM | {"kind": "report", "position": 2}, follow=True).content.decode()
    assert "No ticket comes under Board" in page
    assert "No ticket comes under it" in adam.get("/service-levels/").content.decode()


def test_the_clocks_of_a_ticket_name_their_level_and_its_times(acme: Company) -> None:
    ticket = report(acme, "ella", NINE, impacted="me", effect="part")
    page = signed_in(acme.people["ana"]).get(f"/tickets/{ticket.pk}/clocks/").content.decode()
    assert (
        ">Standard</a>: first answer within 4 h 00 min, every next one within 10 h 00 min, solution within 50 h 00 min of desk hours"
        in page
    )


NAMES = ("kind", "teams", "services")
WANTED = st.dictionaries(st.sampled_from(NAMES), st.frozensets(st.integers(1, 3), min_size=1))
ASKED = st.lists(WANTED, max_size=5)
FACTS = st.fixed_dictionaries({name: st.integers(1, 4) for name in NAMES})


def plain(at: int, wanted: Any) -> Level:
    return Level(at, at, str(at), str(at), 1, False, Terms({}, PAUSES), wanted)


@given(asked=ASKED, facts=FACTS)
def test_what_is_chosen_fits_and_nothing_before_it_does(asked: list[Any], facts: dict[str, int]) -> None:
    found = [plain(at, wanted) for at, wanted in enumerate(asked)]
    chosen = levels.first(found, facts)
    before = found[: found.index(chosen)] if chosen else found
    assert chosen is None or all(facts[name] in values for name, values in chosen.wanted.items())
    assert [one for one in before if all(facts[name] in values for name, values in one.wanted.items())] == []


@given(asked=ASKED, facts=FACTS)
def test_what_is_said_to_be_hidden_is_never_chosen(asked: list[Any], facts: dict[str, int]) -> None:
    found = [plain(at, wanted) for at, wanted in enumerate(asked)]
    assert levels.first(found, facts) not in [one for one, _by in levels.hidden(found)]


def test_what_is_promised_before_a_report_is_sent_is_what_it_gets(acme: Company) -> None:
    level(acme, teams=[acme.teams["service-desk"]], kind="request")
    promised = promise.for_report(acme.people["ella"], now=NINE, impacted="me", effect="question", service=None)
    ticket = report(acme, "ella", NINE, "How do I", effect="question")
    assert promised
    assert (runs_on(ticket), promised.at) == ("vip", ticket.first_answer_due_at)


def test_the_doctor_names_one_that_can_never_fit(acme: Company) -> None:
    level(acme, "all", 1, kind="report")
    level(acme, "never", 2, kind="report", people=[acme.people["ella"]])
    (found,) = [one for one in examination.open_faults(now=NINE) if one.part == "service levels"]
    assert found.words.startswith("no ticket comes under NEVER: ALL stands before it")
