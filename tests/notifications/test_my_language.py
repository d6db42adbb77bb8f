"""/me/language/: what somebody chooses is followed at once, and nobody else's is touched."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Organisation
from servicedesk.operations.worlds.company import Company
from tests.actors import acme, signed_in

__all__ = ["acme"]


def saved(acme: Company, **said: str) -> Client:
    browser = signed_in(acme.people["ella"])
    assert browser.post("/me/language/", {"language": "", "zone": "", **said}).status_code == 302
    acme.people["ella"].refresh_from_db()
    return browser


def test_the_next_page_is_in_it_and_says_so(acme: Company) -> None:
    page = saved(acme, language="fr").get("/me/language/")
    assert page.headers["Content-Language"] == "fr"
    assert "Enregistré. Les messages" in page.content.decode()
    assert AuditEntry.objects.get(verb="choose language").after == {"language": "fr", "zone": ""}


def test_the_clock_is_ones_own_too(acme: Company) -> None:
    page = saved(acme, zone="America/New_York").get("/me/notifications/")
    assert "New York" in page.content.decode() or "New_York" in page.content.decode()


@pytest.mark.parametrize("said", [{"language": "tlh"}, {"zone": "Mars/Olympus"}, {"language": "DE"}])
def test_what_does_not_exist_is_refused_and_nothing_changes(acme: Company, said: dict[str, str]) -> None:
    answer = signed_in(acme.people["ella"]).post("/me/language/", {"language": "", "zone": "", **said})
    assert answer.status_code == 422
    acme.people["ella"].refresh_from_db()
    assert (acme.people["ella"].language, acme.people["ella"].zone) == ("", "")


def test_without_a_choice_the_browser_decides(acme: Company) -> None:
    ella = signed_in(acme.people["ella"])
    assert "Wie können wir helfen?" in ella.get("/", headers={"Accept-Language": "de-AT,de;q=0.9"}).content.decode()
    assert "How can we help?" in ella.get("/", headers={"Accept-Language": "pt"}).content.decode()


def test_the_sign_in_follows_the_browser(acme: Company) -> None:
    page = Client().get("/login/", headers={"Accept-Language": "fr-CH, fr;q=0.9"}).content.decode()
    assert "Mot de passe oublié" in page
    assert "Identifiant ou e-mail" in page


def test_a_choice_that_is_no_language_of_ours_is_none(acme: Company) -> None:
    ella = acme.people["ella"]
    ella.language = "xx"
    ella.save(update_fields=["language"])
    assert signed_in(ella).get("/").status_code == 200


def test_the_language_of_the_house_is_looked_up_once_a_minute(acme: Company, django_assert_num_queries: object) -> None:
    house = Organisation.objects.get()
    house.language = "fr"
    house.save(update_fields=["language"])
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert Organisation.language_of_all() == "fr"
    assert house.language in dict(settings.LANGUAGES)
