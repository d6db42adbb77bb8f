"""The review in the admin, without scripts: Dana prepares it, Kim signs, Vera reads, nobody else comes in."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from incidents import reviews
from incidents.models import PlanReview, ReviewFile, ReviewItem
from incidents.reviews import changes
from servicedesk import clock
from servicedesk.audit import trail
from servicedesk.operations.worlds.company import PASSWORD, Company
from tests.actors import NINE, signed_in


@pytest.fixture
def review(acme: Company) -> PlanReview:
    return reviews.begin(actor=acme.people["dana"], now=NINE)


def page(review: PlanReview, rest: str = "") -> str:
    return f"/admin/incidents/planreview/{review.pk}/change/{rest}"


def typed(review: PlanReview, **others: dict[str, str]) -> dict[str, Any]:
    """Every question OK, but those given by key."""
    sent: dict[str, Any] = {}
    for one in review.items.all():
        answer = others.get(one.key, {"verdict": "ok"})
        sent |= {f"i{one.number}-here": "1"} | {f"i{one.number}-{name}": value for name, value in answer.items()}
    return sent


def read(client: Client, path: str) -> str:
    answer = client.get(path, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_short_address_leads_to_the_page(review: PlanReview, acme: Company) -> None:
    dana = signed_in(acme.people["dana"])
    answer = dana.get("/reviews/2026-q4/")
    assert answer.headers["Location"] == page(review)
    assert dana.get("/reviews/1999-q1/").status_code == 404
    assert "Review 2026 Q4: Being prepared" in read(dana, "/reviews/")


def test_a_verdict_an_owner_and_a_day_are_kept(review: PlanReview, acme: Company) -> None:
    adam = acme.people["adam"]
    action = {"verdict": "action", "owner": str(adam.pk), "due_on": "2026-11-27"}
    signed_in(acme.people["dana"]).post(page(review), typed(review, two_ways=action))
    item = review.items.get(key="two_ways")
    assert (item.verdict, item.owner, str(item.due_on), item.decided_by) == ("action", adam, "2026-11-27", acme.people["dana"])


def test_only_the_questions_that_were_shown_are_saved(review: PlanReview, acme: Company) -> None:
    dana = signed_in(acme.people["dana"])
    dana.post(page(review), typed(review))
    one = review.items.get(number=3)
    dana.post(page(review, "?show=open"), {"i3-here": "1", "i3-verdict": "na", "i3-note": "No roles here."})
    one.refresh_from_db()
    assert (one.verdict, review.items.filter(verdict="ok").count()) == ("na", 25)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"verdict": "perhaps"}, "Select a valid choice"),
        ({"verdict": "action", "owner": "999999"}, "Select a valid choice"),
        ({"verdict": "action", "due_on": "31.31.2026"}, "Enter a valid date"),
        ({"verdict": "ok", "files": SimpleUploadedFile("a.txt", b"x")}, "of which day the file is evidence"),
        ({"verdict": "ok", "evidence_on": "2999-01-01"}, "A day to come proves nothing yet"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_lost(sent: dict[str, Any], says: str, review: PlanReview, acme: Company) -> None:
    answer = signed_in(acme.people["dana"]).post(page(review), typed(review, exercised={**sent, "note": "Kept words"}))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert says in text
    assert "Kept words" in text
    assert ReviewItem.objects.exclude(verdict="").count() == 0


def test_a_file_is_shown_with_both_days_and_given_to_readers_alone(review: PlanReview, acme: Company) -> None:
    file = SimpleUploadedFile("minutes.pdf", b"%PDF-1.7 minutes")
    day = {"verdict": "ok", "files": file, "evidence_on": "2026-11-03"}
    signed_in(acme.people["dana"]).post(page(review), typed(review, exercised=day))
    text = read(signed_in(acme.people["vera"]), page(review))
    assert "evidence of <b>3 Nov 2026</b>, uploaded" in " ".join(text.split())
    found = ReviewFile.objects.get()
    answer = signed_in(acme.people["vera"]).get(f"/admin/incidents/planreview/files/{found.pk}/")
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 minutes"
    assert signed_in(acme.people["ana"]).get(f"/admin/incidents/planreview/files/{found.pk}/").status_code == 302


def test_two_open_questions_are_listed_and_the_rest_is_saved(review: PlanReview, acme: Company) -> None:
    sent = typed(review, noise={"verdict": ""}, load={"verdict": ""}) | {"deed": "hand_over", "password": PASSWORD}
    answer = signed_in(acme.people["dana"]).post(page(review), sent)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "2 questions are open" in text
    assert 'id="open" role="alert" tabindex="-1" autofocus' in text
    assert 'href="#item-16"' in text
    assert 'href="#item-25"' in text
    assert review.items.filter(verdict="ok").count() == 24


def handed_over(review: PlanReview, acme: Company) -> None:
    sent = typed(review) | {"deed": "hand_over", "password": PASSWORD}
    assert signed_in(acme.people["dana"]).post(page(review), sent).status_code == 302


def test_both_give_their_password(review: PlanReview, acme: Company) -> None:
    sent = typed(review) | {"deed": "hand_over", "password": "wrong"}
    assert "not your password" in signed_in(acme.people["dana"]).post(page(review), sent).content.decode()
    handed_over(review, acme)
    answer = signed_in(acme.people["kim"]).post(page(review), {"deed": "sign", "statement": "Agreed.", "password": "wrong"})
    review.refresh_from_db()
    assert (answer.status_code, review.state) == (422, "ready")


def test_dana_is_refused_and_kim_signs(review: PlanReview, acme: Company) -> None:
    handed_over(review, acme)
    dana, kim = signed_in(acme.people["dana"]), signed_in(acme.people["kim"])
    sign = {"deed": "sign", "statement": "Agreed.", "password": PASSWORD}
    assert "You prepared this review, so another person signs it." in dana.post(page(review), sign, follow=True).content.decode()
    text = kim.post(page(review), sign, follow=True).content.decode()
    review.refresh_from_db()
    assert review.sha256 in text
    assert "Kim, IT manager" in " ".join(text.split())
    assert dana.post(page(review), typed(review), follow=True).status_code == 200
    assert "This review is: Signed." in dana.post(page(review), typed(review), follow=True).content.decode()


def test_given_back_it_can_be_changed_again(review: PlanReview, acme: Company) -> None:
    handed_over(review, acme)
    signed_in(acme.people["kim"]).post(page(review), {"deed": "take_back"})
    assert 'name="i3-verdict"' in read(signed_in(acme.people["dana"]), page(review))


def test_later_changes_are_counted_on_the_signed_page_and_tampering_is_said(review: PlanReview, acme: Company) -> None:
    handed_over(review, acme)
    sign = {"deed": "sign", "statement": "Agreed.", "password": PASSWORD}
    vera = signed_in(acme.people["vera"])
    signed_in(acme.people["kim"]).post(page(review), sign)
    assert "Nothing material was changed since sign-off." in read(vera, page(review))
    later = clock.now() + timedelta(seconds=0)
    trail.record(acme.policies["it-ops"], "change", actor=acme.people["adam"], now=later, after={"repeat": 1})
    ReviewItem.objects.filter(review=review, number=2).update(note="Added later")
    text = read(vera, page(review))
    assert "Changed since sign-off: 1" in text
    assert "This is not what was signed." in text


def test_the_export_can_be_checked_by_a_stranger(review: PlanReview, acme: Company) -> None:
    vera = signed_in(acme.people["vera"])
    export = f"/admin/incidents/planreview/{review.pk}/export/"
    assert vera.get(export).status_code == 404  # nothing is signed yet
    handed_over(review, acme)
    signed_in(acme.people["kim"]).post(page(review), {"deed": "sign", "statement": "Agreed.", "password": PASSWORD})
    told = json.loads(vera.get(export).content)
    assert told["sha256"] == reviews.digest(told["snapshot"])
    assert told["proves"] == "unchanged since it was signed, not true"


def test_the_print_has_everything_and_no_form(review: PlanReview, acme: Company) -> None:
    handed_over(review, acme)
    text = read(signed_in(acme.people["vera"]), page(review, "?print=1"))
    assert text.count('role="group" id="item-') == 26
    assert "<details open>" in text
    assert 'id="nav-sidebar"' not in text
    assert "<button" not in text.partition('<div class="review">')[2]


@pytest.mark.parametrize("name", ["vera", "ana", "ella"])
def test_others_change_nothing(name: str, review: PlanReview, acme: Company) -> None:
    person = signed_in(acme.people[name])
    expected = 403 if name == "vera" else 302  # the admin's door
    assert person.post(page(review), typed(review)).status_code == expected
    assert person.post("/admin/incidents/planreview/begin/").status_code == expected
    assert ReviewItem.objects.exclude(verdict="").count() == 0


def test_vera_reads_and_is_shown_no_form(review: PlanReview, acme: Company) -> None:
    text = read(signed_in(acme.people["vera"]), page(review))
    assert "2 of 3 people, missing: Ana" in text
    assert 'type="radio"' not in text
    assert "Hand over" not in text


def test_before_the_first_there_is_a_button_that_begins_it(acme: Company) -> None:
    assert "No review yet." in read(signed_in(acme.people["dana"]), "/reviews/")
    assert "Start a review" not in read(signed_in(acme.people["vera"]), "/reviews/")
    answer = signed_in(acme.people["dana"]).post("/admin/incidents/planreview/begin/")
    assert answer.headers["Location"] == page(PlanReview.objects.get())


def test_its_queries_do_not_grow_with_its_answers(review: PlanReview, acme: Company, django_assert_max_num_queries: Any) -> None:
    dana = signed_in(acme.people["dana"])
    dana.post(page(review), typed(review))
    dana.get(page(review))
    with django_assert_max_num_queries(30):
        dana.get(page(review))


def test_changes_that_are_not_listed_are_counted_and_lead_to_the_trail(
    review: PlanReview, acme: Company, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(changes, "MOST", 4)
    for n in range(5):
        trail.record(acme.policies["it-ops"], "change", actor=acme.people["adam"], now=NINE - timedelta(hours=n + 1), after={"repeat": n})
    vera = signed_in(acme.people["vera"])
    text = " ".join(read(vera, page(review)).split())
    assert "2 further entries of the trail are not listed here." in text
    answer = vera.get(changes.trail(NINE - timedelta(days=1), NINE))
    assert answer.status_code == 200
    listed = answer.context["cl"].queryset
    assert listed.filter(verb="change").count() == 5
    assert {row.noun for row in listed} <= set(changes.MATERIAL)
    with django_assert_num_queries(2):  # the entries, then the policies, however many there are
        assert len(reviews.between(NINE - timedelta(days=1), NINE)) == 4
