"""A policy edited as a sentence: tried first, kept as a version, never under somebody else's hands."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.escalation import arranging, snapshot
from incidents.models import Policy, PolicyVersion
from incidents.rehearsal import sentences
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.incidents.alarms import email_down, paged, run_until

URL = "/policies/it-ops/edit/"


@pytest.fixture
def policy(acme: Company) -> Policy:
    return acme.policies["it-ops"]


def typed(acme: Company, policy: Policy, **changes: Any) -> dict[str, Any]:
    """The form as the page shows it, and what somebody changes in it."""
    ana = acme.people["ana"].pk
    sam = acme.people["sam"].pk
    shown = {
        "since": arranging.fingerprint(snapshot.plan_of(policy)), "repeat": "1", "note": "Ana joins", "do": "save",
        "delay": ["0", "15"], "who1": [f"person:{sam}", f"person:{ana}"], "who2": ["", ""], "who3": ["", ""],
        "among": ["all", "all"], "least": ["4", "2"], "opens": ["", "22:00"], "closes": ["", "06:00"], "all": ["", ""],
        "way_person": [str(acme.people["kim"].pk), ""], "way_number": ["", "+33170000214"],
    }  # fmt: skip
    return shown | changes


def said(policy: Policy) -> list[str]:
    return sentences.lines(snapshot.plan_of(Policy.objects.get(pk=policy.pk)))


def send(acme: Company, form: dict[str, Any], who: str = "adam") -> Any:
    return signed_in(acme.people[who]).post(URL, form)


def test_what_is_saved_is_a_version_that_pages_as_it_says(acme: Company, policy: Policy) -> None:
    before = snapshot.publish(policy, now=NINE).version
    assert send(acme, typed(acme, policy)).status_code == 302
    assert said(policy) == [
        "at once: Sam Lee", "after 15 min: Ana (only for SEV1 to SEV2, only from 22:00 to 06:00)", "then once more from the start",
        "then the last resort: Kim, +33170000214",
    ]  # fmt: skip
    assert PolicyVersion.objects.filter(policy=policy).latest("version").version == before + 1
    assert AuditEntry.objects.filter(verb="arrange", noun="incidents.policy").latest("pk").after["note"] == "Ana joins"
    assert paged(email_down(acme))[0] == ("sam", 1)


def test_the_page_says_what_it_would_be_and_keeps_nothing(acme: Company, policy: Policy) -> None:
    old = said(policy)
    page = send(acme, typed(acme, policy, do="preview"))
    assert "<ins>after 15 min: Ana" in page.content.decode()
    assert (page.status_code, said(policy), PolicyVersion.objects.count()) == (200, old, 0)


def test_looking_at_the_form_writes_nothing_and_shows_what_stands(acme: Company, policy: Policy) -> None:
    page = signed_in(acme.people["adam"]).get(URL).content.decode()
    assert 'value="10"' in page
    assert PolicyVersion.objects.count() == 0


def test_two_who_edit_at_once_notice_each_other(acme: Company, policy: Policy) -> None:
    late = typed(acme, policy, repeat="3")
    send(acme, typed(acme, policy))
    after = said(policy)
    page = send(acme, late)
    assert (page.status_code, said(policy)) == (422, after)
    assert "Somebody changed it meanwhile" in page.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [{"delay": ["x", "15"]}, {"delay": ["20", "15"]}, {"opens": ["", "22:00"], "closes": ["", ""]}, {"who1": ["person:999999", ""]},
     {"who1": ["", ""]}, {"repeat": "99"}, {"way_number": ["", "abc"]}, {"delay": ["-1", "2"]}],
)  # fmt: skip
def test_what_cannot_be_is_marked_and_not_kept(acme: Company, policy: Policy, wrong: dict[str, Any]) -> None:
    old = said(policy)
    assert send(acme, typed(acme, policy, **wrong)).status_code == 422
    assert said(policy) == old


def test_an_earlier_version_is_used_again_as_a_new_one(acme: Company, policy: Policy) -> None:
    old, first = said(policy), snapshot.publish(policy, now=NINE).version
    send(acme, typed(acme, policy))
    assert signed_in(acme.people["adam"]).post("/policies/it-ops/versions/", {"version": first}).status_code == 302
    assert (said(policy), PolicyVersion.objects.filter(policy=policy).latest("version").version) == (old, first + 2)


def test_an_escalation_under_way_keeps_the_version_it_began_with(acme: Company, policy: Policy) -> None:
    incident = email_down(acme)
    send(acme, typed(acme, policy))
    run_until(NINE.replace(minute=11))
    assert ("dana", 2) in paged(incident)


def test_managers_read_and_only_administrators_edit(acme: Company, policy: Policy) -> None:
    assert send(acme, typed(acme, policy), who="dana").status_code == 403
    assert "Use it again" not in signed_in(acme.people["dana"]).get("/policies/it-ops/").content.decode()


# A new one


NEW = "/policies/new/"


def drawn_up(acme: Company, **changes: Any) -> dict[str, Any]:
    asked = {"name": "File servers", "services": ["file-server"], "is_default": "", "repeat": "0", "note": "They had none"}
    return {**typed(acme, acme.policies["it-ops"]), **asked, **changes}


def made(acme: Company, who: str = "adam", **changes: Any) -> Any:
    return signed_in(acme.people[who]).post(NEW, drawn_up(acme, **changes))


def test_a_new_policy_pages_for_its_services_at_once(acme: Company) -> None:
    assert made(acme).headers["Location"] == "/policies/file-servers/"
    policy = Policy.objects.get(slug="file-servers")
    assert said(policy)[0] == "at once: Sam Lee"
    assert [service.slug for service in policy.services.all()] == ["file-server"]
    assert policy.versions.get().author == acme.people["adam"]
    entry = AuditEntry.objects.filter(verb="make", noun="incidents.policy").get()
    assert (entry.after["services"], entry.after["note"]) == (["file-server"], "They had none")
    assert paged(email_down(acme, service=acme.services["file-server"]))[0] == ("sam", 1)


def test_a_service_leaves_the_policy_it_had(acme: Company) -> None:
    made(acme, services=["email"])
    assert [policy.slug for policy in acme.services["email"].policies.all()] == ["file-servers"]
    entry = AuditEntry.objects.get(verb="move to another policy")
    assert (entry.before["policies"], entry.after["policies"]) == (["it-ops"], ["file-servers"])


def test_there_is_one_default_and_the_new_one_may_take_its_place(acme: Company) -> None:
    made(acme, is_default="on")
    assert [policy.slug for policy in Policy.objects.filter(is_default=True)] == ["file-servers"]
    assert AuditEntry.objects.get(verb="lose the default").noun == "incidents.policy"


def test_a_look_at_a_new_policy_makes_nothing(acme: Company) -> None:
    page = made(acme, do="preview")
    assert (page.status_code, Policy.objects.filter(name="File servers").exists()) == (200, False)
    assert "after 15 min" in page.content.decode()


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "IT ops"}, {"name": "New"}, {"name": "…"}, {"who1": ["", ""]}, {"services": ["no"]}]
)
def test_what_cannot_be_a_policy_is_said_and_not_made(acme: Company, wrong: dict[str, Any]) -> None:
    before = Policy.objects.count()
    assert made(acme, **wrong).status_code == 422
    assert Policy.objects.count() == before


def test_only_administrators_make_policies(acme: Company) -> None:
    assert made(acme, who="dana").status_code == 403
    assert "New policy" not in signed_in(acme.people["dana"]).get("/policies/").content.decode()
    assert "New policy" in signed_in(acme.people["adam"]).get("/policies/").content.decode()


def test_each_wrong_thing_is_said_where_it_is_and_nothing_else(acme: Company, policy: Policy) -> None:
    page = send(acme, typed(acme, policy, delay=["-5", "soon"], repeat="-4"))
    words = page.content.decode()
    assert page.status_code == 422
    assert [row.error for row in page.context["form"].rows] == [
        "From 0 to 1440 minutes after the start", "Give minutes as a number, and both ends of the hours as 22:00, or none",
    ]  # fmt: skip
    assert "From 0 to 9 times" in words
    assert "Say whom the first step pages" not in words


def test_a_step_that_comes_too_early_is_marked_below_one_that_cannot_be_read(acme: Company, policy: Policy) -> None:
    sam = f"person:{acme.people['sam'].pk}"
    three = {
        "delay": ["20", "soon", "5"],
        "who1": [sam] * 3,
        "opens": [""] * 3,
        "closes": [""] * 3,
        "among": ["all"] * 3,
        "least": ["4"] * 3,
    }
    page = send(acme, typed(acme, policy, **three))
    assert page.context["form"].rows[2].error == "It must not come before the step above it"


def test_a_number_that_cannot_be_dialled_is_marked_itself(acme: Company, policy: Policy) -> None:
    words = send(acme, typed(acme, policy, way_person=["", ""], way_number=["nobody", "+33170000214"])).content.decode()
    assert 'value="nobody" aria-invalid="true"' in words
    assert 'value="+33170000214" aria-invalid' not in words
    assert words.count("Write the number with +") == 2  # in the summary and at its field


def test_before_it_is_saved_the_page_walks_it_and_shows_the_difference(acme: Company, policy: Policy) -> None:
    form = typed(acme, policy, do="preview", **{"try-severity": "1", "try-service": "email"})
    before = said(policy)
    page = send(acme, form)
    difference = page.context["difference"]
    old = [line for mark, line in difference.lines if mark == "-"]
    new = [line for mark, line in difference.lines if mark == "+"]
    assert any("Sam Lee by SMS: primary for IT Ops (step 1 of 3)" in line for line in old)
    assert any("Sam Lee by SMS: named in the policy (step 1 of 2)" in line for line in new)
    assert said(policy) == before
    assert "<ins>" in page.content.decode()


def test_a_policy_that_is_not_yet_is_walked_too(acme: Company) -> None:
    form = typed(acme, acme.policies["it-ops"], do="preview", name="Printers")
    difference = signed_in(acme.people["adam"]).post("/policies/new/", form).context["difference"]
    assert {mark for mark, _line in difference.lines} == {"+"}
    assert not Policy.objects.filter(slug="unsaved").exists()
