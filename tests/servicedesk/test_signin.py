"""Signing in: who comes in, who is slowed down, and what is asked on top of the password."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.test import Client

from notifications.models import Message
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Organisation
from servicedesk.operations.worlds.company import PASSWORD, Company
from tests.actors import signed_in

pytestmark = pytest.mark.django_db


def tries(who: str, password: str = PASSWORD, client: Client | None = None, **more: Any) -> Any:
    return (client or Client()).post("/login/", {"login": who, "password": password}, **more)


def now_valid(secret: str) -> str:
    counter = next(auth.yield_hotp_counters_from_time())
    return auth.format_hotp_value(auth.hotp_value(secret, counter + 1))


def sets_up_an_app(client: Client) -> Any:
    """Who they are once more, the key of the page, and the code it gives now."""
    client.post("/me/security/again/", {"password": PASSWORD})
    secret = re.findall(r"<p class=\"mono\">([A-Z2-7]{32})</p>", client.get("/me/security/app/").content.decode())[0]
    return client.post("/me/security/app/", {"code": now_valid(secret)})


@pytest.mark.parametrize("who", ["ella", "ELLA", " ella ", "ella@acme.example"])
def test_one_box_takes_a_user_name_or_an_address(who: str, acme: Company) -> None:
    assert tries(who).headers["Location"] == "/"


@pytest.mark.parametrize(("who", "password"), [("ella", "wrong"), ("nobody", PASSWORD)])
def test_a_wrong_answer_does_not_tell_which_part_was_wrong(who: str, password: str, acme: Company) -> None:
    answer = tries(who, password)
    assert answer.status_code == 422
    assert "do not fit together" in answer.content.decode()


def test_an_inactive_person_stays_outside(acme: Company) -> None:
    acme.people["ella"].is_active = False
    acme.people["ella"].save(update_fields=["is_active"])
    assert tries("ella").status_code == 422


def test_the_sixth_wrong_password_waits_even_when_it_is_right(acme: Company) -> None:
    for _ in range(5):
        assert "do not fit together" in tries("ella", "wrong").content.decode()
    assert "Too many wrong tries" in tries("ella").content.decode()
    assert tries("omar").status_code == 302  # others come in meanwhile


def test_sign_ins_and_refusals_are_on_the_trail(acme: Company) -> None:
    tries("ella", "wrong")
    tries("ella")
    hers = AuditEntry.objects.filter(noun="directory.user", object_id=str(acme.people["ella"].pk))
    assert list(hers.order_by("pk").values_list("verb", flat=True)) == ["sign-in refused", "signed in"]


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(away: str, acme: Company) -> None:
    assert tries("ella", QUERY_STRING=f"next={away}").headers["Location"] == "/"


def test_the_session_is_another_one_after_signing_in(acme: Company) -> None:
    client = Client()
    client.get("/login/")
    client.session["planted"] = "by somebody else"
    before = client.session.session_key
    tries("ella", client=client)
    assert client.session.session_key != before


def test_who_has_an_app_is_asked_for_its_code(acme: Company) -> None:
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(acme.people["adam"], secret)
    client = Client()
    assert tries("adam", client=client).headers["Location"] == "/login/check/"
    assert client.get("/queue/").status_code == 302
    assert client.post("/login/check/", {"code": "12"}).status_code == 422
    assert client.post("/login/check/", {"code": now_valid(secret)}).headers["Location"] == "/"
    assert client.get("/settings/").status_code == 200


def test_a_code_lets_in_once(acme: Company) -> None:
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(acme.people["adam"], secret)
    code, answers = now_valid(secret), []
    for _ in range(2):
        client = Client()
        tries("adam", client=client)
        answers.append(client.post("/login/check/", {"code": code}).status_code)
    assert answers == [302, 422]


def test_the_key_of_an_app_is_sealed_in_the_database(acme: Company) -> None:
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(acme.people["adam"], secret)
    assert secret not in str(Authenticator.objects.get().data)


def test_a_role_that_needs_a_second_factor_sets_it_up_first(acme: Company) -> None:
    Organisation.objects.update(second_factor_for=["admin"])
    client = Client()
    tries("adam", client=client)
    assert client.get("/admin/").headers["Location"] == "/me/security/"
    assert sets_up_an_app(client).headers["Location"] == "/me/security/recovery/"
    assert client.get("/admin/").status_code == 200


def test_others_are_not_asked(acme: Company) -> None:
    Organisation.objects.update(second_factor_for=["admin"])
    client = Client()
    tries("ana", client=client)
    assert client.get("/queue/").status_code == 200


def test_a_recovery_code_lets_in_once_where_the_phone_is_away(acme: Company) -> None:
    client = Client()
    tries("ana", client=client)
    sets_up_an_app(client)
    code = re.findall(r"<span class=\"mono\">(\d{8})</span>", client.get("/me/security/recovery/").content.decode())[0]
    answers = []
    for _ in range(2):
        other = Client()
        tries("ana", client=other)
        answers.append(other.post("/login/check/", {"code": code}).status_code)
    assert answers == [302, 422]


def test_changing_what_lets_one_in_asks_again_after_a_while(acme: Company) -> None:
    client = signed_in(acme.people["ana"])  # signed in long ago: nothing was typed in this session
    assert client.get("/me/security/app/").headers["Location"].startswith("/me/security/again/")
    assert client.post("/me/security/again/?next=/me/security/app/", {"password": "wrong"}).status_code == 422
    assert client.post("/me/security/again/?next=/me/security/app/", {"password": PASSWORD}).headers["Location"] == "/me/security/app/"


def test_a_forgotten_password_is_chosen_anew_by_a_link_that_works_once(acme: Company) -> None:
    Client().post("/login/reset/", {"email": "Ella@acme.example"})
    letter = Message.objects.get(subject="A new password for the desk")
    assert letter.is_confidential
    path = re.findall(r"https?://[^/]+(/login/reset/\S+)", letter.text)[0]
    client = Client()
    form = client.get(path, follow=True).redirect_chain[-1][0]
    assert client.post(form, {"password1": "four new calm words"}).headers["Location"] == "/login/reset/done/"
    assert tries("ella", "four new calm words").status_code == 302
    assert "too old" in Client().get(path, follow=True).content.decode()


def test_an_address_nobody_has_gets_the_same_answer_and_no_letter(acme: Company) -> None:
    known, unknown = (Client().post("/login/reset/", {"email": name}) for name in ("ella@acme.example", "who@acme.example"))
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert Message.objects.filter(subject="A new password for the desk").count() == 1


def test_a_password_that_is_too_short_is_refused_with_a_reason(acme: Company) -> None:
    client = Client()
    tries("ella", client=client)
    answer = client.post("/me/security/password/", {"oldpassword": PASSWORD, "password1": "short"})
    assert (answer.status_code, "at least 10 characters" in answer.content.decode()) == (422, True)


def test_a_changed_password_ends_the_other_sessions_and_is_told(acme: Company) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        tries("ella", client=client)
    here.post("/me/security/password/", {"oldpassword": PASSWORD, "password1": "four new calm words"})
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 302)
    assert Message.objects.filter(subject="How you sign in to the desk was changed").count() == 1


def test_other_sessions_are_listed_and_ended(acme: Company) -> None:
    here, there = Client(headers={"user-agent": "Firefox at home"}), Client(headers={"user-agent": "Chrome at work"})
    for client in (here, there):
        tries("ella", client=client)
    assert "Chrome at work" in here.get("/me/security/").content.decode()
    here.post("/me/security/")
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 302)
