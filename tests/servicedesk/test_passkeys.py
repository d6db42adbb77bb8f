"""Passkeys: added, used at the door, after the password and where we ask once more; and what is not believed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from notifications.models import ContactMethod, Message
from servicedesk.audit.models import AuditEntry
from servicedesk.directory import again
from servicedesk.directory.models import Organisation
from servicedesk.operations.worlds.company import PASSWORD, Company
from tests.fakes.passkey import SoftKey

pytestmark = pytest.mark.django_db
SCRIPT = {"accept": "application/json"}


class Https(Client):
    def generic(self, *args: Any, **kwargs: Any) -> Any:
        return super().generic(*args, **(kwargs | {"secure": True}))


def browser() -> Client:
    return Https()


def comes_in(who: str) -> Client:
    """By the password, and who they are once more."""
    client = browser()
    client.post("/login/", {"login": who, "password": PASSWORD})
    client.post("/me/security/again/", {"password": PASSWORD})
    return client


def options(page: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        re.findall(r'<script id="passkey-options" type="application/json">(.*?)</script>', page.content.decode())[0]
    )
    return found


def adds(client: Client, key: SoftKey, name: str = "Laptop") -> Any:
    asked = options(client.get("/me/security/passkeys/new/"))
    return client.post("/me/security/passkeys/new/", {"name": name, "credential": key.made(asked)})


def knocks(client: Client) -> dict[str, Any]:
    """What the script at the door is told."""
    told: dict[str, Any] = client.get("/login/passkey/", headers=SCRIPT).json()["request_options"]
    return told


@pytest.fixture
def key(acme: Company) -> SoftKey:
    """Ana's, on her laptop."""
    made = SoftKey()
    assert adds(comes_in("ana"), made).headers["Location"] == "/me/security/recovery/"
    return made


def test_one_added_opens_the_desk_without_password_or_code(key: SoftKey) -> None:
    client = browser()
    answer = client.post("/login/passkey/", {"credential": key.used(knocks(client)), "next": "/queue/"})
    assert answer.headers["Location"] == "/queue/"
    assert client.get("/queue/").status_code == 200
    assert AuditEntry.objects.filter(verb="signed in").latest("pk").after == {"by": ["passkey"]}


def test_its_owner_hears_of_it_and_the_trail_has_it(key: SoftKey, acme: Company) -> None:
    assert "A passkey was added." in Message.objects.get(subject="How you sign in to the desk was changed", text__contains="passkey").text
    assert AuditEntry.objects.filter(verb="webauthn added", object_id=str(acme.people["ana"].pk)).exists()


def test_it_is_listed_renamed_and_removed(key: SoftKey) -> None:
    client, [one] = comes_in("ana"), Authenticator.objects.filter(type="webauthn")
    client.post("/login/check/", {"credential": key.used(options(client.get("/login/check/")))})
    client.post("/me/security/again/", {"password": PASSWORD})
    assert "Laptop" in client.get("/me/security/").content.decode()
    assert client.post(f"/me/security/passkeys/{one.pk}/", {"name": ""}).status_code == 422
    client.post(f"/me/security/passkeys/{one.pk}/", {"name": "Old laptop"})
    assert "Old laptop" in client.get(f"/me/security/passkeys/{one.pk}/remove/").content.decode()
    client.post(f"/me/security/passkeys/{one.pk}/remove/")
    assert not Authenticator.objects.exists()  # the recovery codes of nothing go with it
    other = browser()
    assert other.post("/login/passkey/", {"credential": key.used(knocks(other))}).headers["Location"] == "/login/"


def test_another_persons_is_neither_renamed_nor_removed(key: SoftKey) -> None:
    client, [one] = comes_in("omar"), Authenticator.objects.filter(type="webauthn")
    for path in (f"/me/security/passkeys/{one.pk}/", f"/me/security/passkeys/{one.pk}/remove/"):
        assert client.get(path).status_code == 404
        assert client.post(path, {"name": "Mine"}).status_code == 404


def test_after_the_password_it_is_the_second_factor(key: SoftKey) -> None:
    client = browser()
    assert client.post("/login/", {"login": "ana", "password": PASSWORD}).headers["Location"] == "/login/check/"
    asked = options(client.get("/login/check/"))
    assert client.get("/queue/").status_code == 302
    assert client.post("/login/check/", {"credential": SoftKey().used(asked)}).status_code == 422
    asked = options(client.get("/login/check/"))
    assert client.post("/login/check/", {"credential": key.used(asked)}).headers["Location"] == "/"
    assert client.get("/queue/").status_code == 200


def test_a_role_that_needs_a_second_factor_has_one_in_a_passkey(acme: Company) -> None:
    Organisation.objects.update(second_factor_for=["admin"])
    client, key = comes_in("adam"), SoftKey()
    assert client.get("/admin/").headers["Location"] == "/me/security/"
    adds(client, key)
    assert client.get("/admin/").status_code == 200
    other = browser()
    other.post("/login/passkey/", {"credential": key.used(knocks(other))})
    assert other.get("/admin/").status_code == 200


def test_where_we_ask_once_more_it_stands_first_and_is_enough(key: SoftKey) -> None:
    client = browser()
    client.post("/login/passkey/", {"credential": key.used(knocks(client))})
    there = client.get("/me/security/app/").headers["Location"]
    assert there.startswith("/me/security/again/passkey/?next=")
    page = client.get(there)
    assert "Use your password" in page.content.decode()
    assert client.post(there, {"credential": SoftKey().used(options(page))}).status_code == 422
    assert client.post(there, {"credential": key.used(options(client.get(there)))}).headers["Location"] == "/me/security/app/"
    assert client.get("/me/security/app/").status_code == 200


# In the place of a password inside a form


@pytest.fixture
def inside(key: SoftKey, acme: Company) -> Client:
    """Ana, in by her passkey; a way of hers works already, so that another one takes proof."""
    client = browser()
    client.post("/login/passkey/", {"credential": key.used(knocks(client))})
    assert ContactMethod.objects.usable().filter(person=acme.people["ana"]).exists()
    return client


def shows(client: Client, key: SoftKey) -> int:
    asked = client.get("/me/security/again/passkey/", headers=SCRIPT).json()
    return client.post("/me/security/again/passkey/", {"credential": key.used(asked)}, headers=SCRIPT).status_code


def adds_a_way(client: Client, number: int) -> int:
    return client.post("/me/notifications/add/", {"kind": "sms", "address": f"+3360000070{number}", "password": ""}).status_code


def test_paging_settings_take_it_once_for_one_change(inside: Client, key: SoftKey) -> None:
    assert "Use a passkey instead" in inside.get("/me/notifications/").content.decode()
    assert adds_a_way(inside, 1) == 422
    assert shows(inside, key) == 204
    assert [adds_a_way(inside, 2), adds_a_way(inside, 3)] == [302, 422]


def test_it_is_too_old_after_five_minutes(inside: Client, key: SoftKey) -> None:
    shows(inside, key)
    session = inside.session
    session[again.SHOWN] -= again.GOOD_FOR_S + 1
    session.save()
    assert adds_a_way(inside, 1) == 422


def test_a_foreign_key_proves_nothing_there(inside: Client) -> None:
    assert shows(inside, SoftKey()) == 422
    assert adds_a_way(inside, 1) == 422


def test_the_proof_of_a_page_is_not_that_of_a_form(inside: Client, key: SoftKey) -> None:
    there = "/me/security/again/passkey/?next=/me/security/app/"
    inside.post(there, {"credential": key.used(options(inside.get(there)))})
    assert adds_a_way(inside, 1) == 422


# What is not believed


def refused(client: Client, credential: str) -> bool:
    answer = client.post("/login/passkey/", {"credential": credential}, follow=True)
    return "was not accepted" in answer.content.decode() and "_auth_user_id" not in client.session


def test_an_old_answer_opens_nothing_again(key: SoftKey) -> None:
    first = browser()
    said = key.used(knocks(first))
    assert first.post("/login/passkey/", {"credential": said}).headers["Location"] == "/"
    other = browser()
    knocks(other)
    assert refused(other, said)


@pytest.mark.parametrize("origin", ["https://testserver.evil.example", "http://testserver", "https://evil.example"])
def test_what_was_signed_for_another_site_opens_nothing(key: SoftKey, origin: str) -> None:
    client, key.origin = browser(), origin
    assert refused(client, key.used(knocks(client)))


def test_a_touch_alone_is_no_sign_in(key: SoftKey) -> None:
    client, key.asks = browser(), False
    assert refused(client, key.used(knocks(client)))


def test_a_touch_alone_is_no_passkey(acme: Company) -> None:
    client = comes_in("ana")
    assert adds(client, SoftKey(asks=False)).status_code == 422
    assert not Authenticator.objects.exists()


def test_a_false_signature_opens_nothing(key: SoftKey) -> None:
    client = browser()
    assert refused(client, key.used(knocks(client), signature="AAAA"))


def test_another_persons_name_on_it_opens_nothing(key: SoftKey, acme: Company) -> None:
    other = SoftKey()
    adds(comes_in("omar"), other)
    client, key.user = browser(), other.user
    assert refused(client, key.used(knocks(client)))


@pytest.mark.parametrize(("field", "value"), [("is_active", False), ("kind", "external")])
def test_who_may_not_sign_in_may_not_by_passkey(key: SoftKey, acme: Company, field: str, value: Any) -> None:
    setattr(acme.people["ana"], field, value)
    acme.people["ana"].save()
    client = browser()
    assert refused(client, key.used(knocks(client)))


JUNK = ["", "x", "[]", "1", "null", "{}", '{"response": 1}', '{"response": {}}', '{"id": 5, "rawId": [], "response": {"userHandle": {}}}']
HALF = {"authenticatorData": "AA", "clientDataJSON": "AA", "userHandle": "AA", "attestationObject": "AA"}


@pytest.mark.parametrize("part", [*HALF, "signature", "clientDataJSON+", "nothing"])
def test_half_an_answer_is_refused_with_a_sentence(key: SoftKey, part: str) -> None:
    client = browser()
    instead: dict[str, Any] = {part.removesuffix("+"): None if part.endswith("+") else HALF.get(part, 7)}
    said = json.loads(key.used(knocks(client), **instead))
    if part in {"attestationObject", "nothing"}:
        said["response"] = {}
    assert refused(client, json.dumps(said))


@pytest.mark.parametrize("junk", [*JUNK, '{"response": {"x": "' + "y" * 30_000 + '"}}'])
def test_junk_is_refused_with_a_sentence(acme: Company, junk: str) -> None:
    client = browser()
    knocks(client)
    assert refused(client, junk)
    inside = comes_in("ana")
    inside.get("/me/security/passkeys/new/")
    for said in (
        junk,
        junk.replace(
            '"response": {',
            '"id": "AA", "rawId": "AA", "type": "public-key", "response": {"attestationObject": "oA", "clientDataJSON": "e30", ',
        ),
    ):
        assert inside.post("/me/security/passkeys/new/", {"name": "x", "credential": said}).status_code == 422


def test_an_answer_nobody_asked_for_is_refused(key: SoftKey) -> None:
    asked = knocks(browser())
    assert refused(browser(), key.used(asked))


# Where a browser could not


@pytest.mark.parametrize(("host", "scheme", "can"), [
    ("desk.example.org", "https", True), ("desk.example.org", "http", False), ("localhost:8000", "http", True),
    ("127.0.0.1:8000", "https", False), ("[::1]:8000", "https", False),
])  # fmt: skip
def test_it_is_offered_where_browsers_have_it(acme: Company, settings: Any, host: str, scheme: str, can: bool) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    client = (Https if scheme == "https" else Client)(headers={"host": host})
    assert ("Sign in with a passkey" in client.get("/login/").content.decode()) == can
    client.post("/login/", {"login": "ana", "password": PASSWORD})
    page = client.get("/me/security/").content.decode()
    assert ("work only where the desk is reached by a name and https" in page) != can
    assert ("/me/security/passkeys/new/" in page) == can
