"""Who is paged, in which order, and when: one walk through a policy."""

from __future__ import annotations

from datetime import time

from incidents import escalation
from incidents.models import LastResort, Policy, PolicyStep, PolicyVersion, StepTarget
from notifications.models import Message
from servicedesk.oncall.models import Away, Override
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme, at
from tests.incidents.alarms import (
    MINUTE,
    email_down,
    lines,
    lost,
    paged,
    paged_at,
    run_of,
    run_until,
    tick,
    told,
    unreachable,
)

__all__ = ["acme"]


def steps(acme: Company, number: int) -> PolicyStep:
    return acme.policies["it-ops"].steps.get(position=number)


def also(acme: Company, number: int, **target: object) -> StepTarget:
    return StepTarget.objects.create(step=steps(acme, number), **target)


def test_the_first_step_pages_in_the_same_transaction(acme: Company) -> None:
    incident = email_down(acme)
    assert paged(incident) == [("sam", 1)]
    assert run_of(incident).next_step_at == NINE + 10 * MINUTE


def test_each_step_comes_at_its_delay_and_then_the_last_resort(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 46 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("dana", 10), ("kim", 20), ("kim", 30), ("kim", 45)]
    assert "Nobody acknowledged after 3 steps in 30 min." in lines(incident)


def test_the_engine_may_look_as_often_as_it_likes(acme: Company) -> None:
    incident = email_down(acme)
    for _pass in range(3):
        run_until(NINE + 11 * MINUTE)
    assert paged(incident) == [("sam", 1), ("dana", 2)]


def test_a_gap_is_skipped_at_once_and_said(acme: Company) -> None:
    acme.schedules["it-ops"].rotations.all().delete()
    incident = email_down(acme)
    assert paged_at(incident) == [("dana", 0)]
    assert "Step 1 of 3 is skipped: nobody is on it." in lines(incident)
    run_until(NINE + 21 * MINUTE)
    assert paged_at(incident) == [("dana", 0), ("kim", 20)]


def test_a_person_without_any_verified_way_climbs_at_once(acme: Company) -> None:
    unreachable(acme.people["sam"])
    incident = email_down(acme)
    assert paged_at(incident) == [("sam", 0), ("dana", 0)]
    assert "SMS is not verified" in lines(incident)


def test_mail_alone_wakes_nobody_so_the_next_step_follows(acme: Company) -> None:
    acme.people["sam"].contact_methods.exclude(kind="email").update(verified_at=None)
    incident = email_down(acme)
    assert paged_at(incident) == [("sam", 0), ("dana", 0)]
    assert "Step 1 of 3 can wake nobody: Sam Lee by e-mail only." in lines(incident)


def test_a_desk_that_only_mails_keeps_its_delays(acme: Company) -> None:
    for person in acme.people.values():
        person.contact_methods.exclude(kind="email").update(verified_at=None)
    incident = email_down(acme)
    run_until(NINE + 11 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("dana", 10)]


def test_a_page_whose_every_method_failed_climbs_at_once(acme: Company) -> None:
    incident = email_down(acme)
    lost(incident.pages.get(), now=NINE + 2 * MINUTE)
    tick(NINE + 2 * MINUTE)
    tick(NINE + 3 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("dana", 2)]
    assert "Sam Lee could not be reached." in lines(incident)


def test_one_of_two_who_cannot_be_reached_changes_nothing(acme: Company) -> None:
    also(acme, 1, kind="person", person=acme.people["ben"])
    incident = email_down(acme)
    lost(incident.pages.get(person=acme.people["sam"]), now=NINE)
    run_until(NINE + 9 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("ben", 0)]


def test_a_late_failure_of_an_earlier_step_hurries_nobody(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 10 * MINUTE)
    lost(incident.pages.get(step=1), now=NINE + 12 * MINUTE)
    run_until(NINE + 20 * MINUTE, start=NINE + 12 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("dana", 10), ("kim", 20)]


def test_somebody_named_twice_in_a_step_is_paged_once(acme: Company) -> None:
    also(acme, 1, kind="person", person=acme.people["sam"])
    assert paged(email_down(acme)) == [("sam", 1)]


def test_the_first_available_is_the_next_one_when_the_first_is_not(acme: Company) -> None:
    PolicyStep.objects.filter(pk=steps(acme, 1).pk).update(among="first_available")
    also(acme, 1, kind="person", person=acme.people["ben"])
    incident = email_down(acme)
    assert paged_at(incident) == [("sam", 0)]
    lost(incident.pages.get(), now=NINE + MINUTE)
    tick(NINE + MINUTE)
    assert paged_at(incident) == [("sam", 0), ("ben", 1)]


def test_in_turns_pages_whoever_was_not_paged_longest(acme: Company) -> None:
    PolicyStep.objects.filter(pk=steps(acme, 1).pk).update(among="round_robin")
    also(acme, 1, kind="person", person=acme.people["ben"])
    turns = [
        paged(email_down(acme, service=acme.services[slug], now=NINE + n * MINUTE)) for n, slug in enumerate(("email", "vpn", "printing"))
    ]
    assert turns == [[("sam", 1)], [("ben", 1)], [("sam", 1)]]


def test_a_step_only_for_worse_keeps_its_delay(acme: Company) -> None:
    PolicyStep.objects.filter(pk=steps(acme, 2).pk).update(least_severity=1)
    incident, worse = email_down(acme, severity=2), email_down(acme, service=acme.services["vpn"])
    run_until(NINE + 20 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("kim", 20)]
    assert paged_at(worse) == [("sam", 0), ("dana", 10), ("kim", 20)]
    assert "Step 2 of 3 is skipped: only from SEV1." in lines(incident)


def test_a_step_outside_its_hours_keeps_its_delay(acme: Company) -> None:
    PolicyStep.objects.filter(pk=steps(acme, 2).pk).update(window_from=time(22), window_until=time(6))
    incident = email_down(acme)
    run_until(NINE + 20 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("kim", 20)]
    night = email_down(acme, now=at(2), since=at(2), service=acme.services["vpn"])
    run_until(at(2, 10), start=at(2))
    assert paged_at(night, at(2)) == [("sam", 0), ("dana", 10)]


def test_a_step_passed_over_does_not_hold_up_a_run_that_reached_nobody(acme: Company) -> None:
    unreachable(acme.people["sam"])
    PolicyStep.objects.filter(pk=steps(acme, 2).pk).update(least_severity=1)
    assert paged_at(email_down(acme, severity=2)) == [("sam", 0), ("kim", 0)]


def test_schedules_are_asked_when_the_step_runs(acme: Company) -> None:
    incident = email_down(acme)
    Override.objects.create(
        schedule=acme.schedules["it-ops-secondary"], kind="cover", person=acme.people["ben"], replaces=acme.people["dana"],
        starts_at=NINE + 5 * MINUTE, ends_at=NINE + 60 * MINUTE, created_at=NINE + 5 * MINUTE,
    )  # fmt: skip
    run_until(NINE + 10 * MINUTE)
    assert paged(incident) == [("sam", 1), ("ben", 2)]
    assert incident.pages.get(step=2).because == "secondary for IT Ops, covering for Dana (step 2 of 3)"


def test_a_running_escalation_keeps_the_policy_it_began_with(acme: Company) -> None:
    incident = email_down(acme)
    acme.policies["it-ops"].steps.filter(position__gt=1).delete()
    run_until(NINE + 10 * MINUTE)
    assert paged(incident) == [("sam", 1), ("dana", 2)]
    other = email_down(acme, service=acme.services["vpn"])
    assert (run_of(incident).policy_version, run_of(other).policy_version) == (1, 2)
    assert PolicyVersion.objects.filter(policy=acme.policies["it-ops"]).count() == 2


def test_a_policy_repeats_as_often_as_it_says(acme: Company) -> None:
    Policy.objects.filter(slug="it-ops").update(repeat=1)
    incident = email_down(acme)
    run_until(NINE + 60 * MINUTE)
    assert paged_at(incident)[:6] == [("sam", 0), ("dana", 10), ("kim", 20), ("sam", 30), ("dana", 40), ("kim", 50)]
    assert paged_at(incident)[6:] == [("kim", 60)]


def test_a_policy_nobody_of_which_can_be_reached_goes_to_the_last_resort(acme: Company) -> None:
    Policy.objects.filter(slug="network").update(repeat=2)
    incident = email_down(acme, policy=Policy.objects.get(slug="network"))
    assert paged_at(incident) == [("kim", 0)]
    assert lines(incident).count("is skipped") == 1
    assert "Nobody acknowledged because nobody of Network can be reached." in lines(incident)
    assert incident.timeline.filter(kind="warning", is_key=True).exists()
    assert "call 555-0100" in lines(incident)


def test_the_last_resort_skips_who_is_away(acme: Company) -> None:
    LastResort.objects.create(policy=acme.policies["network"], position=2, person=acme.people["ben"])
    Away.objects.create(person=acme.people["kim"], starts_at=at(0), ends_at=at(0, day=25), created_at=NINE)
    assert paged(email_down(acme, policy=acme.policies["network"])) == [("ben", 0)]


def test_a_last_resort_nobody_of_which_is_there_is_every_it_manager(acme: Company) -> None:
    Away.objects.create(person=acme.people["kim"], starts_at=at(0), ends_at=at(0, day=25), created_at=NINE)
    assert paged(email_down(acme, policy=acme.policies["network"])) == [("dana", 0)]


def test_the_last_resort_is_called_for_four_hours_and_the_other_managers_get_one_mail(acme: Company) -> None:
    incident = email_down(acme, policy=acme.policies["network"])
    run_until(NINE + 300 * MINUTE, every=15 * MINUTE)
    assert len(paged(incident)) == 16
    assert paged_at(incident)[-1] == ("kim", 225)
    assert told(incident) == []
    written = Message.objects.of_thread(incident.number).filter(key__contains=":exhausted:")
    subject = f"{incident.number} Email is down: nobody acknowledged"
    assert list(written.values_list("channel", "person__username", "subject")) == [("email", "dana", subject)]


def test_a_staffed_number_rings_although_it_is_nobodys(acme: Company) -> None:
    policy = acme.policies["network"]
    LastResort.objects.filter(policy=policy, position=1).update(number="+33 1 70 00 02 14")
    incident = email_down(acme, policy=policy)
    call = Message.objects.of_thread(incident.number).get(to="+33170000214")
    assert (call.channel, call.lane, call.state, call.person) == ("voice", "page", "queued", None)
    assert call.text.count("This telephone is the last resort.") == 2
    assert "Press" not in call.text
    assert "The staffed number of the last resort rings: +33 1 70 00 02 14." in lines(incident)
    run_until(NINE + 20 * MINUTE, every=5 * MINUTE)
    assert Message.objects.of_thread(incident.number).filter(to="+33170000214").count() == 2
    escalation.acknowledge(incident, by=acme.people["kim"], via="page", now=NINE + 21 * MINUTE)
    assert not Message.objects.of_thread(incident.number).waiting().filter(to="+33170000214").exists()


def test_a_number_that_cannot_be_dialled_is_only_named(acme: Company) -> None:
    incident = email_down(acme, policy=acme.policies["network"])
    assert not Message.objects.of_thread(incident.number).filter(channel="voice", person=None).exists()
    assert "call 555-0100" in lines(incident)


def test_nobody_is_woken_further_for_less(acme: Company) -> None:
    incident = email_down(acme, severity=3)
    run_until(NINE + 60 * MINUTE)
    assert paged_at(incident) == [("sam", 0), ("dana", 10), ("kim", 20)]
    assert (run_of(incident).state, run_of(incident).next_step_at, told(incident)) == ("exhausted", None, [])


def test_without_a_policy_the_default_one_pages(acme: Company) -> None:
    incident = email_down(acme, service=None, group_key="rule:R9", team=None)
    assert run_of(incident).policy == acme.policies["it-ops"]


def test_a_desk_that_slept_keeps_the_distance_between_its_steps(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 180 * MINUTE, start=NINE + 120 * MINUTE)
    assert paged_at(incident)[:3] == [("sam", 0), ("dana", 120), ("kim", 130)]


def test_stopping_cancels_and_says_why(acme: Company) -> None:
    incident = email_down(acme)
    escalation.stop(incident, now=NINE + MINUTE, reason="a drill", actor=acme.people["dana"])
    run_until(NINE + 30 * MINUTE)
    assert paged(incident) == [("sam", 1)]
    assert incident.timeline.filter(text="Paging is stopped.", because="a drill").exists()


def test_a_broken_run_does_not_hold_up_another(acme: Company) -> None:
    broken, whole = email_down(acme), email_down(acme, service=acme.services["vpn"])
    broken.runs.update(snapshot={})
    run_until(NINE + 10 * MINUTE, start=NINE + 10 * MINUTE)
    assert paged(whole) == [("sam", 1), ("dana", 2)]


def test_a_team_and_its_manager_can_be_a_step(acme: Company) -> None:
    step = steps(acme, 1)
    step.targets.all().delete()
    also(acme, 1, kind="team", team=acme.teams["service-desk"])
    also(acme, 1, kind="manager_of", team=acme.teams["service-desk"])
    incident = email_down(acme)
    assert {name for name, _step in paged(incident)} == {"ana", "ben", "dana"}
    assert incident.pages.get(person=acme.people["dana"]).because == "IT manager of Service desk (step 1 of 3)"
