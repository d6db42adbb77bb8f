"""The company's directory: a real OpenLDAP on this machine answers passwords, and tells who somebody is."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from notifications.models import ContactMethod
from servicedesk import directories
from servicedesk.audit.models import AuditEntry
from servicedesk.directory import ldap
from servicedesk.directory.models import Grant, Organisation, User
from servicedesk.env import Env, Misconfigured
from servicedesk.operations import newcomers, upkeep
from servicedesk.operations.worlds.company import PASSWORD, Company
from tests.fakes import slapd
from tests.fakes.passkey import SoftKey
from tests.fakes.slapd import BASE, DESK, DESK_PASSWORD, WORD, Slapd
from tests.servicedesk.test_passkeys import browser, knocks, options

pytestmark = pytest.mark.django_db
needs_server = pytest.mark.skipif(slapd.PROGRAM is None, reason="slapd is not installed")
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
BACKENDS = ["servicedesk.directory.signin.NameOrEmailBackend", "servicedesk.operations.by_directory.DirectoryBackend"]


@pytest.fixture(scope="module")
def running() -> Iterator[Slapd]:
    with slapd.running() as server:
        yield server


def told(**more: str) -> dict[str, Any]:
    """As the environment would say it."""
    given = {
        "LDAP_USER_BASE": PEOPLE,
        "LDAP_GROUP_BASE": GROUPS,
        "LDAP_BIND_DN": DESK,
        "LDAP_BIND_PASSWORD": DESK_PASSWORD,
        "LDAP_TIMEOUT": "2",
    }
    return directories.ldap(Env(given | more))


@pytest.fixture
def company(running: Slapd, settings: Any, acme: Company) -> Slapd:
    settings.LDAP = told(LDAP_URL=f"ldaps://localhost:{running.tls_port}", LDAP_CA_FILE=running.ca_file)
    settings.LDAP_GROUPS = {"it-ops": ("agent", "it-ops"), "boss": ("manager", "")}
    settings.AUTHENTICATION_BACKENDS = BACKENDS
    return running


def tries(who: str, password: str = WORD, client: Client | None = None) -> Any:
    return (client or Client()).post("/login/", {"login": who, "password": password})


def is_in(answer: Any) -> bool:
    return bool(answer.status_code == 302)


# Coming in


@needs_server
@pytest.mark.parametrize("who", ["nina", "NINA", "nina.roth@acme.example"])
def test_the_password_there_opens_the_desk_and_makes_an_employee(company: Slapd, who: str) -> None:
    assert is_in(tries(who))
    nina = User.objects.get(username="nina")
    assert (nina.name, nina.email, nina.department, nina.phone) == ("Nina Roth", "nina.roth@acme.example", "Finance", "+44 20 7946 0000")
    assert (nina.kind, nina.has_usable_password()) == ("employee", False)
    assert AuditEntry.objects.filter(verb="came from the directory", object_id=str(nina.pk)).exists()


@needs_server
def test_groups_give_and_take_roles_and_leave_the_others(company: Slapd, settings: Any) -> None:
    tries("nina")
    nina = User.objects.get(username="nina")
    assert list(nina.grants.values_list("role", "team__slug")) == [("agent", "it-ops")]
    Grant.objects.create(user=nina, role="auditor")
    settings.LDAP_GROUPS = {"it-ops": ("manager", ""), "left": ("agent", "it-ops")}
    tries("nina")
    assert set(nina.grants.values_list("role", "team__slug")) == {("auditor", None), ("manager", None)}


@needs_server
def test_who_has_an_account_here_comes_in_as_themselves_and_keeps_up_with_the_directory(company: Slapd, acme: Company) -> None:
    assert is_in(tries("e.moreau"))
    ella = acme.people["ella"]
    ella.refresh_from_db()
    assert (ella.name, ella.username, User.objects.filter(email="ella@acme.example").count()) == ("Ella Moreau-Klein", "ella", 1)
    assert is_in(tries("ella", PASSWORD))  # the password here works too


@needs_server
def test_the_account_stays_the_same_when_name_and_address_change_there(company: Slapd) -> None:
    tries("two")
    tries("nina")
    company.change("dn: uid=nina,ou=people,{base}\nchangetype: modify\nreplace: mail\nmail: nina.new@acme.example\n")
    try:
        assert is_in(tries("nina.new@acme.example"))
        assert User.objects.get(username="nina").email == "nina.new@acme.example"
    finally:
        company.change("dn: uid=nina,ou=people,{base}\nchangetype: modify\nreplace: mail\nmail: nina.roth@acme.example\n")


@needs_server
@pytest.mark.parametrize(("who", "password"), [
    ("nina", "wrong"), ("nina", ""), ("nina", " "), ("nobody", WORD), ("olaf", WORD), ("both@acme.example", WORD), ("", WORD),
])  # fmt: skip
def test_who_is_not_taken_there_stays_outside(company: Slapd, who: str, password: str) -> None:
    before = User.objects.count()
    assert tries(who, password).status_code == 422
    assert User.objects.count() == before


@needs_server
def test_an_empty_password_is_never_sent(company: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    """This server takes it for a stranger's hello and says yes, as others do."""
    entry = ldap.find("nina")
    assert entry is not None
    assert (ldap.fits(entry, WORD), ldap.fits(entry, ""), ldap.fits(ldap.Entry("", "", {}, True), WORD)) == (True, False, False)


@needs_server
@pytest.mark.parametrize(
    "who", ["*", "n*", "nin?", "nina)(uid=*", "*)(|(uid=*", "nina))(|(mail=*", "\\6eina", "nina\x00", "n\u00efna", "(uid=nina)", "nina)(&"]
)
def test_a_filter_cannot_be_smuggled_in(company: Slapd, who: str) -> None:
    assert ldap.find(who) is None


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_nothing_in_a_value_ends_a_filter_or_matches_more(text: str) -> None:
    written = ldap.escaped(text)
    assert not set("()*\x00") & set(written)
    read = re.sub(rb"\\([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), written.encode())
    assert read == text.encode()


@needs_server
def test_who_left_here_stays_outside_whatever_the_directory_says(company: Slapd) -> None:
    tries("nina")
    User.objects.filter(username="nina").update(is_active=False)
    assert tries("nina").status_code == 422


@needs_server
def test_a_second_factor_is_asked_of_them_as_of_others(company: Slapd) -> None:
    Organisation.objects.update(second_factor_for=["agent"])
    client = Client()
    tries("nina", client=client)
    assert client.get("/queue/").headers["Location"] == "/me/security/"


# Who they are once more


@needs_server
def test_what_cannot_be_taken_back_asks_for_the_password_of_the_directory(company: Slapd) -> None:
    client = Client()
    tries("nina", client=client)
    there = client.get("/me/security/app/").headers["Location"]
    assert there.startswith("/me/security/again/")
    assert client.post(there, {"password": "wrong"}).status_code == 422
    assert client.post(there, {"password": WORD}).headers["Location"] == "/me/security/app/"
    assert client.get("/me/security/app/").status_code == 200
    assert "that of the company's directory" in client.get("/me/security/").content.decode()


@needs_server
def test_paging_settings_ask_for_it_too(company: Slapd, acme: Company) -> None:
    client = Client()
    tries("nina", client=client)
    nina = User.objects.get(username="nina")
    ContactMethod.objects.filter(person=acme.people["ana"]).update(person=nina)
    way = {"kind": "sms", "address": "+33600000799"}
    assert client.post("/me/notifications/add/", way | {"password": ""}).status_code == 422
    assert client.post("/me/notifications/add/", way | {"password": "wrong"}).status_code == 422
    assert client.post("/me/notifications/add/", way | {"password": WORD}).status_code == 302


@needs_server
def test_a_passkey_opens_nothing_for_whom_the_directory_let_go(company: Slapd) -> None:
    client, key = browser(), SoftKey()
    tries("nina", client=client)
    client.post("/me/security/again/", {"password": WORD})
    client.post("/me/security/passkeys/new/", {"name": "x", "credential": key.made(options(client.get("/me/security/passkeys/new/")))})
    assert Authenticator.objects.filter(type="webauthn").exists()
    came = [browser(), browser(), browser()]
    came[0].post("/login/passkey/", {"credential": key.used(knocks(came[0]))})
    company.change("dn: uid=nina,ou=people,{base}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514\n")
    try:
        came[1].post("/login/passkey/", {"credential": key.used(knocks(came[1]))})
    finally:
        company.change("dn: uid=nina,ou=people,{base}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 512\n")
    came[2].post("/login/passkey/", {"credential": key.used(knocks(came[2]))})
    assert ["_auth_user_id" in one.session for one in came] == [True, False, True]


# When it is away


@pytest.fixture
def mute() -> Iterator[int]:
    """A port that takes calls and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door.getsockname()[1]


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_away_it_is_said_in_time_and_passwords_of_the_desk_work(scheme: str, mute: int, settings: Any, acme: Company) -> None:
    settings.LDAP = told(LDAP_URL=f"{scheme}://127.0.0.1:{mute}", LDAP_TIMEOUT="1")
    settings.AUTHENTICATION_BACKENDS = BACKENDS
    begun = time.monotonic()
    answer = tries("nina")
    assert time.monotonic() - begun < 6
    assert "directory does not answer" in answer.content.decode()
    assert is_in(tries("adam", PASSWORD))
    assert [found.is_fine for found in upkeep.directory()] == [False]


@needs_server
def test_the_next_server_answers_for_one_that_does_not(company: Slapd, settings: Any) -> None:
    settings.LDAP = told(LDAP_URL=f"ldaps://localhost:9,ldaps://localhost:{company.tls_port}", LDAP_CA_FILE=company.ca_file)
    assert is_in(tries("nina"))


@needs_server
@pytest.mark.parametrize(("url", "more", "works"), [
    ("ldap://localhost:{port}", {"LDAP_CA_FILE": "{ca}"}, True),  # StartTLS
    ("ldap://localhost:{port}", {}, False),  # nobody vouches for it
    ("ldaps://localhost:{tls_port}", {}, False),
    ("ldaps://127.0.0.1:{tls_port}", {"LDAP_CA_FILE": "{ca}"}, False),  # vouched for under another name
    ("ldap://localhost:{port}", {"LDAP_STARTTLS": "0"}, True),
    ("ldap://localhost:{port}", {"LDAP_STARTTLS": "0", "LDAP_BIND_PASSWORD": "wrong"}, False),
    ("ldap://localhost:{port}", {"LDAP_STARTTLS": "0", "LDAP_USER_BASE": "ou=nowhere,dc=acme,dc=example"}, False),
])  # fmt: skip
def test_a_password_goes_to_the_true_server_alone(company: Slapd, settings: Any, url: str, more: dict[str, str], works: bool) -> None:
    filled = {name: value.format(ca=company.ca_file) for name, value in more.items()}
    settings.LDAP = told(LDAP_URL=url.format(port=company.port, tls_port=company.tls_port), **filled)
    answer = tries("nina")
    assert (is_in(answer), "directory does not answer" in answer.content.decode()) == (works, not works)


# The command


def check(*args: str) -> tuple[int, str]:
    said = StringIO()
    try:
        call_command("check_ldap", *args, stdout=said)
    except SystemExit as left:
        return int(str(left.code)), said.getvalue()
    return 0, said.getvalue()


@needs_server
def test_the_command_tells_step_by_step_what_works(company: Slapd) -> None:
    code, said = check("nina")
    assert code == 0
    for line in (
        "TLS",
        f"uid=nina,{PEOPLE}",
        "email (mail): nina.roth@acme.example",
        "groups: everybody, it-ops",
        "gives: agent:it-ops",
        "All that was tried works",
    ):
        assert line in said
    assert not User.objects.filter(username="nina").exists()


@needs_server
@pytest.mark.parametrize(("more", "login", "words"), [
    ({}, "nobody", "nobody, or more than one"),
    ({}, "olaf", "switched off there"),
    ({"LDAP_BIND_PASSWORD": "wrong"}, "nina", "does not take LDAP_BIND_DN"),
    ({"LDAP_ATTRIBUTES": "id=objectGUID"}, "nina", "Without an id"),
    ({"LDAP_URL": "ldaps://localhost:9"}, "nina", "localhost:9"),
])  # fmt: skip
def test_the_command_tells_what_is_wrong(company: Slapd, settings: Any, more: dict[str, str], login: str, words: str) -> None:
    settings.LDAP = told(**{"LDAP_URL": f"ldaps://localhost:{company.tls_port}", "LDAP_CA_FILE": company.ca_file} | more)
    code, said = check(login)
    assert (code, words in said) == (1, True), said


def test_without_settings_the_command_says_how_to_begin() -> None:
    code, said = check()
    assert (code, "LDAP_URL is not set" in said) == (1, True)


# The settings


@pytest.mark.parametrize(("given", "words"), [
    ({"LDAP_URL": "http://dc1"}, "must begin with ldaps:// or ldap://"),
    ({"LDAP_URL": "ldaps://dc1/ou=people?uid"}, "says more than scheme, host and port"),
    ({"LDAP_URL": "ldaps://dc1", "LDAP_USER_BASE": ""}, "needs LDAP_USER_BASE"),
    ({"LDAP_URL": "ldaps://dc1", "LDAP_BIND_PASSWORD": ""}, "go together"),
    ({"LDAP_USER_FILTER": "(uid=*)"}, "it would find everybody"),
    ({"LDAP_USER_FILTER": "uid={login}"}, "not a filter in brackets"),
    ({"LDAP_USER_FILTER": "(&(uid={login})"}, "not a filter in brackets"),
    ({"LDAP_ATTRIBUTES": "shoe=shoeSize"}, "not NAME=ATTRIBUTE"),
    ({"LDAP_CA_FILE": "/nowhere/ca.pem"}, "there is no file"),
    ({"LDAP_TIMEOUT": "0"}, "not between 1 and 30"),
])  # fmt: skip
def test_a_setting_that_cannot_work_stops_the_start(given: dict[str, str], words: str) -> None:
    with pytest.raises(Misconfigured, match=re.escape(words)):
        told(**given)


def test_who_never_came_from_a_directory_has_not_left_it(acme: Company) -> None:
    assert not newcomers.has_left(acme.people["ana"])
