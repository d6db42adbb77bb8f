"""Of a moment that is past it is said who would have been paged as it was then, and what of that is not known."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from incidents import escalation, rehearsal
from incidents.escalation import arranging, snapshot
from incidents.models import Incident, Policy, Silence
from notifications import methods
from notifications.models import ContactMethod, LadderRung, Message
from servicedesk import clock
from servicedesk.oncall import changes
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme, signed_in
from tests.incidents.alarms import email_down, run_until

__all__ = ["acme"]
MOMENT = NINE + timedelta(hours=1)
LATER = NINE + timedelta(hours=5)


def then(acme: Company, **asked: Any) -> rehearsal.Answer:
    return rehearsal.answered(service=acme.services["email"], severity=1, at=MOMENT, now=LATER + timedelta(hours=1), **asked)


def told(answer: rehearsal.Answer) -> list[tuple[str, str, int]]:
    return [(line.person.username, line.channel, line.step) for line in answer.walk.lines]


@pytest.fixture
def as_planned(acme: Company) -> list[tuple[str, str, int]]:
    """What was said of the moment when it was still to come."""
    snapshot.publish(acme.policies["it-ops"], now=NINE)
    return told(rehearsal.who_would_be_paged(service=acme.services["email"], severity=1, at=MOMENT))


def test_a_policy_rewritten_since_is_walked_as_it_stood(acme: Company, as_planned: Any) -> None:
    policy, adam = acme.policies["it-ops"], acme.people["adam"]
    standing = snapshot.plan_of(policy)
    empty = snapshot.Plan(policy=policy.slug, name=policy.name, zone=standing.zone, repeat=0)
    arranging.arrange(policy, empty, since=arranging.fingerprint(standing), note="", by=adam, now=LATER)
    answer = then(acme)
    assert (told(answer), answer.walk.version, answer.as_it_was, answer.unknown) == (as_planned, 1, True, ())
    assert snapshot.plan_of(Policy.objects.get(pk=policy.pk)) == empty


def test_overrides_and_leave_made_or_withdrawn_since_are_as_they_were(acme: Company, as_planned: Any) -> None:
    schedule, sam, ben, adam = acme.schedules["it-ops"], acme.people["sam"], acme.people["ben"], acme.people["adam"]
    late = changes.Change("cover", ben, sam, NINE, NINE + timedelta(days=1))
    changes.make(schedule, late, by=adam, now=LATER)
    changes.go_away(acme.people["dana"], starts_at=NINE, ends_at=NINE + timedelta(days=1), reason="", by=adam, now=LATER)
    assert told(then(acme)) == as_planned
    cover = changes.make(schedule, late, by=adam, now=NINE)
    covered = told(then(acme))
    changes.withdraw(cover, by=adam, now=NINE + timedelta(minutes=90))
    assert covered[0][0] == "ben"
    assert told(then(acme)) == covered


def test_methods_and_ladders_are_as_they_were(acme: Company, as_planned: Any) -> None:
    sam = acme.people["sam"]
    mail = ContactMethod.objects.get(person=sam, kind="email")
    methods.arrange(sam, "urgent", [methods.Step(mail, 0)], now=LATER)
    ContactMethod.objects.filter(person=acme.people["kim"], kind="sms").update(disabled_at=LATER)
    ContactMethod.objects.create(person=acme.people["dana"], kind="sms", address="+33600000999", verified_at=LATER, created_at=LATER)
    answer = then(acme)
    assert (told(answer), answer.unknown) == (as_planned, ())
    assert list(LadderRung.objects.filter(person=sam, urgency="urgent").values_list("method__kind", flat=True)) == ["email"]


def test_what_is_not_known_is_said(acme: Company) -> None:
    snapshot.publish(acme.policies["it-ops"], now=LATER)
    methods.remove(ContactMethod.objects.get(person=acme.people["sam"], kind="sms"), now=LATER)
    assert then(acme).unknown == (
        "No version of IT Ops is kept from before that moment: version 1, the first, is taken.",
        "Sam Lee removed SMS +33•••01 since; its place in the ladder of then may be missing.",
    )


def test_what_happened_is_held_against_it(acme: Company) -> None:
    incident = email_down(acme, now=MOMENT)
    run_until(MOMENT + timedelta(minutes=12), start=MOMENT)
    early = Message.objects.filter(lane="page", due_at__lt=MOMENT + timedelta(minutes=12))
    early.update(state=Message.State.SENT, sent_at=MOMENT)  # the provider accepts
    escalation.acknowledge(incident, by=acme.people["dana"], via="page", now=MOMENT + timedelta(minutes=12))
    answer = then(acme, reader=acme.people["dana"])
    assert answer.happened
    assert (answer.happened.incident, answer.happened.not_done, answer.happened.not_planned) == (incident, (), ())
    assert {message.person.username for message in answer.happened.messages if message.person} == {"sam", "dana"}
    ContactMethod.objects.filter(person=acme.people["sam"], kind="sms").update(created_at=LATER)
    other = then(acme).happened
    assert other
    assert other.not_planned == ("Sam Lee by SMS, step 1",)


def test_silences_and_rejections_that_would_stop_it_are_lines(acme: Company) -> None:
    email, adam = acme.services["email"], acme.people["adam"]
    row = {"service": email, "reason": "Mail move", "made_by": adam, "starts_at": NINE, "ends_at": LATER}
    Silence.objects.create(created_at=NINE, **row)
    Silence.objects.create(created_at=LATER, **row)
    said = "Email is silenced until 14:00 (Mail move): its alerts open nothing and page nobody. Tickets still may."
    assert then(acme).stops == [said]
    assert rehearsal.who_would_be_paged(service=email, severity=1, at=LATER).stops == []


def test_maintenance_and_what_was_rejected_lately_are_lines_of_the_answer(acme: Company) -> None:
    email, adam = acme.services["email"], acme.people["adam"]
    row = {"service": email, "reason": "Mail move", "made_by": adam, "starts_at": NINE, "ends_at": LATER, "created_at": NINE}
    Silence.objects.create(audience="desk", public_text="Mail moves", **row)
    incident = email_down(acme)
    held = {"state": "rejected", "group_key": "service:email", "hold_until": NINE + timedelta(hours=4), "hold_count": 6}
    Incident.objects.filter(pk=incident.pk).update(**held)
    stops = rehearsal.who_would_be_paged(service=email, severity=1, at=NINE).stops
    assert [words.split(" until")[0] for words in stops] == ["Maintenance of Email", f"{incident.number} was rejected:"]
    assert "rules open the same only when 6 people report it." in stops[1]


def test_the_page_and_the_command_say_so(acme: Company) -> None:
    page = signed_in(acme.people["vera"]).get(f"/policies/it-ops/?service=email&severity=1&at={clock.now().year - 1}-11-23T10:00")
    assert "As it was then" in page.content.decode()
    out = StringIO()
    with pytest.raises(SystemExit, match="1"):  # nobody could be reached yet
        call_command("who_would_be_paged", "--service", "email", "--at", f"{clock.now().year - 1}-11-23T10:00", stdout=out)
    assert out.getvalue().startswith("as it was then")
