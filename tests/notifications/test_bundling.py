"""Pages that come thick: the first two at once, the others as one within the minute, and each of them can be answered."""

from __future__ import annotations

import pytest

from notifications import delivery, gsm7, outbox
from notifications.models import Errand, Message
from notifications.outbox import Letter
from tests.notifications.makers import SAM, SAM_MAIL, after, page, rungs, sam

pytestmark = pytest.mark.django_db


def letter(number: int, severity: int = 2) -> Letter:
    link = f"https://desk.test/a/{number:010}"
    sms = f"SEV{severity} INC-{number} Down. ACK {link} or reply A{number}"
    return Letter(subject=f"INC-{number} down", text=sms, html="", sms=sms, short=f"INC-{number} SEV{severity}", reference=f"A{number}")


def storm(user, count: int, *, seconds: float = 0, severity: int = 2, about: str = "service-{}", first: int = 214) -> list[Errand]:
    numbers = range(first, first + count)
    return [
        page(user, thread=f"INC-{n}", about=about.format(n), letter=letter(n, severity), rank=severity, now=after(seconds)) for n in numbers
    ]


def engine(seconds: float) -> None:
    delivery.promote_due(now=after(seconds))
    delivery.deliver_all(list(Message.objects.filter(state="queued").order_by("pk").values_list("pk", flat=True)), now=after(seconds))


def test_forty_services_in_a_minute_are_two_pages_and_one_bundle_of_all_the_others(phone) -> None:
    storm(sam(), 40)
    engine(1)
    phone.expect("INC-214 ", to=SAM)
    phone.expect("INC-215 ", to=SAM)
    engine(59)
    phone.silent()
    engine(60)
    bundle = phone.expect("38 open pages for you: INC-216 SEV2, INC-217 SEV2", "more. ACK each:", "or reply AALL", to=SAM)
    assert gsm7.units(bundle.body) <= 160
    row = outbox.last_bundle_to(SAM)
    assert row is not None
    assert outbox.incidents_of(row) == list(range(216, 254))


def test_the_worst_stands_first(phone) -> None:
    user = sam()
    storm(user, 3)
    storm(user, 1, seconds=5, severity=1, first=300)
    engine(61)
    phone.read += phone.waiting()[:2]
    phone.expect("2 open pages for you: INC-300 SEV1, INC-216 SEV2.", to=SAM)


def test_a_noisy_service_waits_for_itself_and_holds_up_no_other(phone) -> None:
    user = sam()
    storm(user, 6, about="noisy")
    storm(user, 1, about="quiet", first=300)
    engine(1)
    assert [text.body.split()[1] for text in phone.waiting()] == ["INC-214", "INC-215", "INC-300"]
    phone.read += phone.waiting()


def test_a_page_that_waited_and_was_acknowledged_is_not_in_the_bundle(phone) -> None:
    storm(sam(), 5)
    engine(1)
    outbox.cancel("INC-217", now=after(30), reason="Dana has it")
    engine(61)
    phone.read += phone.waiting()[:2]
    assert "INC-217" not in phone.expect("2 open pages", to=SAM).body


def test_a_bundle_of_which_nothing_is_left_does_not_go_out(phone) -> None:
    storm(sam(), 4)
    engine(1)
    delivery.promote_due(now=after(60))
    for thread in ("INC-216", "INC-217"):
        outbox.cancel(thread, now=after(60), reason="Dana has it")
    engine(61)
    phone.read += phone.waiting()[:2]
    assert set(Message.objects.filter(token__isnull=False).values_list("state", flat=True)) == {"cancelled"}


def test_a_bundle_that_fails_takes_the_next_method_of_every_page_in_it(phone, twilio, mailbox) -> None:
    errands = storm(sam((0, "sms", SAM), (600, "email", SAM_MAIL)), 4)
    engine(1)
    phone.read += phone.waiting()
    twilio.behave("fail:21211", to=SAM)
    engine(60)
    assert [rungs(errand)[0].state for errand in errands[2:]] == ["failed", "failed"]
    assert [rungs(errand)[1].state for errand in errands[2:]] == ["queued", "queued"]
    engine(61)
    for number in (216, 217):
        mailbox.expect(f"INC-{number} down", to=SAM_MAIL)


def test_of_a_page_that_went_in_a_bundle_the_ladder_goes_on(phone) -> None:
    errands = storm(sam((0, "sms", SAM), (180, "voice", SAM)), 3)
    engine(61)
    phone.read += phone.waiting()
    assert rungs(errands[2])[0].state in {"bundled", "sent", "queued"}
    assert rungs(errands[2])[1].due_at == after(180)


def test_a_page_that_waited_alone_is_the_page_itself(phone) -> None:
    storm(sam(), 3)
    engine(60)
    phone.read += phone.waiting()[:2]
    phone.expect("SEV2 INC-216 Down.", to=SAM)
