"""What people read when an incident concerns them: short, absolute, in their words and on their clock."""

from __future__ import annotations

import pytest

from incidents import incidents, letters
from incidents.models import Incident
from notifications import gsm7
from notifications.models import Message
from servicedesk.directory.models import User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, acme, at
from tests.incidents.alarms import MINUTE, email_down, mail_to, run_until, sms_to, woken

__all__ = ["acme"]
NIGHT = at(3, 12, day=24)
LINK = "https://help.acme.com/a/7Kq2mX9dR4"


def letter(incident: Incident, person: User, **why: object) -> letters.Letter:
    given = {"because": "primary for IT Ops (step 1 of 3)", "role": "primary", **why}
    return letters.page(incident, person, why=letters.Why(**given), link=LINK, now=NIGHT)


def test_a_text_at_three_in_the_morning_says_it_all_in_one_segment(acme: Company) -> None:
    incident = email_down(
        acme, now=NIGHT, since=NIGHT, impacted="everyone", effect="cannot", reason="smtp-01 failing 6 min (rule R5, version 1)."
    )
    text = letter(incident, acme.people["sam"]).sms
    number = incident.pk
    start = f"SEV1 INC-{number} Email is down - all staff. Since 03:12. smtp-01 failing 6 min. You are primary."
    assert text == f"{start} ACK {LINK} or reply A{number}"


@pytest.mark.parametrize(
    "title", ["x" * 200, "Ошибка почты 📧 " * 12, "[{}]~^|€" * 20, "\u2018Outlook\u2019 \u2014 can\u2019t connect\u2026 " * 6]
)
def test_a_long_title_never_costs_the_link_the_number_or_a_second_segment(acme: Company, title: str) -> None:
    incident = email_down(acme, title=title, impacted="me", effect="part", reason="y" * 300)
    text = letter(incident, acme.people["sam"]).sms
    assert gsm7.units(text) <= 160
    assert text.startswith(f"SEV1 INC-{incident.pk} ")
    assert text.endswith(f"ACK {LINK} or reply A{incident.pk}")


def test_a_later_step_says_who_did_not_acknowledge(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 10 * MINUTE)
    assert "Step 2 (Sam Lee did not ack)." in sms_to(incident, "dana").text
    assert "Paged before you: Sam Lee." in mail_to(incident, "dana").text


def test_a_mail_says_what_follows_and_when(acme: Company) -> None:
    incident = email_down(acme, now=NIGHT, since=NIGHT)
    mail = mail_to(incident, "sam")
    assert mail.subject == f"[SEV1] {incident.number} Email is down: acknowledge"
    assert mail.text.startswith("Email is down, since Tue 24 Nov 2026, 03:12 (Europe/Paris).")
    assert "You are primary for IT Ops (step 1 of 3)." in mail.text
    assert "If nobody acknowledges, Dana Ruiz is called at 03:22." in mail.text
    assert mail.headers["X-Desk-Item"] == incident.number


def test_a_mail_is_light_and_needs_no_pictures(acme: Company) -> None:
    html = mail_to(email_down(acme), "sam").html
    assert len(html.encode()) < 30_000
    assert "<img" not in html
    assert 'name="color-scheme"' in html
    assert "<style" not in html


def test_what_people_write_is_never_markup(acme: Company) -> None:
    incident = email_down(acme, title="<b>Mail</b> & more", impacted="me", effect="part")
    mail = mail_to(incident, "sam")
    assert "&lt;b&gt;Mail&lt;/b&gt; &amp; more" in mail.html
    assert "<b>Mail</b> & more" in mail.text


def test_times_are_on_the_readers_clock(acme: Company) -> None:
    sam = acme.people["sam"]
    sam.zone = "America/New_York"
    sam.save(update_fields=["zone"])
    incident = email_down(acme, now=NIGHT, since=NIGHT)
    assert "Since 21:12." in sms_to(incident, "sam").text
    assert "Mon 23 Nov 2026, 21:12 (America/New_York)" in mail_to(incident, "sam").text


def test_since_another_day_names_the_day(acme: Company) -> None:
    incident = email_down(acme, now=NIGHT, since=NINE)
    assert "Since Mon 23 Nov, 09:00." in sms_to(incident, "sam").text


def test_a_confidential_incident_sends_no_facts(acme: Company) -> None:
    secret = "Stolen laptop of the board"
    incident = email_down(
        acme, is_confidential=True, group_key="ticket:T-7", title=secret, what=secret, reason=f"{secret} (rule S0, version 1)."
    )
    for message in incident.pages.get().person.messages.all():
        assert "laptop" not in f"{message.subject} {message.text} {message.html} {message.short}"
        assert message.is_confidential
    assert f"SEV1 {incident.number} Confidential: open the page." in sms_to(incident, "sam").text


def test_the_last_resort_reads_how_far_it_went_and_whom_to_call(acme: Company) -> None:
    incident = email_down(acme)
    run_until(NINE + 30 * MINUTE)
    text = sms_to(incident, "kim").text
    said = f"NOBODY ACKED {incident.number} (SEV1, Email is down) after 3 steps in 30 min. You are last resort. ACK http"
    assert text.startswith(said)
    assert text.endswith("or call 555-0100")
    mails = "\n".join(incident.pages.filter(step=0).get().person.messages.filter(channel="email").values_list("text", flat=True))
    assert "Nobody acknowledged after 3 steps in 30 min. You are the last resort. The staffed number is 555-0100." in mails
    others = Message.objects.get(key__contains=":exhausted:", person=acme.people["dana"])
    assert f"Nobody acknowledged {incident.number} after 3 steps in 30 min." in others.text


def test_a_call_says_the_same(acme: Company) -> None:
    spoken = letter(email_down(acme, impacted="everyone", effect="cannot"), acme.people["sam"]).voice
    assert spoken.startswith(
        "Acme Help Desk. Severity one. Email is down for all staff since Monday 23 November, nine o'clock. You are primary. This is INC-"
    )
    assert spoken.endswith("Press 4: I have it. Press 5: pass to the next person. Press 6: repeat.")


def test_the_short_form_fits_a_bundle(acme: Company) -> None:
    short = letter(email_down(acme), acme.people["sam"]).short
    assert gsm7.units(short) <= 30


def test_every_notice_fits_one_segment(acme: Company) -> None:
    sam, dana = acme.people["sam"], acme.people["dana"]
    sam.name = dana.name = "Maximiliane-Alexandra von Hohenstein-Wittelsbach zu Guttenberg"
    incident = email_down(acme)
    texts = [
        letters.acknowledged(incident, sam, by=dana, link=LINK, now=NINE),
        letters.stopped(incident, sam, reason="z" * 300, link=LINK, now=NINE),
        letters.resolved(incident, sam, by=dana, link=LINK, now=NINE),
        letters.still_yours(incident, sam, link=LINK, answer_by=NINE, because="z" * 300, now=NINE),
        letters.exhausted(incident, sam, walked="after 3 steps in 30 min", link=LINK, now=NINE),
    ]
    assert all(0 < gsm7.units(each.sms) <= 160 and each.text and each.html for each in texts)


def test_a_resolved_letter_of_a_confidential_incident_names_no_service(acme: Company) -> None:
    incident = email_down(acme, is_confidential=True, group_key="ticket:T-7")
    woken(incident, acme.people["sam"])
    incidents.resolve(incident, actor=acme.people["dana"], reason="found", now=NINE + MINUTE)
    assert "Email" not in mail_to(incident, "sam").text
