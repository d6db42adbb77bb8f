"""Requests of known types by the API: asked for with their questions, and begun once who was asked says so."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.models import Approval, CustomField, RequestType, Ticket
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE
from tests.incidents.reporting import report
from tests.speaking import Caller, person, program


@pytest.fixture
def job(acme: Company) -> Caller:
    return program("tickets:read", "tickets:write")


@pytest.fixture
def laptop(acme: Company) -> RequestType:
    CustomField.objects.create(category="laptop", key="model", label="Which one?", kind="choice", choices=["A", "B"], needed="asked")
    CustomField.objects.create(category="laptop", key="cost", label="Cost", kind="number", is_for_staff=True)
    told: dict[str, Any] = {"approved_by": "person", "approver": acme.people["kim"], "checklist": ["Order it"]}
    return RequestType.objects.create(slug="laptop", name="A laptop", **told)


def asked(job: Caller, **said: Any) -> Any:
    return job.post("request-types/laptop/ask/", {"what": "For the new colleague", "requester": "ella", **said})


def test_what_can_be_asked_for_comes_with_its_questions_but_not_the_desks_own(laptop: RequestType, job: Caller) -> None:
    (found,) = [row for row in job.get("request-types/").json()["results"] if row["slug"] == "laptop"]
    assert [question["key"] for question in found["questions"]] == ["model"]
    assert found["questions"][0]["choices"] == ["A", "B"]


def test_a_program_asks_for_somebody_and_the_request_waits_for_its_approval(acme: Company, laptop: RequestType, job: Caller) -> None:
    answer = asked(job, answers={"model": "B"})
    ticket = Ticket.objects.get()
    assert (answer.status_code, answer.json()["state"], answer.json()["kind"]) == (201, "waiting", "request")
    assert (ticket.requester, ticket.origin, ticket.fields) == (acme.people["ella"], "api", {"model": "B"})
    assert [row["approver"] for row in job.get(f"approvals/?ticket={ticket.number}&state=pending").json()["results"]] == ["kim"]


@pytest.mark.parametrize(
    ("answers", "field"),
    [({}, "answers.model"), ({"model": "C"}, "answers.model"), ({"model": "A", "cost": 3}, "answers.cost"), ([], "answers")],
)
def test_each_answer_that_is_missing_or_wrong_is_named(laptop: RequestType, job: Caller, answers: Any, field: str) -> None:
    answer = asked(job, answers=answers)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])
    assert not Ticket.objects.exists()


def test_the_same_key_asks_once(laptop: RequestType, job: Caller) -> None:
    body = {"what": "One", "requester": "ella", "answers": {"model": "A"}}
    first, again = (job.post("request-types/laptop/ask/", body, idempotency_key="joiner-77") for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert Ticket.objects.count() == 1


def test_who_was_asked_decides_and_the_work_begins(acme: Company, laptop: RequestType, job: Caller) -> None:
    asked(job, answers={"model": "A"})
    approval, kim = Approval.objects.get(), person(acme.people["kim"])
    assert kim.post(f"approvals/{approval.pk}/decide/", {"approved": False}).json()["errors"][0]["field"] == "reason"
    assert job.post(f"approvals/{approval.pk}/decide/", {"approved": True}).status_code == 403
    assert kim.post(f"approvals/{approval.pk}/decide/", {"approved": True}).json()["state"] == "approved"
    assert kim.post(f"approvals/{approval.pk}/decide/", {"approved": True}).json()["state"] == "approved"
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.checklist.count()) == ("open", 1)
    late = kim.post(f"approvals/{approval.pk}/decide/", {"approved": False, "reason": "No"})
    assert late.status_code == 409


def test_an_employee_who_is_asked_decides_without_seeing_the_desks_side(acme: Company, laptop: RequestType, job: Caller) -> None:
    RequestType.objects.filter(pk=laptop.pk).update(approver=acme.people["eve"])
    asked(job, answers={"model": "A"})
    eve, approval = person(acme.people["eve"]), Approval.objects.get()
    (shown,) = eve.get("approvals/").json()["results"]
    assert (shown["id"], shown["requester"]) == (approval.pk, "ella")
    assert eve.get(f"tickets/{shown['ticket']}/").status_code == 404
    assert eve.post(f"approvals/{approval.pk}/decide/", {"approved": True}).status_code == 200


def test_an_approval_is_handed_on_but_never_to_who_asks(acme: Company, laptop: RequestType, job: Caller) -> None:
    asked(job, answers={"model": "A"})
    approval, kim = Approval.objects.get(), person(acme.people["kim"])
    refused = kim.post(f"approvals/{approval.pk}/hand-on/", {"to": "ella"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "to")
    assert kim.post(f"approvals/{approval.pk}/hand-on/", {"to": "dana"}).json()["approver"] == "dana"
    assert Approval.objects.get(pk=approval.pk).state == "delegated"


def test_staff_ask_somebody_to_approve_and_who_asks_cannot(acme: Company) -> None:
    ticket, ana = report(acme, "ella", NINE), person(acme.people["ana"])
    own = ana.post("approvals/", {"ticket": ticket.number, "approver": "ella"})
    assert (own.status_code, own.json()["errors"][0]["field"]) == (400, "approver")
    made = ana.post("approvals/", {"ticket": ticket.number, "approver": "kim"})
    assert (made.status_code, made.json()["state"]) == (201, "pending")
    assert Ticket.objects.get(pk=ticket.pk).waiting_for == "approval"


def test_a_decision_on_what_changed_meanwhile_is_refused(acme: Company, laptop: RequestType, job: Caller) -> None:
    asked(job, answers={"model": "A"})
    approval, kim = Approval.objects.get(), person(acme.people["kim"])
    tag = kim.get(f"approvals/{approval.pk}/").headers["ETag"]
    Approval.objects.filter(pk=approval.pk).update(reason="Ask again")
    assert kim.post(f"approvals/{approval.pk}/decide/", {"approved": True}, if_match=tag).status_code == 412
