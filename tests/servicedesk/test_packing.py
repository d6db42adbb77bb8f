"""Long pages are packed for who takes it; files, streams and short answers are not."""

from __future__ import annotations

import gzip

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from servicedesk.operations.worlds.company import Company
from servicedesk.packing import PackedMiddleware
from tests.actors import signed_in

LONG = b"The printer is stuck. " * 50


def sent(answer: HttpResponseBase, takes: str = "gzip") -> HttpResponseBase:
    request = RequestFactory().get("/", headers={"accept-encoding": takes})
    return PackedMiddleware(lambda _request: answer)(request)


def test_a_page_is_packed_for_who_takes_it_and_caches_are_told(acme: Company) -> None:
    ana = signed_in(acme.people["ana"])
    packed, plain = (ana.get("/queue/", headers={"accept-encoding": takes}) for takes in ("gzip", "identity"))
    assert packed.headers["Content-Encoding"] == "gzip"
    assert b"</html>" in gzip.decompress(packed.content)
    assert len(packed.content) * 3 < len(plain.content)
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in (packed, plain))


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse(b"short"),
        HttpResponse(LONG, content_type="application/pdf"),
        HttpResponse(LONG, content_type="image/png"),
        StreamingHttpResponse(iter([LONG]), content_type="text/csv"),
    ],
    ids=["short", "pdf", "picture", "stream"],
)
def test_what_gains_nothing_goes_as_it_is(answer: HttpResponseBase) -> None:
    assert "Content-Encoding" not in sent(answer).headers


def test_two_packings_of_one_page_have_not_always_one_length() -> None:
    assert len({len(sent(HttpResponse(LONG)).content) for _again in range(40)}) > 1  # type: ignore[attr-defined]


def test_a_machine_that_says_nothing_gets_it_plain(db: None) -> None:
    assert "Content-Encoding" not in Client().get("/login/").headers
