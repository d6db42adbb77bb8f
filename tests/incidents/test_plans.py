"""The incident plan: useful from the first day, versioned, read and confirmed, and honest about what it still names."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from incidents import plans
from incidents.models import Plan, PlanReading, PlanVersion
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Service, User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

LATER = NINE + timedelta(hours=1)


def plan_now() -> Plan:
    found = Plan.current()
    assert found is not None
    return found


def test_a_new_company_has_a_plan_without_a_fault(acme: Company) -> None:
    plan = plan_now()
    assert (plan.version, list(plans.dangling(plan))) == (1, [])
    assert {book.service.slug for book in plan.runbooks.all()} == set(acme.services)


def test_installing_again_leaves_what_was_edited(acme: Company) -> None:
    Plan.objects.update(scope="Ours")
    assert plans.install(owner=acme.people["kim"], now=LATER).scope == "Ours"
    assert plan_now().roles.count() == 4


def test_a_change_is_a_version_with_its_note_and_a_save_without_one_is_none(acme: Company) -> None:
    plan = plan_now()
    plans.publish(plan, note="nothing", actor=acme.people["adam"], now=LATER)
    plan.scope = "Everything IT runs."
    plan.save(update_fields=["scope"])
    plans.publish(plan, note="Wider", actor=acme.people["adam"], now=LATER)
    assert [row.version for row in PlanVersion.objects.all()] == [2, 1]
    trail = AuditEntry.objects.filter(noun="incidents.plan", verb="publish").first()
    assert trail is not None
    assert (trail.after["scope"], trail.after["note"]) == ("Everything IT runs.", "Wider")
    assert trail.before["scope"].startswith("This plan covers")


def test_a_new_version_is_read_anew(acme: Company) -> None:
    ana, plan = acme.people["ana"], plan_now()
    plans.confirm(plan, version=1, reader=ana, now=NINE)
    plans.confirm(plan, version=1, reader=ana, now=LATER)
    assert PlanReading.objects.get().at == NINE
    Plan.objects.update(scope="Wider")
    plans.publish(plan_now(), note="Wider", actor=None, now=LATER)
    with pytest.raises(plans.PlanMovedOn):
        plans.confirm(plan_now(), version=1, reader=ana, now=LATER)


def test_its_readers_are_staff_who_has_a_role_in_it_and_who_is_on_call(acme: Company) -> None:
    assert {person.username for person in plans.readers(plan_now())} == {"ana", "ben", "sam", "dana", "kim", "adam", "lea"}


def test_who_left_and_what_was_retired_is_named(acme: Company) -> None:
    User.objects.filter(username__in=["adam", "dana"]).update(is_active=False)
    Service.objects.filter(slug="vpn").update(is_active=False)
    Plan.objects.update(training=" ")
    said = " ".join(plans.dangling(plan_now()))
    assert "Adam owns the plan and has left." in said
    assert "Dana Ruiz is named as Incident commander and has left." in said
    assert "VPN, which is no longer in use" in said
    assert "“training and drills” is empty" in said


def test_ana_reads_it_and_says_so(acme: Company) -> None:
    ana = signed_in(acme.people["ana"])
    assert "I have read version 1" in ana.get("/plan/").content.decode()
    assert ana.post("/plan/confirm/", {"version": "1"}).status_code == 302
    page = ana.get("/plan/").content.decode()
    assert all(words in page for words in ("You have read version 1.", "Runbook: VPN", "SEV1"))


def test_lea_is_no_staff_and_reads_it_for_her_role_and_ella_does_not(acme: Company) -> None:
    answers = [signed_in(acme.people[name]).get("/plan/").status_code for name in ("lea", "ella")]
    assert answers == [200, 403]


def test_a_version_that_is_not_in_force_is_not_confirmed(acme: Company) -> None:
    said = signed_in(acme.people["ana"]).post("/plan/confirm/", {"version": "7x"}, follow=True)
    assert "The plan was changed since you opened it." in said.content.decode()
    assert not PlanReading.objects.exists()


def test_a_desk_without_a_plan_says_so(db: None, acme: Company) -> None:
    Plan.objects.update(version=0)
    ana = signed_in(acme.people["ana"])
    assert "There is no plan yet." in ana.get("/plan/").content.decode()
    assert ana.post("/plan/confirm/", {"version": "0"}).status_code == 404


def test_adam_edits_it_in_the_admin_and_it_is_version_2(acme: Company) -> None:
    adam, url = signed_in(acme.people["adam"]), reverse("admin:incidents_plan_change", args=[1])
    page = adam.get(url)
    form = {**page.context["adminform"].form.initial, "scope": "Ours", "note": "Shorter"}
    for formset in page.context["inline_admin_formsets"]:
        for each in (formset.formset.management_form, *formset.formset.initial_forms):
            form |= {each.add_prefix(name): value for name, value in each.initial.items()}
            form |= {each.add_prefix(name): each[name].value() for name in each.fields}
    said = adam.post(url, {name: "" if value is None else value for name, value in form.items()})
    assert said.status_code == 302, said.context["errors"]
    assert (plan_now().version, plan_now().scope) == (2, "Ours")
    assert "version 2" in signed_in(acme.people["ben"]).get("/plan/").content.decode()


def test_the_page_asks_a_fixed_number_of_questions(acme: Company, django_assert_max_num_queries: object) -> None:
    ana = signed_in(acme.people["ana"])
    ana.get("/plan/")
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        ana.get("/plan/")
