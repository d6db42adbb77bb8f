"""/me/notifications/: a person's own ways, tested by a code that is typed back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from notifications import methods, standing
from notifications.models import ContactMethod, LadderRung, Message, Proof, QuietHours
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Organisation, User
from tests.actors import signed_in
from tests.notifications.makers import NOW, SAM, SAM_MAIL, after, page, person, sam

pytestmark = pytest.mark.django_db
PAGE = "/me/notifications/"


def code_of(proof: Proof) -> str:
    found = re.search(r"Your code is (\d{3} \d{3})", Message.objects.get(pk=proof.message_id).text)
    assert found
    return found[1]


def new(user: User, kind: str = "sms", address: str = SAM) -> ContactMethod:
    return methods.add(user, kind=kind, address=address, now=NOW)


def shown(user: User) -> str:
    answer = signed_in(user).get(PAGE)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_code_typed_back_verifies_the_number():
    way = new(person("sam", "agent"))
    proof = methods.send_test(way, now=NOW)
    assert proof.message.text.startswith("TEST from ")
    assert len(proof.message.text) <= 160
    methods.confirm(way, code_of(proof), now=after(60))
    assert ContactMethod.objects.get().verified_at == after(60)
    assert AuditEntry.objects.filter(verb="verify", actor__username="sam").exists()


@pytest.mark.parametrize("typed", ["", "000", "abc def", "1234567"])
def test_another_code_verifies_nothing(typed):
    way = new(person("sam"))
    methods.send_test(way, now=NOW)
    with pytest.raises(methods.WrongCode):
        methods.confirm(way, typed, now=after(1))
    assert ContactMethod.objects.get().verified_at is None


def test_after_five_wrong_codes_the_right_one_counts_no_more():
    way = new(person("sam"))
    code = code_of(methods.send_test(way, now=NOW))
    wrong = "000000" if code != "000 000" else "111111"
    for _turn in range(5):
        with pytest.raises(methods.WrongCode):
            methods.confirm(way, wrong, now=after(1))
    with pytest.raises(methods.WrongCode):
        methods.confirm(way, code, now=after(1))


def test_a_code_counts_for_fifteen_minutes_and_only_the_newest():
    way = new(person("sam"))
    first = code_of(methods.send_test(way, now=NOW))
    second = methods.send_test(way, now=after(60))
    if first != code_of(second):
        with pytest.raises(methods.WrongCode):
            methods.confirm(way, first, now=after(61))
    with pytest.raises(methods.WrongCode):
        methods.confirm(way, code_of(second), now=after(60 + 15 * 60))


def test_six_tests_an_hour_are_enough():
    way = new(person("sam"))
    for number in range(6):
        methods.send_test(way, now=after(number))
    with pytest.raises(methods.TooManyTests):
        methods.send_test(way, now=after(7))
    methods.send_test(way, now=after(3601))


def test_the_code_is_nobody_elses_to_read():
    code = code_of(methods.send_test(new(person("sam", "agent")), now=NOW))
    ana = signed_in(person("ana", "agent"))
    assert code not in ana.get("/outbox/").content.decode()
    assert code not in shown(User.objects.get(username="sam"))
    assert not Proof.objects.filter(fingerprint__contains=code.replace(" ", "")).exists()


def test_a_call_says_the_digits_one_by_one_twice():
    proof = methods.send_test(new(person("sam"), "voice"), now=NOW)
    assert len(re.findall(r"(?:\d, ){5}\d\.", proof.message.text)) == 2


def test_a_code_lifts_a_flag_and_the_page_tells_of_it():
    user = sam()
    ContactMethod.objects.update(flagged_at=NOW, flagged_code="21211", flagged_reason="This is not a telephone number.")
    (way,) = standing.ways(user, now=after(5))
    assert (way.tone, way.text) == ("warn", "Refused 02:12: This is not a telephone number. A test that arrives lifts this.")
    methods.confirm(way.method, code_of(methods.send_test(way.method, now=after(6))), now=after(7))
    assert standing.ways(user, now=after(8))[0].tone == "ok"


def test_the_ways_that_work_are_told_of_a_change():
    user = sam()
    added = new(user, "sms", "+33600000099")
    told = Message.objects.get(thread="METHODS")
    assert told.to == SAM
    assert "was added to the ways you are reached" in told.text
    methods.remove(ContactMethod.objects.get(address=SAM), now=after(1))
    assert Message.objects.filter(thread="METHODS", to=SAM).count() == 2
    assert not Message.objects.filter(thread="METHODS", to=added.address).exists()


def test_a_removed_way_leaves_the_ladder_and_can_come_back_unverified():
    user = sam()
    methods.remove(ContactMethod.objects.get(), now=NOW)
    assert not LadderRung.objects.exists()
    assert standing.ways(user, now=NOW) == []
    assert page(user).state == "unreachable"
    assert new(user).verified_at is None
    with pytest.raises(methods.AlreadyThere):
        new(user)


def test_the_verdict_says_who_is_reached_by_what():
    user = sam((0, "sms", SAM), (0, "email", SAM_MAIL))
    ContactMethod.objects.filter(kind="email").update(verified_at=None)
    found = standing.verdict(user, standing.ways(user, now=NOW))
    assert (found.tone, found.bold, found.text) == ("ok", "You can be reached.", "SMS is verified. E-mail is not.")
    ContactMethod.objects.filter(kind="sms").update(verified_at=None)
    assert standing.verdict(user, standing.ways(user, now=NOW)).bold == "You cannot be reached."
    ContactMethod.objects.filter(kind="email").update(verified_at=NOW)
    assert "Only mail reaches you" in standing.verdict(user, standing.ways(user, now=NOW)).bold


def test_an_old_verification_asks_for_a_new_test():
    user = sam()
    (way,) = standing.ways(user, now=NOW + timedelta(days=91))
    assert way.tone == "warn"
    assert way.text.endswith("Test it again.")


def posted(client: Client, path: str, **fields: object) -> int:
    return client.post(PAGE + path, fields).status_code


def test_whoever_is_reached_already_gives_the_password_for_another_number():
    user = sam()
    user.set_password("correct horse 9")
    user.save(update_fields=["password"])
    client = signed_in(user)
    assert posted(client, "add/", kind="sms", address="+33 6 00 00 00 99") == 422
    assert posted(client, "add/", kind="sms", address="+33 6 00 00 00 99", password="wrong") == 422
    assert posted(client, "add/", kind="sms", address="555-0100", password="correct horse 9") == 422
    assert not ContactMethod.objects.filter(address="+33600000099").exists()
    assert posted(client, "add/", kind="sms", address="+33 6 00 00 00 99", password="correct horse 9") == 302
    assert Proof.objects.get().method.address == "+33600000099"
    way = ContactMethod.objects.get(address=SAM)
    assert posted(client, f"{way.pk}/remove/", password="wrong") == 422
    assert posted(client, f"{way.pk}/remove/", password="correct horse 9") == 302
    assert not ContactMethod.objects.kept().filter(address=SAM).exists()


def test_the_round_trip_on_the_page():
    client = signed_in(person("sam", "agent"))
    posted(client, "add/", kind="email", address="Sam@Acme.test")
    proof = Proof.objects.get()
    assert "type the code" in client.get(PAGE).content.decode()
    assert posted(client, f"{proof.method_id}/confirm/", code="nothing") == 302
    assert posted(client, f"{proof.method_id}/confirm/", code=code_of(proof)) == 302
    body = client.get(PAGE).content.decode()
    assert "Confirmed: E-mail reaches you." in body
    assert "Only mail reaches you" in body


def test_a_test_under_way_is_followed_in_place():
    client = signed_in(person("sam", "agent"))
    posted(client, "add/", kind="sms", address=SAM)
    cursor = re.search(r'data-cursor="([^"]+)"', client.get(PAGE).content.decode())
    assert cursor
    assert client.get(PAGE, {"pulse": cursor[1]}).status_code == 204
    Message.objects.update(state="failed", reason="Nobody there.")
    news = client.get(PAGE, {"pulse": cursor[1]})
    assert "Nobody there" in news.content.decode()
    assert 'hx-swap-oob="morph"' in news.content.decode()
    assert "data-pulse" not in news.content.decode()


def test_a_ladder_is_arranged_by_buttons_and_saved():
    user = sam((0, "sms", SAM), (180, "voice", SAM))
    client, (sms, call) = signed_in(user), ContactMethod.objects.order_by("pk")
    rows = {"method": [sms.pk, call.pk], "delay": ["0", "3"]}
    moved = client.post(f"{PAGE}ladder/urgent/", {**rows, "do": "up:1"}).content.decode()
    assert moved.index(f'name="method" value="{call.pk}"') < moved.index(f'name="method" value="{sms.pk}"')
    assert LadderRung.objects.get(position=0).method == sms
    swapped = {"method": [call.pk, sms.pk], "delay": ["0", "3"], "do": "save"}
    assert client.post(f"{PAGE}ladder/urgent/", swapped).status_code == 302
    assert list(LadderRung.objects.values_list("method", "delay_s")) == [(call.pk, 0), (sms.pk, 180)]


@pytest.mark.parametrize("delay", ["", "-1", "121", "soon", "1.5"])
def test_minutes_that_are_none_are_refused(delay):
    user = sam()
    rows = {"method": [ContactMethod.objects.get().pk], "delay": [delay], "do": "save"}
    assert signed_in(user).post(f"{PAGE}ladder/urgent/", rows).status_code == 422
    assert LadderRung.objects.get().delay_s == 0


def test_nobody_puts_anothers_number_into_their_ladder():
    other = sam()
    user = person("ana", "agent")
    rows = {"method": [ContactMethod.objects.get(person=other).pk], "delay": ["0"], "do": "save"}
    signed_in(user).post(f"{PAGE}ladder/urgent/", rows)
    assert not LadderRung.objects.filter(person=user).exists()


def test_administrators_set_how_soon_a_ladder_wakes():
    Organisation.objects.create(pk=1, name="Acme", created_at=NOW, wake_within_min=5)
    user = sam((0, "email", SAM_MAIL), (300, "sms", SAM))
    mail, sms = ContactMethod.objects.order_by("pk")
    late = {"method": [mail.pk, sms.pk], "delay": ["0", "6"], "do": "save"}
    answer = signed_in(user).post(f"{PAGE}ladder/urgent/", late)
    assert answer.status_code == 422
    assert "within 5 minutes" in answer.content.decode()
    assert signed_in(user).post(f"{PAGE}ladder/normal/", late).status_code == 302
    assert signed_in(user).post(f"{PAGE}ladder/urgent/", {**late, "delay": ["0", "5"]}).status_code == 302


def test_quiet_hours_are_kept_and_taken_back():
    client = signed_in(sam())
    assert posted(client, "quiet/", starts="22:00", ends="07:00", weekdays=["0", "1"]) == 302
    assert QuietHours.objects.get().weekdays == [0, 1]
    assert posted(client, "quiet/", starts="22:00", ends="") == 422
    assert posted(client, "quiet/", starts="", ends="") == 302
    assert not QuietHours.objects.exists()


def test_a_notice_that_was_switched_off_stays_at_home():
    user = sam()
    methods.choose_topics(user, ["answered"], now=NOW)
    errand = page(user, kind="notice", topic="team")
    assert (errand.state, errand.messages.count()) == ("cancelled", 0)
    assert page(user, kind="notice", topic="answered", key="other").messages.exists()
    posted(signed_in(user), "notices/", topics=["answered", "team"])
    assert page(user, kind="notice", topic="team", key="third").messages.exists()


def test_the_contact_card_holds_the_desks_numbers(settings):
    settings.TWILIO_FROM = "+33170000214"
    Organisation.objects.create(pk=1, name="Acme, Help; Desk", desk_phone="555-0100", created_at=NOW)
    card = signed_in(person("sam", "agent")).get(f"{PAGE}desk.vcf").content.decode()
    assert "FN:Acme\\, Help\\; Desk\r\n" in card
    assert card.count("TEL;") == 2
    assert card.startswith("BEGIN:VCARD\r\nVERSION:3.0\r\n")


def test_administrators_see_the_state_and_not_the_address():
    sam((0, "sms", SAM), (0, "email", SAM_MAIL))
    body = signed_in(person("adam", "admin")).get("/people/sam/notifications/").content.decode()
    assert "A page wakes this person." in body
    assert "+33•••01" in body
    assert SAM not in body
    assert SAM_MAIL not in body


def test_the_page_costs_the_same_for_many_messages(django_assert_max_num_queries: DjangoAssertNumQueries):
    user = sam((0, "sms", SAM), (60, "voice", SAM), (0, "email", SAM_MAIL))
    for number in range(20):
        page(user, key=f"k{number}", thread=f"INC-{number}")
    client = signed_in(user)
    with django_assert_max_num_queries(40):
        assert client.get(PAGE).status_code == 200
