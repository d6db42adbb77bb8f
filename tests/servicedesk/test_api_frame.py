"""What every resource of the API keeps: who speaks, errors in one shape, pages, tags, and requests sent twice."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.test import Client, RequestFactory

from incidents.models import Ticket
from servicedesk.api import etags, once, problems
from servicedesk.api.models import KeptAnswer
from servicedesk.operations.errors import page_failed
from servicedesk.operations.worlds.company import Company
from servicedesk.tokens import issuing
from servicedesk.tokens.models import ApiToken
from tests.actors import NINE, at
from tests.incidents.reporting import report
from tests.speaking import Caller, person, program


def refused(answer: Any, status: int) -> dict[str, Any]:
    """The problem document, checked for its shape."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.content)
    assert list(body)[:4] == ["type", "title", "status", "detail"]
    assert (body["type"], body["status"]) == ("about:blank", status)
    assert body["detail"].endswith((".", "?"))
    assert all(set(error) == {"field", "code", "message"} for error in body.get("errors", []))
    return body


@pytest.fixture
def job(acme: Company) -> Caller:
    return program()


# Who speaks


@pytest.mark.parametrize(
    "header", ["Bearer msd_00000000_" + "x" * 43, "Bearer nonsense", "Bearer", "Basic dXNlcjpwYXNz", "Token abc", "Bearer msd_\x00"]
)
def test_a_token_nobody_knows_is_refused_with_401_and_how_to_send_one(acme: Company, header: str) -> None:
    answer = Client().get("/api/v1/tickets/", headers={"Authorization": header})
    refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="servicedesk"'


def test_without_a_token_or_a_session_nothing_is_shown(acme: Company) -> None:
    assert "sign in" in refused(Client().get("/api/v1/tickets/"), 401)["detail"]


@pytest.mark.parametrize("name", ["token", "access_token", "q"])
def test_a_token_in_the_address_opens_nothing_even_beside_a_good_header(acme: Company, job: Caller, name: str) -> None:
    secret = job.headers["Authorization"].removeprefix("Bearer ")
    assert "logs" in refused(Client().get(f"/api/v1/tickets/?{name}={secret}"), 401)["detail"]
    refused(job.get(f"tickets/?{name}={secret}"), 401)


def test_a_revoked_token_is_refused(acme: Company, job: Caller) -> None:
    assert job.get("tickets/").status_code == 200
    issuing.revoke(ApiToken.objects.get(), actor=None, now=NINE)
    refused(job.get("tickets/"), 401)


def test_a_token_does_what_its_scopes_say_and_no_more(acme: Company) -> None:
    reader, writer = program("tickets:read", name="Reader"), program("tickets:write", name="Writer")
    assert reader.get("tickets/").status_code == 200
    assert refused(reader.post("tickets/", {"what": "x"}), 403)["detail"] == "This token lacks the scope tickets:write."
    assert writer.post("tickets/", {"what": "x"}).status_code == 201
    assert refused(writer.get("tickets/"), 403)["detail"] == "This token lacks the scope tickets:read."
    refused(reader.get("incidents/"), 403)


def test_its_last_use_is_remembered(acme: Company, job: Caller) -> None:
    job.get("tickets/")
    assert ApiToken.objects.get().last_used_at is not None


def test_a_person_who_signed_in_speaks_as_themselves_and_changes_things_only_with_the_csrf_token(acme: Company) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(acme.people["ella"], backend="servicedesk.directory.signin.NameOrEmailBackend")
    assert client.get("/api/v1/tickets/").status_code == 200
    refused(client.post("/api/v1/tickets/", {"what": "x"}, content_type="application/json"), 403)
    assert not Ticket.objects.exists()


# Errors


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "line 1"), (b"\xff", "UTF-8"), (b'{"what": NaN}', "NaN"), (b'{"what": "a", "what": "b"}', "twice"),
        (b"[" * 100_000, "deep"), (b'{"impacted_count": ' + b"9" * 5000 + b"}", "long"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused(job: Caller, body: bytes, words: str) -> None:
    assert words in refused(job.post("tickets/", body), 400)["detail"]


def test_fields_are_listed_each_with_what_to_do(job: Caller) -> None:
    body = refused(job.post("tickets/", {"impacted": "all"}), 400)
    assert (body["title"], body["detail"]) == ("Bad request", "2 fields are wrong.")
    assert {"field": "impacted", "code": "unknown_value", "message": "Use me, several, department, everyone or unknown."} in body["errors"]


def test_names_that_no_text_can_hold_are_refused_and_nothing_more(job: Caller) -> None:
    """Half a surrogate pair is legal in JSON and illegal in UTF-8; a zero is illegal in PostgreSQL."""
    for word in ("\\ud800", "\\u0000"):
        refused(job.post("tickets/", f'{{"what": "{word}", "{word}": 1, "impacted": "{word}", "service": "{word}"}}'.encode()), 400)


@pytest.mark.parametrize("query", ["statsu=open", "page=2", "status=open&status=new", "limit=0", "limit=201", "limit=x", "cursor=x"])
def test_a_parameter_nobody_knows_is_refused_by_name(job: Caller, query: str) -> None:
    body = refused(job.get(f"tickets/?{query}"), 400)
    assert [error["field"] for error in body["errors"]] == [query.partition("=")[0]]


@pytest.mark.parametrize("query", ["status=lost", "severity=5", "updated_since=today", "updated_since=2026-11-23T08:00:00", "service=%00"])
def test_a_value_nobody_knows_is_refused_by_name(job: Caller, query: str) -> None:
    body = refused(job.get(f"tickets/?{query}"), 400)
    assert [error["field"] for error in body["errors"]] == [query.partition("=")[0]]


def test_one_object_takes_no_parameters(acme: Company, job: Caller) -> None:
    refused(job.get(f"tickets/{report(acme, 'ella', NINE).pk}/?limit=5"), 400)


@pytest.mark.parametrize("path", ["", "nothing/", "tickets", "tickets/x/", "tickets/1/", "incidents/INC-1/", "messages/1/"])
def test_what_is_not_there_is_404_in_the_same_shape(job: Caller, path: str) -> None:
    refused(job.get(path), 404)


@pytest.mark.parametrize("method", ["put", "delete", "options", "trace"])
def test_a_method_nobody_offers_is_405_and_says_which_are(job: Caller, method: str) -> None:
    answer = job.call(method, "tickets/", {})
    refused(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_only_json_goes_out_and_in(job: Caller) -> None:
    refused(job.get("tickets/", accept="text/html"), 406)
    refused(job.client.post("/api/v1/tickets/", {"what": "x"}, headers=job.headers), 415)


def test_a_body_too_large_is_413(job: Caller, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50
    refused(job.post("tickets/", {"what": "x" * 50}), 413)
    refused(job.post("tickets/", {"what": "x" * 50}, idempotency_key="k"), 413)


def test_too_many_calls_are_429_and_say_when_to_come_again(job: Caller, settings: LazySettings) -> None:
    settings.API_CALLS_A_MINUTE = 0
    answer = job.get("tickets/")
    assert refused(answer, 429)["title"] == "Too many requests"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_what_the_database_refuses_for_now_is_503() -> None:
    answer = problems.handle(OperationalError("gone"), {})
    assert answer is not None
    refused(answer, 503)
    assert answer.headers["Retry-After"] == "10"
    assert problems.handle(RequestDataTooBig(), {}) is not None


def test_what_nobody_foresaw_is_told_in_the_same_shape_with_a_number() -> None:
    assert problems.handle(KeyError("x"), {}) is None
    refused(page_failed(RequestFactory().get("/api/v1/tickets/")), 500)


# Pages


def walked(caller: Caller, first: str, way: str = "next") -> list[list[str]]:
    """The numbers of each page from this one on."""
    pages, link = [], first
    while link:
        body = caller.get(link).json()
        assert list(body) == ["next", "previous", "results"]
        pages.append([row["id"] for row in body["results"]])
        link = body[way]
    return pages


@pytest.fixture
def seven(acme: Company) -> list[str]:
    """Seven tickets, newest first."""
    return [report(acme, "ella", at(9, n), what=f"Printer {n} stuck", effect="workaround").number for n in range(7)][::-1]


def test_pages_go_through_all_rows_once_and_back(job: Caller, seven: list[str]) -> None:
    forward = walked(job, "tickets/?limit=3")
    assert forward == [seven[:3], seven[3:6], seven[6:]]
    second = job.get(job.get("tickets/?limit=3").json()["next"]).json()
    last = job.get(second["next"]).json()
    assert (last["next"], walked(job, last["previous"], "previous")) == (None, [seven[3:6], seven[:3]])


def test_a_full_last_page_has_no_next(job: Caller, seven: list[str]) -> None:
    body = job.get("tickets/?limit=7").json()
    assert (body["next"], body["previous"], len(body["results"])) == (None, None, 7)


def test_rows_that_come_in_between_shift_nothing(acme: Company, job: Caller, seven: list[str]) -> None:
    first = job.get("tickets/?limit=3").json()
    report(acme, "omar", at(10), what="VPN is slow", effect="workaround")
    assert walked(job, first["next"]) == [seven[3:6], seven[6:]]


def test_links_keep_the_filters(job: Caller, seven: list[str]) -> None:
    link = job.get("tickets/?requester=ella&limit=2").json()["next"]
    assert link.startswith("http://testserver/api/v1/tickets/?")
    assert {"requester=ella", "limit=2"} < set(link.partition("?")[2].split("&"))


def test_entries_go_the_other_way_oldest_first(acme: Company, job: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    for text in ("a", "b", "c"):
        job.post(f"tickets/{ticket.pk}/entries/", {"kind": "note", "text": text})
    pages = walked(job, f"tickets/{ticket.pk}/entries/?limit=2")
    numbers = [number for page in pages for number in page]
    assert len(pages) >= 2
    assert numbers == sorted(ticket.entries.values_list("pk", flat=True))


# Tags


def test_what_has_not_changed_is_not_sent_again(acme: Company, job: Caller) -> None:
    ticket = report(acme, "ella", NINE)
    tag = job.get(f"tickets/{ticket.pk}/").headers["ETag"]
    same = job.get(f"tickets/{ticket.pk}/", if_none_match=f'"other", {tag}')
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    job.patch(f"tickets/{ticket.pk}/", {"tags": ["a"]})
    assert job.get(f"tickets/{ticket.pk}/", if_none_match=tag).status_code == 200


def test_the_tag_of_an_answer_is_that_of_the_next_read(acme: Company, job: Caller) -> None:
    made = job.post("tickets/", {"what": "x", "requester": "ella"})
    path = f"tickets/{made.json()['id']}/"
    assert made.headers["ETag"] == job.get(path).headers["ETag"]
    assert job.patch(path, {"tags": ["a"]}, if_match=made.headers["ETag"]).headers["ETag"] == job.get(path).headers["ETag"]


def test_a_tag_that_was_weakened_by_packing_still_counts(acme: Company, job: Caller) -> None:
    path = f"tickets/{report(acme, 'ella', NINE).pk}/"
    tag = job.get(path, accept_encoding="gzip").headers["ETag"]
    assert tag.startswith("W/")
    assert job.get(path, if_none_match=tag).status_code == 304
    assert job.patch(path, {"tags": ["a"]}, if_match=tag).status_code == 200
    assert job.patch(path, {"tags": ["b"]}, if_match=tag).status_code == 412


def test_time_that_passes_is_no_change() -> None:
    one, later = ({"title": title, "clocks": [{"name": "resolution", "used_s": used_s}]} for title, used_s in (("a", 5), ("a", 6)))
    assert etags.of(one) == etags.of(later) != etags.of({**later, "title": "b"})


@pytest.mark.parametrize(("tag", "status"), [("*", 200), ('"other"', 412), ('W/"other"', 412), ("nonsense", 412)])
def test_if_match_names_what_may_be_changed(acme: Company, job: Caller, tag: str, status: int) -> None:
    assert job.patch(f"tickets/{report(acme, 'ella', NINE).pk}/", {"tags": ["a"]}, if_match=tag).status_code == status


def test_answers_are_nobody_elses_to_keep(job: Caller) -> None:
    answer = job.get("tickets/")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(answer.headers["Vary"].split(", "))


# Requests sent twice

BODY = {"what": "Outlook cannot connect", "impacted": "me"}


def test_the_same_request_again_gets_the_first_answer_and_does_nothing(job: Caller) -> None:
    first = job.post("tickets/", BODY, idempotency_key="a1")
    again = job.post("tickets/", dict(reversed(BODY.items())), idempotency_key="a1")
    assert (again.status_code, again.json(), list(again.json())) == (201, first.json(), list(first.json()))
    assert (again.headers["Location"], again.headers["ETag"]) == (first.headers["Location"], first.headers["ETag"])
    assert (again.headers["Idempotent-Replay"], "Idempotent-Replay" in first.headers) == ("true", False)
    assert Ticket.objects.count() == 1


def test_a_key_used_for_something_else_is_422(acme: Company, job: Caller) -> None:
    job.post("tickets/", BODY, idempotency_key="a1")
    refused(job.post("tickets/", {"what": "Other"}, idempotency_key="a1"), 422)
    refused(job.post("incidents/", BODY, idempotency_key="a1"), 422)
    assert Ticket.objects.count() == 1


def test_another_account_has_its_own_keys(acme: Company, job: Caller) -> None:
    job.post("tickets/", BODY, idempotency_key="a1")
    assert "Idempotent-Replay" not in person(acme.people["ella"]).post("tickets/", BODY, idempotency_key="a1").headers
    assert Ticket.objects.count() == 2


def test_a_refusal_is_not_kept_so_that_it_can_be_mended(job: Caller) -> None:
    refused(job.post("tickets/", {}, idempotency_key="a1"), 400)
    assert job.post("tickets/", BODY, idempotency_key="a1").status_code == 201


def test_after_a_day_a_key_is_free_again(job: Caller) -> None:
    job.post("tickets/", BODY, idempotency_key="a1")
    KeptAnswer.objects.update(created_at=KeptAnswer.objects.get().created_at - once.KEPT_FOR)
    assert "Idempotent-Replay" not in job.post("tickets/", BODY, idempotency_key="a1").headers
    assert Ticket.objects.count() == 2


def test_what_is_older_than_a_day_is_forgotten(job: Caller) -> None:
    job.post("tickets/", BODY, idempotency_key="a1")
    made = KeptAnswer.objects.get().created_at
    assert once.forget(now=made + once.KEPT_FOR - timedelta(seconds=1)) == 0
    assert (once.forget(now=made + once.KEPT_FOR), KeptAnswer.objects.count()) == (1, 0)


@pytest.mark.parametrize("key", ["", "x" * 65, "a b", "\xe9"])
def test_a_key_that_is_none_is_refused(job: Caller, key: str) -> None:
    body = refused(job.post("tickets/", BODY, idempotency_key=key), 400)
    assert body["errors"][0]["field"] == "Idempotency-Key"
