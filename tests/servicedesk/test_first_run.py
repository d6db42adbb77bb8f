"""The steps of the first run: what each writes down, what is put off, and who may."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from incidents import escalation, incidents
from incidents.models import Incident, Policy
from incidents.states import IncidentState
from notifications.models import ContactMethod, Message
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.forms import DescribeForm, OrganisationForm, alike_hours
from servicedesk.directory.models import Organisation, Service, User
from servicedesk.oncall.models import Rotation, Schedule
from servicedesk.operations import firstrun, founding, starters
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

pytestmark = pytest.mark.django_db
PERSON = {"name": "Nora New", "username": "nora", "email": "nora@acme.example", "password": "correct horse 9"}
HOUSE = {"organisation": "Acme", "zone": "Europe/Paris", "language": "en", "desk_phone": ""}
DAYS = ["0", "1", "2", "3", "4"]


@pytest.fixture
def nora() -> User:
    return founding.found({"name": "Acme", "zone": "Europe/Paris"}, PERSON, now=NINE)


@pytest.fixture
def page(nora: User) -> Client:
    return signed_in(nora)


def states(person: User) -> dict[str, str]:
    return {step.name: step.state for step in firstrun.steps(person, now=NINE)}


def test_a_new_desk_has_one_step_behind_it(nora: User) -> None:
    assert states(nora) == {name: "done" if name == "organisation" else "open" for name in firstrun.WORDS}


def test_what_is_put_off_says_by_whom_and_leads_to_the_next(page: Client, nora: User) -> None:
    answer = page.post("/setup/mail/", {"do": "skip"})
    assert (answer.status_code, answer["Location"]) == (302, "/setup/phone/")
    assert states(nora)["mail"] == "skipped"
    assert AuditEntry.objects.filter(verb="put off", object_id="mail", actor=nora).exists()


def test_the_last_one_leads_to_the_checklist_and_the_first_visit_to_what_is_open(page: Client) -> None:
    assert page.get("/setup/")["Location"] == "/setup/account/"
    assert page.post("/setup/test/", {"do": "skip"})["Location"] == "/settings/"


def test_a_step_nobody_knows_is_not_there(page: Client) -> None:
    assert page.get("/setup/lunch/").status_code == 404


@pytest.mark.parametrize("name", firstrun.WORDS)
def test_only_administrators_go_on(acme: Company, name: str) -> None:
    for who, answer in (("ella", 403), ("ana", 403), ("dana", 403), ("vera", 403), ("adam", 200)):
        client = signed_in(acme.people[who])
        status = client.get(f"/setup/{name}/").status_code
        assert status == answer or (who, name, status) == ("adam", "account", 302)  # asked who he is once more
        assert client.post(f"/setup/{name}/", {"do": "skip"}).status_code == (302 if who == "adam" else 403)


def test_without_a_provider_the_step_says_what_to_set_and_sends_nothing(page: Client, settings: Settings) -> None:
    settings.EMAIL_CONFIGURED = False
    assert b"EMAIL_URL=" in page.get("/setup/mail/").content
    page.post("/setup/mail/", {"do": "add", "address": "nora@example.org"})
    assert not Message.objects.exists()


def test_nobody_tries_the_way_of_another(page: Client, settings: Settings) -> None:
    settings.EMAIL_CONFIGURED = True
    other = User.objects.create_user("otto", name="Otto", created_at=NINE)
    way = ContactMethod.objects.create(person=other, kind="email", address="otto@acme.example", created_at=NINE)
    page.post("/setup/mail/", {"do": "send", "way": str(way.pk)})
    assert not Message.objects.exists()


def test_templates_become_services_once(page: Client, nora: User) -> None:
    page.post("/setup/services/", {"services": ["email", "vpn"]})
    page.post("/setup/services/", {"services": ["email", "printing"]})  # email is no choice any more
    starters.take(["email"], owner=nora, now=NINE)
    assert sorted(Service.objects.values_list("slug", "owner__username", "team__slug")) == [
        ("email", "nora", "service-desk"),
        ("vpn", "nora", "service-desk"),
    ]
    assert "outlook" in Service.objects.get(slug="email").words


def test_templates_speak_the_language_of_the_house(nora: User) -> None:
    house = Organisation.objects.get()
    house.language = "de"
    house.save(update_fields=["language"])
    (made,) = starters.take(["printing"], owner=nora, now=NINE)
    assert (made.name, made.words[0]) == ("Drucken", "drucker")


def test_who_takes_the_week_is_on_call_and_paged_first(nora: User) -> None:
    firstrun.take_duty(nora, now=NINE)
    assert [duty.person for duty in firstrun.on_duty(NINE)] == [nora]
    policy = Policy.objects.get(is_default=True)
    steps = escalation.snapshot.plan_of(policy).steps
    assert [(step.position, step.delay_s, step.targets[0].kind) for step in steps] == [(1, 0, "schedule"), (2, 600, "manager_of")]


def test_a_second_press_takes_nobody_off(page: Client, nora: User) -> None:
    page.post("/setup/on-call/", {"do": "take"})
    page.post("/setup/on-call/", {"do": "take"})
    assert (Schedule.objects.count(), Rotation.objects.count()) == (1, 1)


def test_two_presses_break_one_thing_and_the_end_counts_as_no_incident(page: Client, nora: User) -> None:
    ContactMethod.objects.update(verified_at=NINE)
    page.post("/setup/test/", {"do": "break"})
    page.post("/setup/test/", {"do": "break"})
    incident = Incident.objects.get()
    assert (incident.severity, incident.is_shown, incident.title[:4]) == (2, False, "TEST")
    assert states(nora)["test"] == "open"
    escalation.acknowledge(incident, by=nora, via="page", now=NINE)
    assert states(nora)["test"] == "done"
    page.post("/setup/test/", {"do": "end"})
    incident.refresh_from_db()
    assert incident.state == IncidentState.REJECTED
    assert states(nora)["test"] == "done"


def test_the_end_of_a_test_that_was_resolved_meanwhile_changes_nothing(page: Client, nora: User) -> None:
    ContactMethod.objects.update(verified_at=NINE)
    page.post("/setup/test/", {"do": "break"})
    incident = incidents.resolve(Incident.objects.get(), actor=nora, reason="It was a test.", now=NINE)
    assert page.post("/setup/test/", {"do": "end"}).status_code == 302
    incident.refresh_from_db()
    assert incident.state == IncidentState.RESOLVED


def test_the_road_is_asked_for_and_told_once(page: Client) -> None:
    ContactMethod.objects.update(verified_at=NINE)
    page.post("/setup/test/", {"do": "break"})
    told = page.get("/setup/test/?pulse=x")
    assert b"nora@acme.example" in told.content
    assert page.get(f"/setup/test/?pulse={told['Desk-Cursor']}").status_code == 204


def test_where_nobody_is_reached_nothing_is_broken_by_the_page(page: Client) -> None:
    shown = page.get("/setup/test/").content
    assert b"Verify a mail address or a number first" in shown
    assert b'value="break"' not in shown


def test_new_hours_are_kept_and_traced(page: Client) -> None:
    page.post("/setup/organisation/", {**HOUSE, "opens": "07:00", "closes": "15:30", "weekdays": ["0", "5"]})
    assert Organisation.objects.get().desk_hours == {"0": [["07:00", "15:30"]], "5": [["07:00", "15:30"]]}
    assert AuditEntry.objects.filter(verb="describe").exists()


def test_hours_that_differ_by_day_stay_as_they_are(nora: User) -> None:
    hours = {"0": [["08:00", "12:00"], ["13:00", "17:00"]], "1": [["08:00", "12:00"]]}
    house = Organisation(name="Acme", zone="Europe/Paris", desk_hours=hours)
    form = DescribeForm(HOUSE, organisation=house)
    assert form.is_valid(), form.errors
    assert "desk_hours" not in form.described


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        ({}, (None, None)),
        ({"0": [["08:00", "18:00"]]}, ("08:00", "18:00")),
        ({"0": [["00:00", "24:00"]], "1": []}, ("00:00", "00:00")),
    ],
)
def test_hours_alike_fill_the_form(hours: dict[str, list[list[str]]], shown: tuple[str | None, str | None]) -> None:
    found = alike_hours(hours)
    assert found is not None
    assert tuple(end and f"{end:%H:%M}" for end in (found["opens"], found["closes"])) == shown


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"opens": "", "closes": "", "weekdays": []}, set()),
        ({"opens": "08:00", "closes": "", "weekdays": DAYS}, {"closes"}),
        ({"opens": "08:00", "closes": "08:00", "weekdays": DAYS}, {"closes"}),
        ({"opens": "08:00", "closes": "17:00", "weekdays": []}, {"weekdays"}),
        ({"opens": "late", "closes": "17:00", "weekdays": DAYS}, {"opens"}),
    ],
)
def test_hours_have_both_ends_and_days(typed: dict[str, object], wrong: set[str]) -> None:
    form = OrganisationForm({**HOUSE, **typed})
    assert set(form.errors) == wrong
    if not wrong:
        assert form.described["desk_hours"] == {}  # round the clock


def test_a_real_incident_is_never_ended_as_a_test(page: Client, nora: User) -> None:
    real = incidents.declare(incidents.Grounds(title="Fire", reason="Smoke", severity=1, since=NINE), actor=nora, now=NINE).incident
    page.post("/setup/test/", {"do": "end"})
    assert real is not None
    real.refresh_from_db()
    assert real.state == IncidentState.TRIGGERED
