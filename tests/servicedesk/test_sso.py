"""The company's sign-in, driven through a real provider on this machine."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.management import call_command
from django.test import Client

from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Grant, User
from servicedesk.operations import upkeep
from servicedesk.operations.worlds.company import PASSWORD, Company
from tests.fakes.oidc import CLIENT, SECRET, Provider, provider

pytestmark = pytest.mark.django_db
ELLA = {"sub": "u-17", "name": "Ella Moreau", "preferred_username": "Ella.M", "email": "ella@acme.example", "email_verified": True}
NINA = {"sub": "u-99", "name": "Nina Roth", "preferred_username": "Nina Roth", "email": "nina.roth@acme.example", "email_verified": True}


@pytest.fixture
def company_sso(settings: Any) -> Iterator[Provider]:
    with provider() as ours:
        app = {"provider_id": "sso", "name": "Acme", "client_id": CLIENT, "secret": SECRET, "settings": {"server_url": ours.url}}
        settings.OIDC_APPS = [app]
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
        settings.OIDC_CONFIGURED, settings.OIDC_NAME = True, "Acme"
        yield ours


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def browse(ours: Provider, claims: dict[str, Any] | None, client: Client | None = None, **after: Any) -> tuple[Client, Any]:
    """Press the button, be sent to the provider, come back."""
    client, ours.at_the_keyboard = client or Client(), claims
    there = client.post("/login/sso/").headers["Location"]
    try:
        urllib.request.build_opener(_Stay).open(there, timeout=5)
    except urllib.error.HTTPError as answer:
        back = urlsplit(answer.headers["Location"])
    return client, client.get(f"{back.path}?{back.query}", **after)


def test_the_button_stands_where_a_company_sign_in_is_set_up(company_sso: Provider, acme: Company) -> None:
    assert "Sign in with Acme" in Client().get("/login/").content.decode()


def test_the_doctor_asks_whether_it_answers(company_sso: Provider, settings: Any) -> None:
    assert [found.is_fine for found in upkeep.company_sign_in()] == [True]
    settings.OIDC_APPS = [{"settings": {"server_url": "http://127.0.0.1:9"}}]
    [found] = upkeep.company_sign_in()
    assert (found.is_fine, "does not answer" in found.words) == (False, True)


def test_who_is_known_by_a_verified_address_comes_in_as_themselves(company_sso: Provider, acme: Company) -> None:
    client, answer = browse(company_sso, ELLA)
    assert answer.headers["Location"] == "/"
    assert client.session["_auth_user_id"] == str(acme.people["ella"].pk)


def test_the_account_stays_the_same_when_the_address_changes(company_sso: Provider, acme: Company) -> None:
    browse(company_sso, ELLA)
    client, _answer = browse(company_sso, ELLA | {"email": "ella.moreau@acme.example"})
    assert client.session["_auth_user_id"] == str(acme.people["ella"].pk)
    assert SocialAccount.objects.count() == 1


def test_an_address_that_is_only_claimed_opens_nobodys_account(company_sso: Provider, acme: Company) -> None:
    client, _answer = browse(company_sso, ELLA | {"email_verified": False})
    newcomer = User.objects.get(pk=client.session["_auth_user_id"])
    assert (newcomer.pk != acme.people["ella"].pk, newcomer.email) == (True, None)


def test_somebody_new_becomes_an_employee_without_a_password(company_sso: Provider, acme: Company) -> None:
    browse(company_sso, NINA)
    nina = User.objects.get(email="nina.roth@acme.example")
    assert (nina.username, nina.name, nina.kind, nina.has_usable_password()) == ("nina-roth", "Nina Roth", "employee", False)
    assert AuditEntry.objects.filter(verb="came by the company's sign-in", object_id=str(nina.pk)).exists()


def test_two_of_the_same_name_get_user_names_of_their_own(company_sso: Provider, acme: Company) -> None:
    browse(company_sso, NINA)
    browse(company_sso, NINA | {"sub": "u-100", "email": "nina2@acme.example"})
    assert set(User.objects.filter(name="Nina Roth").values_list("username", flat=True)) == {"nina-roth", "nina-roth2"}


def test_groups_give_and_take_roles_and_leave_the_others(company_sso: Provider, acme: Company, settings: Any) -> None:
    settings.OIDC_GROUPS = {"ops": ("agent", "it-ops"), "boss": ("manager", "")}
    browse(company_sso, NINA | {"groups": ["ops", "boss"]})
    nina = User.objects.get(username="nina-roth")
    Grant.objects.create(user=nina, role="auditor")
    browse(company_sso, NINA | {"groups": ["ops"]})
    assert set(nina.grants.values_list("role", "team__slug")) == {("agent", "it-ops"), ("auditor", None)}


def test_who_left_stays_outside_whatever_the_company_says(company_sso: Provider, acme: Company) -> None:
    browse(company_sso, ELLA)
    User.objects.filter(username="ella").update(is_active=False)
    client, answer = browse(company_sso, ELLA)
    assert (answer.headers["Location"], "_auth_user_id" in client.session) == ("/login/", False)


def test_a_refusal_there_leads_back_with_a_sentence(company_sso: Provider, acme: Company) -> None:
    client, answer = browse(company_sso, None, follow=True)
    assert "did not let you in" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_forged_return_lets_nobody_in(company_sso: Provider, acme: Company) -> None:
    client = Client()
    answer = client.get("/login/sso/callback/?code=stolen&state=forged")
    assert (answer.status_code, "_auth_user_id" in client.session) == (302, False)


def test_the_password_still_works_when_the_company_sign_in_is_down(company_sso: Provider, acme: Company, settings: Any) -> None:
    settings.OIDC_APPS[0]["settings"]["server_url"] = "http://127.0.0.1:9"
    assert Client().post("/login/sso/", follow=True).status_code == 200
    assert Client().post("/login/", {"login": "adam", "password": PASSWORD}).status_code == 302


def test_check_sso_reads_what_the_provider_says(company_sso: Provider) -> None:
    told = StringIO()
    call_command("check_sso", stdout=told)
    assert "http://testserver/login/sso/callback/" in told.getvalue()
    assert "reads well" in told.getvalue()


def test_check_sso_says_what_is_wrong(company_sso: Provider, settings: Any) -> None:
    settings.OIDC_APPS[0]["settings"]["server_url"] = "http://127.0.0.1:9"
    told = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("check_sso", stdout=told)
    assert left.value.code == 1
    assert "OIDC_ISSUER" in told.getvalue()


def test_check_sso_without_settings_says_how_to_begin(settings: Any) -> None:
    settings.OIDC_CONFIGURED = False
    told = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_sso", stdout=told)
    assert "OIDC_ISSUER is not set" in told.getvalue()
