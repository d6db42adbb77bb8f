"""Who may do what by the API: every operation of the schema has a row for every object, every caller an expected answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from django.test import Client

from incidents import approvals, around, attaching, bulk, checklists, incidents, pledges, problems, silences, vault
from incidents.models import Batch, PlanReview, RequestType, Ticket, Vendor
from monitoring.models import Alert, CheckState
from notifications.models import Message
from servicedesk import clock
from servicedesk.operations.worlds import company
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.house.operations import answer_schema, named, operations
from tests.incidents.mailing import arrives, mail
from tests.incidents.reporting import report
from tests.rewritten import Rewritten
from tests.speaking import Caller, person, program

CANARY = "xyzzy-canary"
# nobody, Ella (who asked), Eve (a stranger), Ana (agent), Sam (agent of the team, paged), Dana (manager), Adam (admin), Vera (auditor),
# a token with every scope, a token with another scope
CALLERS = ("nobody", "ella", "eve", "ana", "sam", "dana", "adam", "vera", "job", "narrow")
SOON_AT = clock.wall() + timedelta(hours=2)
SOON = SOON_AT.isoformat()
Answers = tuple[int, ...]


def row(*answers: int, who: Answers = (401,), narrow: Answers = (403,)) -> Answers:
    """Of Ella, Eve, Ana, Sam, Dana, Adam, Vera and the token; nobody and the narrow token are always refused."""
    return (*who, *answers, *narrow)


STRANGERS_404 = row(200, 404, 200, 200, 200, 404, 200, 200)
TEAM_AND_OWNER = row(200, 404, 404, 200, 404, 404, 404, 404)
STAFF_TICKET_CHANGE = row(403, 404, 200, 200, 200, 404, 403, 200)
DESK_READS = row(403, 403, 200, 200, 200, 403, 200, 200)
TEAM_READS = row(403, 403, 404, 200, 404, 403, 404, 404)
MANAGED = row(403, 403, 403, 403, 200, 200, 200, 200)
OUTBOX = row(403, 403, 200, 200, 200, 200, 200, 200)
CONFIG = row(403, 403, 403, 403, 200, 200, 200, 200)
EVERYBODY = row(200, 200, 200, 200, 200, 200, 200, 200)


def made(answers: Answers, status: int) -> Answers:
    return tuple(status if one == 200 else one for one in answers)


WORKS = row(403, 403, 200, 200, 200, 403, 403, 200)
TEAM_WORKS = row(403, 403, 404, 200, 404, 403, 404, 404)
MAKES = row(403, 403, 200, 200, 200, 200, 403, 200)
# operation: (body, {object: answers})
THE_TICKET, ANOTHER = "the ticket", "another"  # in a body: the number that this ticket of `things` has
READ = row(403, 404, 200, 200, 200, 404, 200, 200)
TEAM_READ = TEAM_CHANGE = row(403, 404, 404, 200, 404, 404, 404, 404)
NOT_ASKED = {
    "approval": row(404, 404, 403, 403, 403, 404, 403, 403),
    "secret approval": row(404, 404, 404, 403, 404, 404, 404, 404),
}
OF_ASKER = row(200, 404, 403, 403, 403, 404, 403, 403)
OF_SECRET_ASKER = row(200, 404, 404, 403, 404, 404, 404, 404)


def desks(noun: str = "ticket", status: int = 200) -> dict[str, Answers]:
    """What staff do with a ticket, and with a confidential one who is of its team."""
    return {noun: made(STAFF_TICKET_CHANGE, status), f"secret {noun}": made(TEAM_CHANGE, status)}


ROWS: dict[str, tuple[Any, dict[str, Answers]]] = {
    "tickets_list": (None, {"": EVERYBODY}),
    "tickets_create": ({"what": "Help"}, {"": made(EVERYBODY, 201)}),
    "tickets_retrieve": (None, {"ticket": STRANGERS_404, "secret ticket": TEAM_AND_OWNER}),
    "tickets_confidential_create": (
        {"confidential": True, "reason": "It names a colleague"},
        # Ana closes it, and from then on it is there for its team alone
        {"ticket": row(403, 404, 200, 200, 404, 404, 404, 403), "secret ticket": row(403, 404, 404, 200, 404, 404, 404, 403)},
    ),
    "tickets_partial_update": (
        {"tags": ["a"]},
        {"ticket": STAFF_TICKET_CHANGE, "secret ticket": row(403, 404, 404, 200, 404, 404, 404, 404)},
    ),
    "tickets_entries_list": (None, {"ticket": STRANGERS_404, "secret ticket": TEAM_AND_OWNER}),
    "tickets_entries_create": (
        {"kind": "reply", "text": "Hello"},
        {"ticket": made(row(200, 404, 200, 200, 200, 404, 403, 200), 201), "secret ticket": made(TEAM_AND_OWNER, 201)},
    ),
    "tickets_entries_take_back_create": ({}, desks("entry", 409)),  # long ago, and not theirs
    "tickets_entries_split_create": ({"title": "Its own"}, desks("entry", 201)),
    "tickets_solve_create": ({}, {"ticket": row(200, 404, 200, 200, 200, 404, 403, 200), "secret ticket": TEAM_AND_OWNER}),
    "tickets_reopen_create": ({}, desks()),
    "tickets_take_up_create": ({}, desks()),
    "tickets_wait_create": ({"waiting_for": "vendor"}, desks()),
    "tickets_only_thanks_create": ({}, desks(status=409)),  # nobody said thanks
    "tickets_worse_create": (
        {"impacted": "me", "effect": "part"},
        {"ticket": made(OF_ASKER, 201), "secret ticket": made(OF_SECRET_ASKER, 201)},
    ),
    "tickets_merge_create": ({"into": ANOTHER}, {**desks(), "secret ticket": made(TEAM_CHANGE, 400)}),  # into one that is not
    "tickets_unmerge_create": ({}, desks()),
    "tickets_feedback_retrieve": (None, {"ticket": STRANGERS_404, "secret ticket": TEAM_AND_OWNER}),
    "tickets_feedback_create": ({"answer": None}, {"ticket": OF_ASKER, "secret ticket": OF_SECRET_ASKER}),
    "tickets_links_retrieve": (None, {"ticket": READ, "secret ticket": TEAM_READ}),
    "tickets_links_create": ({"kind": "related", "ticket": ANOTHER}, {**desks(status=201), "secret ticket": made(TEAM_CHANGE, 400)}),
    "tickets_links_end_create": ({"kind": "parent", "ticket": ANOTHER}, desks()),
    "tickets_watchers_list": (None, {"ticket": READ, "secret ticket": TEAM_READ}),
    "tickets_watchers_create": ({"person": "kim"}, desks(status=201)),
    "tickets_watchers_end_create": ({}, desks("watcher")),
    "tickets_time_list": (None, {"ticket": READ, "secret ticket": TEAM_READ}),
    "tickets_time_create": ({"minutes": 5}, desks(status=201)),
    "tickets_promises_list": (None, {"ticket": READ, "secret ticket": TEAM_READ}),
    "tickets_promises_create": ({"promise": "I call you", "due_at": SOON}, desks(status=201)),
    "tickets_promises_keep_create": ({}, desks("promise")),
    "tickets_checklist_list": (None, {"ticket": READ, "secret ticket": TEAM_READ}),
    "tickets_checklist_create": ({"text": "Look"}, desks(status=201)),
    "tickets_checklist_partial_update": ({"done": True}, desks("line")),
    "tickets_vendor_cases_list": (None, {"ticket": READ, "secret ticket": TEAM_READ}),
    "tickets_vendor_cases_create": ({"vendor": "Fixers", "number": "7"}, desks(status=201)),
    "tickets_work_retrieve": (None, {"ticket": READ, "secret ticket": TEAM_READ}),
    "tickets_work_partial_update": ({"category": "keys"}, desks()),
    "tickets_similar_retrieve": (None, {"ticket": READ, "secret ticket": TEAM_READ}),
    "tickets_similar_create": ({"ticket": ANOTHER, "similar": False}, desks()),
    "request_types_list": (None, {"": EVERYBODY}),
    "request_types_ask_create": ({"what": "One, please"}, {"request type": made(EVERYBODY, 201)}),
    "approvals_list": (None, {"": EVERYBODY}),
    "approvals_create": ({"ticket": ANOTHER, "approver": "kim"}, {"": made(WORKS, 201)}),
    "approvals_retrieve": (
        None,
        {"approval": row(404, 404, 200, 200, 200, 404, 200, 200), "secret approval": row(404, 404, 404, 200, 404, 404, 404, 404)},
    ),
    # Kim is asked, and nobody of these
    "approvals_decide_create": ({"approved": True}, NOT_ASKED),
    "approvals_hand_on_create": ({"to": "ben"}, NOT_ASKED),
    "canned_answers_list": (None, {"": DESK_READS}),
    "views_list": (None, {"": DESK_READS}),
    "views_create": ({"name": "My list", "query": "view=mine"}, {"": made(WORKS, 201)}),
    "views_forget_create": ({}, {"view": row(403, 403, 200, 404, 404, 403, 404, 404)}),
    "search_retrieve": (None, {"": row(400, 400, 400, 400, 400, 400, 400, 400, narrow=(403,))}),
    "problems_list": (None, {"": DESK_READS}),
    "problems_create": ({"title": "Sleep", "tickets": [THE_TICKET]}, {"": made(WORKS, 201)}),
    "problems_recurring_retrieve": (None, {"": DESK_READS}),
    "problems_retrieve": (None, {"problem": DESK_READS}),
    "problems_partial_update": ({"cause": "The driver"}, {"problem": WORKS}),
    "problems_tickets_create": ({"ticket": THE_TICKET}, {"problem": made(WORKS, 201)}),
    "mails_list": (None, {"": WORKS}),
    "mails_retrieve": (None, {"mail": WORKS, "secret mail": row(403, 403, 404, 200, 404, 403, 403, 404)}),
    # whoever comes second finds it decided
    "mails_decide_create": (
        {"action": "reject"},
        {"mail": row(403, 403, 200, 409, 409, 403, 403, 409), "secret mail": row(403, 403, 404, 200, 404, 403, 403, 404)},
    ),
    "tickets_bulk_create": ({"tickets": [THE_TICKET], "deed": "tag", "tag": "x"}, {"": WORKS}),
    "tickets_bulk_undo_create": ({}, {"batch": row(403, 403, 200, 404, 404, 403, 403, 404)}),
    "tickets_next_create": ({}, {"": row(403, 403, 200, 200, 200, 403, 403, 409)}),
    "tickets_outage_create": ({"tickets": [THE_TICKET], "severity": 3}, {"": made(WORKS, 201)}),
    "vendors_list": (None, {"": DESK_READS}),
    "scheduled_tickets_list": (None, {"": DESK_READS}),
    "attachments_list": (None, {"": EVERYBODY}),
    "attachments_create": (
        {"ticket": THE_TICKET, "name": "x.txt", "content": "eA=="},
        {"": made(row(200, 404, 200, 200, 200, 404, 403, 200), 201)},
    ),
    "attachments_retrieve": (None, {"file": STRANGERS_404, "secret file": TEAM_AND_OWNER}),
    "people_list": (None, {"": OUTBOX}),
    "people_retrieve": (None, {"username": OUTBOX}),
    "teams_list": (None, {"": OUTBOX}),
    "teams_retrieve": (None, {"team": OUTBOX}),
    "incidents_list": (None, {"": DESK_READS}),
    "incidents_create": ({"title": "x", "severity": 4}, {"": made(WORKS, 201)}),
    "incidents_retrieve": (None, {"incident": DESK_READS, "secret incident": TEAM_READS}),
    "incidents_acknowledge_create": (
        {},
        {"incident": row(403, 403, 200, 200, 200, 403, 403, 403), "secret incident": TEAM_WORKS},
    ),
    "incidents_resolve_create": ({"reason": "Over"}, {"incident": WORKS, "secret incident": TEAM_WORKS}),
    "incidents_updates_list": (None, {"incident": DESK_READS, "secret incident": TEAM_READS}),
    "incidents_updates_create": (
        {"text": "x", "phase": "watching", "audiences": ["managers"]},
        {"incident": made(WORKS, 201), "secret incident": made(TEAM_WORKS, 201)},
    ),
    "incidents_page_create": ({"person": "kim"}, {"incident": made(WORKS, 202), "secret incident": made(TEAM_WORKS, 202)}),
    "schedules_list": (None, {"": OUTBOX}),
    "schedules_retrieve": (None, {"schedule": OUTBOX}),
    "schedules_on_call_retrieve": (None, {"schedule": OUTBOX}),
    "service_levels_list": (None, {"": OUTBOX}),
    "service_levels_retrieve": (None, {"service level": OUTBOX}),
    "policies_list": (None, {"": CONFIG}),
    "policies_retrieve": (None, {"policy": CONFIG}),
    "policies_who_would_be_paged_retrieve": (None, {"policy": CONFIG}),
    "articles_list": (None, {"": OUTBOX}),
    "articles_retrieve": (None, {"article": OUTBOX}),
    "articles_versions_list": (None, {"article": OUTBOX}),
    "articles_bring_back_create": ({"version": 1}, {"article": MAKES}),
    "rules_list": (None, {"": CONFIG}),
    "rules_retrieve": (None, {"rule": CONFIG}),
    "rules_try_create": ({"ticket": THE_TICKET}, {"rule": CONFIG}),
    "rules_backtest_create": ({"days": 7}, {"rule": CONFIG}),
    "rules_backtest_retrieve": (None, {"rule": row(403, 403, 403, 403, 404, 404, 404, 404)}),
    "silences_list": (None, {"": OUTBOX}),
    "silences_create": (
        {"service": "vpn", "reason": "It is updated", "ends_at": SOON},
        {"": made(row(403, 403, 200, 200, 200, 403, 403, 200), 201)},
    ),
    "silences_retrieve": (None, {"silence": OUTBOX}),
    "silences_end_create": ({}, {"silence": row(403, 403, 200, 200, 200, 403, 403, 200)}),
    "services_list": (None, {"": OUTBOX}),
    "services_retrieve": (None, {"service": OUTBOX}),
    "checks_list": (None, {"": OUTBOX}),
    # whoever comes second and may make one finds the name taken
    "checks_create": ({"name": "x", "kind": "push"}, {"": row(403, 403, 201, 400, 400, 400, 403, 400)}),
    "checks_retrieve": (None, {"check": OUTBOX}),
    "checks_partial_update": ({"confirm": 2}, {"check": MAKES}),
    "checks_pause_create": ({}, {"check": MAKES}),
    "checks_resume_create": ({}, {"check": MAKES}),
    "alerts_list": (None, {"": OUTBOX}),
    "alerts_retrieve": (None, {"alert": OUTBOX}),
    "results_list": (None, {"": row(403, 403, 400, 400, 400, 400, 400, 400)}),  # of which check is not said
    "plan_reviews_list": (None, {"": MANAGED}),
    "plan_reviews_retrieve": (None, {"review": MANAGED}),
    "reports_retrieve": (None, {"report": row(403, 403, 200, 200, 200, 200, 200, 200, narrow=(200,))}),
    "messages_list": (None, {"": OUTBOX}),
    "messages_retrieve": (None, {"message": OUTBOX, "secret message": row(403, 403, 200, 200, 200, 200, 200, 404)}),
}
NEVER_CONFIDENTIAL = {
    "plan_reviews_retrieve", "reports_retrieve", "articles_retrieve", "articles_versions_list", "articles_bring_back_create",
    "views_forget_create", "problems_retrieve", "problems_partial_update", "problems_tickets_create", "tickets_bulk_undo_create",
    "people_retrieve", "teams_retrieve", "request_types_ask_create",
    "services_retrieve", "checks_retrieve", "checks_partial_update", "checks_pause_create", "checks_resume_create", "alerts_retrieve",
    "service_levels_retrieve", "silences_retrieve", "silences_end_create", "schedules_retrieve",
    "schedules_on_call_retrieve", "policies_retrieve",
    "policies_who_would_be_paged_retrieve", "rules_retrieve", "rules_try_create", "rules_backtest_create", "rules_backtest_retrieve",
}  # fmt: skip
CASES = [(name, noun) for name, (_body, nouns) in ROWS.items() for noun in nouns]


World = tuple[dict[str, Caller], dict[str, str]]


def world_of(acme: Company) -> World:
    """Who calls, and the number of each object."""
    return who_calls(acme), numbers(acme)


WORLD = Rewritten(lambda: world_of(company.found(now=NINE)))


@pytest.fixture
def world(db: None) -> World:
    made = WORLD()
    Batch.objects.update(at=clock.now())  # it is undone for a minute only
    return made


@pytest.fixture
def callers(world: World) -> dict[str, Caller]:
    return world[0]


@pytest.fixture
def things(world: World) -> dict[str, str]:
    return world[1]


def who_calls(acme: Company) -> dict[str, Caller]:
    people = {name: person(acme.people[name]) for name in CALLERS[1:8]}
    return {"nobody": Caller(Client(), {}), **people, "job": program(), "narrow": program("reports:read", name="Narrow")}


def numbers(acme: Company) -> dict[str, str]:
    """The number of each object: a ticket of Ella and an incident of IT Ops, and one of each that is confidential."""
    ticket = report(acme, "ella", NINE)
    secret = report(acme, "ella", NINE, what=f"My laptop {CANARY} was stolen", loss=True)
    Ticket.objects.filter(pk=secret.pk).update(team=acme.teams["it-ops"])
    common = {"reason": "", "service": acme.services["vpn"], "team": acme.teams["it-ops"], "severity": 3, "since": NINE}
    plain, hidden = (
        incidents.declare(incidents.Grounds(title=f"Outage {word}", what=word, is_confidential=bool(word), **common), now=NINE).incident
        for word in ("", CANARY)
    )
    assert plain
    assert hidden
    until = {"starts_at": NINE, "ends_at": NINE + timedelta(hours=2)}
    quiet = silences.make(actor=acme.people["ana"], service=acme.services["vpn"], reason="It is updated", **until, now=NINE)
    letters = {secret: Message.objects.filter(is_confidential=secret).latest("pk") for secret in (False, True)}
    smtp = acme.checks["smtp-01"]
    CheckState.objects.get_or_create(check_ref=smtp)
    bad = {"dedup_key": "x", "status": "critical", "worst": "critical", "opened_at": NINE, "since": NINE, "status_since": NINE}
    alert = Alert.objects.create(check_ref=smtp, source_id=smtp.source_id, **bad)
    watched = {"service": "vpn", "check": str(smtp.pk), "alert": str(alert.pk)}
    files = [{"files": [vault.put("x.txt", [b"x"])]}]
    plain_file, secret_file = (
        attaching.attach(row, None, files[0]["files"], actor=acme.people["ella"], now=NINE)[0].pk for row in (ticket, secret)
    )
    configured = {
        "file": str(plain_file),
        "secret file": str(secret_file),
        "username": "kim",
        "team": "it-ops",
        "schedule": "it-ops",
        "policy": "it-ops",
        "service level": "standard",
        "rule": "R4",
        "article": "outlook-cannot-connect",
    }
    PlanReview.objects.create(slug="2026-q4", period_from=NINE, due_on=NINE.date(), opened_at=NINE)
    all_else = {
        "review": "2026-q4",
        "report": "clocks",
        **configured,
        **watched,
        "": "",
        "ticket": ticket.number,
        "incident": plain.number,
        "message": str(letters[False].pk),
        "silence": str(quiet.pk),
    }
    all_else |= kept_by_ana(acme, ticket, secret)
    all_else |= around_tickets(acme, {"": ticket, "secret ": secret})
    return {**all_else, "secret ticket": secret.number, "secret incident": hidden.number, "secret message": str(letters[True].pk)}


def kept_by_ana(acme: Company, ticket: Ticket, secret: Ticket) -> dict[str, str]:
    """A view, a problem, what she did to several, and a stranger's mail about each ticket."""
    ana = acme.people["ana"]
    view = bulk.keep_view(owner=ana, name="Hers", query="", is_shared=False, now=NINE)
    problem = problems.make([ticket], title="Sleep", actor=ana, now=NINE)
    batch = bulk.apply(bulk.Order("tag", "hers"), [ticket], actor=ana, now=clock.now())
    held, hidden = (
        arrives(mail(word, sender="Stranger <s@else.example>", subject=f"[{row.number}] {word}"), now=NINE).pk
        for row, word in ((ticket, "more"), (secret, CANARY))
    )
    return {"view": str(view.pk), "problem": problem.number, "batch": str(batch.pk), "mail": str(held), "secret mail": str(hidden)}


def around_tickets(acme: Company, tickets: dict[str, Ticket]) -> dict[str, str]:
    """What stands on each ticket by "entry", "promise", "line", "watcher", "approval", and what all of them have to do with."""
    kim, found = acme.people["kim"], {"another": report(acme, "omar", NINE, what="Another thing").number, "request type": "thing"}
    Vendor.objects.create(name="Fixers")
    RequestType.objects.create(slug="thing", name="A thing")
    for word, ticket in tickets.items():
        around.watch(ticket, person=kim, actor=kim, now=NINE)
        pledge = pledges.answer(ticket, author=kim, text=f"{word and CANARY} We look", promise="I call you", due_at=SOON_AT, now=NINE)
        line = checklists.add(ticket, f"Look {word and CANARY}", actor=kim, now=NINE)
        assert line
        approval = approvals.ask(report(acme, "ella", NINE, what=f"A key {word}", loss=bool(word)), kim, actor=kim, now=NINE)
        Ticket.objects.filter(pk=approval.ticket_id).update(team=acme.teams["it-ops"])
        inside = {"entry": pledge.entry_id, "promise": pledge.pk, "line": line.pk, "watcher": "kim"}
        found |= {f"{word}{name}": f"{ticket.number} {value}" for name, value in inside.items()}
        found[f"{word}approval"] = str(approval.pk)
    return found


def filled(body: Any, things: dict[str, str]) -> Any:
    numbers = {THE_TICKET: things["ticket"], ANOTHER: things["another"]}

    def number(value: Any) -> Any:
        return [number(one) for one in value] if isinstance(value, list) else numbers.get(value, value) if isinstance(value, str) else value

    return {key: number(value) for key, value in body.items()} if body else body


def test_every_operation_of_the_schema_has_a_row_and_every_row_an_operation() -> None:
    assert set(operations()) == set(ROWS)


def test_every_object_that_can_be_confidential_is_tried_as_such() -> None:
    for name, nouns in [(name, nouns) for name, (_body, nouns) in ROWS.items() if name not in NEVER_CONFIDENTIAL]:
        assert ("{" in operations()[name].path) == any(noun.startswith("secret") for noun in nouns), name


@pytest.mark.parametrize(("name", "noun"), CASES)
def test_each_caller_gets_its_answer(name: str, noun: str, callers: dict[str, Caller], things: dict[str, str]) -> None:
    operation, (body, rows) = operations()[name], ROWS[name]
    body = filled(body, things)
    path = named(operation.path, things[noun])
    got = {who: callers[who].call(operation.method, path, body).status_code for who in CALLERS}
    assert got == dict(zip(CALLERS, rows[noun], strict=True))


@pytest.mark.parametrize(("name", "noun"), CASES)
def test_each_answer_is_as_the_schema_promises(name: str, noun: str, callers: dict[str, Caller], things: dict[str, str]) -> None:
    operation, (body, _rows) = operations()[name], ROWS[name]
    body = filled(body, things)
    path = named(operation.path, things[noun])
    for who in CALLERS:
        answer = callers[who].call(operation.method, path, body)
        jsonschema.validate(answer.json(), answer_schema(operation, answer.status_code))


@pytest.mark.parametrize("name", [name for name, operation in operations().items() if operation.method == "get"])
def test_no_word_of_what_is_confidential_reaches_who_may_not_read_it(name: str, callers: dict[str, Caller], things: dict[str, str]) -> None:
    assert CANARY in callers["sam"].get(f"tickets/{things['secret ticket']}/").content.decode()
    for who in ("eve", "ana", "dana", "adam", "vera", "job"):
        for noun in ROWS[name][1]:
            path = named(operations()[name].path, things[noun])
            assert CANARY not in callers[who].get(path).content.decode(), who
