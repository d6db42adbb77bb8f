"""Drills: real pages with TEST on each, measured per person, read by the plan review."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from incidents.reviews import asking
from incidents.reviews.evidence import records
from notifications import delivery, drills
from notifications.models import Drill, DrillAnswer, Message
from servicedesk import clock
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in
from tests.fakes.phone import Phone
from tests.fakes.twilio import FakeTwilio
from tests.notifications.makers import NOW, SAM, after, page, person, rung, sam

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def drill(*people: object, **fields: object) -> Drill:
    made = Drill.objects.create(**{"name": "Night drill", "due_at": NOW, "takes_duty": False, "created_at": NOW, **fields})
    made.people.set(people)
    return made


def one() -> DrillAnswer:
    return DrillAnswer.objects.get()


def test_whoever_is_on_duty_is_paged_and_every_message_says_test_first(acme: Company) -> None:
    drill(takes_duty=True, due_at=NINE)
    assert drills.hold_due(now=NINE) == 1
    paged = set(DrillAnswer.objects.values_list("person__username", flat=True))
    assert {"sam", "dana"} <= paged
    sent = Message.objects.filter(thread__startswith="DRILL")
    assert all("TEST" in f"{one.subject} {one.text}"[:40] or one.channel == "voice" for one in sent)
    assert all(len(one.text) <= 160 for one in sent.filter(channel="sms"))


def test_an_answer_is_measured_and_stops_what_would_still_go_out() -> None:
    user = sam((0, "sms", SAM), (180, "voice", SAM))
    drills.hold(drill(user), now=NOW)
    delivery.deliver(Message.objects.get(channel="sms").pk, NOW)
    assert Client().post(f"/drill/{one().token}/").status_code == 303
    drills.answer(one().token, now=after(40))
    found = one()
    assert (found.result, found.took_s is not None) == ("answered", True)
    assert Message.objects.get(channel="voice").state == "cancelled"


def test_looking_and_scanners_change_nothing_and_a_second_answer_neither() -> None:
    drills.hold(drill(sam()), now=NOW)
    for visit in (Client().get, Client().head):
        assert visit(f"/drill/{one().token}/").status_code == 200
    assert "It reached me" in Client().get(f"/drill/{one().token}/").content.decode()
    assert one().result == "waiting"
    drills.answer(one().token, now=after(30))
    drills.answer(one().token, now=after(90))
    assert one().took_s == 30.0
    assert "you need do nothing more" in Client().get(f"/drill/{one().token}/").content.decode()
    assert Client().get("/drill/unknown/").status_code == Client().post("/drill/unknown/").status_code == 404


def test_no_answer_in_time_is_missed_and_told_to_the_administrators_once() -> None:
    person("adam", "admin", email="adam@acme.test")
    drills.hold(drill(sam()), now=NOW)
    assert drills.settle_due(now=after(14 * 60)) == 0
    assert drills.settle_due(now=after(15 * 60)) == 1
    assert drills.settle_due(now=after(16 * 60)) == 0
    assert one().result == "missed"
    told = Message.objects.get(to="adam@acme.test")
    assert (told.subject, told.text.startswith("Sam: Not answered")) == ("Night drill: 1 of 1 did not answer", True)


def test_who_has_no_way_is_not_reached() -> None:
    drills.hold(drill(person("omar")), now=NOW)
    drills.settle_due(now=after(1))
    assert one().result == "unreached"


def test_a_drill_is_repeated_at_the_same_time_by_the_clock_on_the_wall(acme: Company) -> None:
    made = drill(every_days=7, due_at=datetime(2027, 3, 23, 9, 30, tzinfo=UTC))
    drills.hold_due(now=datetime(2027, 3, 23, 9, 31, tzinfo=UTC))
    made.refresh_from_db()
    assert made.due_at == datetime(2027, 3, 30, 8, 30, tzinfo=UTC)  # summer has begun in Paris


def test_what_was_due_while_the_desk_was_down_is_held_once() -> None:
    made = drill(sam(), every_days=1)
    drills.hold_due(now=NOW + timedelta(days=5, hours=1))
    assert drills.hold_due(now=NOW + timedelta(days=5, hours=1)) == 0
    made.refresh_from_db()
    assert made.due_at == NOW + timedelta(days=6)
    assert DrillAnswer.objects.count() == 1


@pytest.mark.parametrize("fields", [{"is_on": False}, {"due_at": None}, {"due_at": after(1)}])
def test_what_is_off_or_not_due_pages_nobody(fields: dict[str, object]) -> None:
    drill(sam(), **fields)
    assert drills.hold_due(now=NOW) == 0


def test_a_new_desk_pages_whoever_is_on_duty_every_tuesday(acme: Company) -> None:
    made = drills.install_weekly(now=NINE)
    assert (made.due_at, made.every_days, made.takes_duty, made.is_on) == (DUE, 7, True, True)


def test_the_review_reads_what_each_person_made_of_it(django_assert_num_queries: object) -> None:
    user = sam()
    rung(other := person("kim", "manager"), 0, 0, "sms", "+33600000003")
    drills.hold(drill(user, other), now=NOW)
    drills.answer(DrillAnswer.objects.get(person=user).token, now=after(75))
    drills.settle_due(now=after(3600))
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = [(row.drill.name, row.person.username, row.result, row.took_s) for row in drills.results(since=NOW, until=after(1))]
    assert found == [("Night drill", "kim", "missed", None), ("Night drill", "sam", "answered", 75.0)]
    assert AuditEntry.objects.filter(verb="hold").count() == 1


def test_planners_see_the_answers_and_agents_do_not(acme: Company) -> None:
    drills.hold(drill(acme.people["sam"]), now=NINE)
    assert "Night drill" in signed_in(acme.people["dana"]).get("/drills/").content.decode()
    assert signed_in(acme.people["ana"]).get("/drills/").status_code == 403


def told_by_phone(phone: Phone, twilio: FakeTwilio, *ladder: tuple[int, str, str]) -> DrillAnswer:
    """A drill that begins now, its first message out."""
    drills.hold(drill(sam(*ladder)), now=clock.now())
    delivery.deliver_all(list(Message.objects.filter(state="queued").values_list("pk", flat=True)), now=clock.now())
    twilio.settle()
    return one()


@pytest.mark.parametrize("words", ["ATEST", "a test", "A", "4", "E TEST", "5", "M"])
def test_a_text_message_answers_a_drill_as_it_answers_a_page(words: str, phone: Phone, twilio: FakeTwilio) -> None:
    told_by_phone(phone, twilio, (0, "sms", SAM), (180, "voice", SAM))
    said = phone.expect("TEST", "reply ATEST", to=SAM).reply(words)
    assert (said or "").startswith("TEST: your answer of")
    assert ("next person" in (said or "")) is (words[0] in "E5")
    assert (one().result, one().took_s is not None) == ("answered", True)
    assert list(Message.objects.order_by("pk").values_list("channel", "state")) == [("sms", "answered"), ("voice", "cancelled")]


@pytest.mark.parametrize("words", ["I", "6", "A99", "hello"])
def test_asking_again_and_what_is_not_understood_is_no_answer_to_a_drill(words: str, phone: Phone, twilio: FakeTwilio) -> None:
    told_by_phone(phone, twilio)
    said = phone.expect("TEST", to=SAM).reply(words)
    assert (said or "").startswith("TEST Night drill") is (words in "I6")
    assert one().result == "waiting"


def test_a_digit_means_neither_where_a_page_is_open_beside_a_drill(phone: Phone, twilio: FakeTwilio) -> None:
    asked = told_by_phone(phone, twilio)
    page(asked.person)
    sent = phone.expect("TEST", to=SAM)
    sent.reply("4")
    sent.reply("A")
    assert one().result == "waiting"
    sent.reply("ATEST")
    assert one().result == "answered"


def test_a_stranger_and_who_comes_late_answer_no_drill(phone: Phone, twilio: FakeTwilio) -> None:
    told_by_phone(phone, twilio)
    sent = phone.expect("TEST", to=SAM)
    assert phone.text("ATEST", sender="+33600000099") is None
    DrillAnswer.objects.update(ends_at=clock.now() - timedelta(seconds=1))
    for words in ("ATEST", "4"):
        assert "TEST: your answer" not in (sent.reply(words) or "")
    assert one().result == "waiting"


def test_a_key_answers_a_drill_and_six_repeats_it(phone: Phone, twilio: FakeTwilio) -> None:
    told_by_phone(phone, twilio, (0, "voice", SAM))
    talk = phone.expect_call("This is a test", "Press 4: I have it", to=SAM)
    assert "This is a test" in talk.press("6")
    assert one().result == "waiting"
    assert "your answer of" in talk.press("4")
    assert (one().result, one().took_s is not None) == ("answered", True)


def test_an_answer_by_phone_stands_on_the_drill_page_and_in_the_evidence(acme: Company, phone: Phone, twilio: FakeTwilio) -> None:
    held = drill(acme.people["sam"])
    drills.hold(held, now=clock.now())
    number = Message.objects.filter(channel="sms").values_list("to", flat=True).get()
    phone.text("ATEST", sender=number)
    assert "Answered" in signed_in(acme.people["dana"]).get("/drills/").content.decode()
    asked = asking.Asked(since=clock.now(), now=clock.now() + timedelta(hours=1), limits={"year_days": 365, "most_days": 183})
    assert "1 of 1 answered" in records.exercised(asked).said
