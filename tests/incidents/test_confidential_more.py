"""The canary of a confidential ticket beyond the lists: the administration, files to take away, reports and what they list."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from incidents import exports, reports
from incidents.models import Ticket
from servicedesk.jobs import work
from servicedesk.jobs.models import Job
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.test_confidential_routes import CANARY, OUTSIDE, secret

__all__ = ["secret"]

CHANGELISTS = sorted(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in admin.site._registry)


@pytest.mark.parametrize("who", ["adam", "vera"])
def test_no_list_of_the_administration_holds_it(acme: Company, secret: Ticket, who: str) -> None:
    browser = signed_in(acme.people[who])
    answers = {name: browser.get(reverse(name)) for name in CHANGELISTS}
    assert [name for name, answer in answers.items() if CANARY in answer.content.decode()] == []
    assert any(answer.status_code == 200 for answer in answers.values())


@pytest.mark.parametrize("who", ["ana", "vera"])
def test_no_file_to_take_away_holds_it(acme: Company, secret: Ticket, who: str) -> None:
    day = at(9).date()
    job = exports.ask(acme.people[who], first=day, last=day, only_open=False, now=at(11))
    work.run_first([job.pk], now=at(11))
    text = "".join(Job.objects.get(pk=job.pk).parts.values_list("text", flat=True))
    assert text.startswith("No.")
    assert CANARY not in text
    assert secret.number not in text


@pytest.mark.parametrize("who", ["dana", "vera", "adam"])
def test_no_report_holds_it_as_page_file_or_row(acme: Company, secret: Ticket, who: str) -> None:
    browser = signed_in(acme.people[who])
    found = []
    for name in reports.NAMES:
        for path in (f"/reports/{name}/?period=7d", f"/reports/{name}/?period=7d&format=csv", f"/api/v1/reports/{name}/?period=7d"):
            answer = browser.get(path)
            text = b"".join(answer.streaming_content) if answer.streaming else answer.content
            found += [path] if CANARY.encode() in text else []
    assert found == []


@pytest.mark.parametrize("who", OUTSIDE)
def test_no_page_of_its_own_opens_to_who_is_not_on_its_list(acme: Company, secret: Ticket, who: str) -> None:
    browser = signed_in(acme.people[who])
    for path in ("", "clocks/", "similar/", "together/", "mail/"):
        answer = browser.get(f"/tickets/{secret.pk}/{path}")
        assert answer.status_code in (403, 404), path
        assert CANARY not in answer.content.decode()
    assert CANARY not in browser.get(f"/T-{secret.pk}", follow=True).content.decode()
