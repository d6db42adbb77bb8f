"""The admin is grouped as an administrator thinks, once for all its lists, and shows to each what they may see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.forms import ModelChoiceField
from django.urls import reverse

from servicedesk.audit.desk_admin import RecordAdmin
from servicedesk.directory.models import Service, User
from servicedesk.operations.shelves import SHELVES
from servicedesk.operations.worlds.company import Company
from tests.actors import signed_in
from tests.servicedesk.test_look import STATIC, contrast, tokens

PLACED = [label for shelf in SHELVES for label in shelf.models]
LOOKERS = ("adam", "dana", "vera")


def links(page: str) -> list[str]:
    return re.findall(r'href="(/[^"#]*)"', page)


def test_everything_registered_stands_in_one_group() -> None:
    assert sorted(PLACED) == sorted(model._meta.label_lower for model in admin.site._registry)


def test_a_model_in_no_group_is_shown_all_the_same(acme: Company, monkeypatch: pytest.MonkeyPatch, rf: Any) -> None:
    monkeypatch.setattr("servicedesk.operations.admin_site.SHELVES", SHELVES[-1:])
    request = rf.get("/admin/")
    request.user = acme.people["adam"]
    (records,) = admin.site.get_app_list(request)
    assert {row["object_name"] for row in records["models"]} == {model.__name__ for model in admin.site._registry}


def test_the_index_and_the_settings_have_the_same_groups(acme: Company) -> None:
    adam = signed_in(acme.people["adam"])
    index, settings = (adam.get(path).content.decode() for path in ("/admin/", "/settings/"))
    full = [shelf for shelf in SHELVES if shelf.models]
    for page in (index, settings):
        places = [page.index(f">{shelf.word}</") for shelf in full]
        assert places == sorted(places)
        assert all(reverse(f"admin:{label.replace('.', '_')}_changelist") in links(page) for label in PLACED)


@pytest.mark.parametrize("name", LOOKERS)
def test_every_link_of_the_index_leads_where_one_may_go(name: str, acme: Company) -> None:
    looker = signed_in(acme.people[name])
    found = set(links(looker.get("/admin/").content.decode()))
    pages = {path for path in found if not path.startswith("/static/")}
    assert {path: status for path in pages if (status := looker.get(path, follow=True).status_code) != 200} == {}
    assert any(path.endswith("/add/") for path in pages) == (name == "adam")


def test_who_changed_what_last_stands_beside_and_leads_to_its_history(acme: Company) -> None:
    adam, vpn = signed_in(acme.people["adam"]), acme.services["vpn"]
    form = {"slug": "vpn", "name": "VPN", "tier": 1, "words": '["vpn"]', "is_active": "on", "owner": "", "team": vpn.team_id or ""}
    adam.post(f"/admin/directory/service/{vpn.pk}/change/", form)
    index = adam.get("/admin/").content.decode()
    assert f"/admin/directory/service/{vpn.pk}/history/" in links(index)
    assert "/admin/incidents/ticket/" not in index.partition("Changed last")[2]


def test_a_list_says_where_its_search_looks(acme: Company) -> None:
    page = signed_in(acme.people["vera"]).get("/admin/directory/user/").content.decode()
    assert "Looks in: name, user name, e-mail." in page


def test_no_form_draws_everybody_or_every_service_as_one_long_list(acme: Company, rf: Any) -> None:
    request, drawn = rf.get("/admin/"), []
    request.user = acme.people["adam"]
    pages = [page for page in admin.site._registry.values() if not isinstance(page, RecordAdmin)]
    for page in pages:
        inlines = [inline.get_formset(request) for inline in page.get_inline_instances(request)]
        parents = {(rows.form, rows.fk.name) for rows in inlines}
        forms = [page.get_form(request), *(rows.form for rows in inlines)]
        asked = [(name, field) for form in forms for name, field in form.base_fields.items() if (form, name) not in parents]
        drawn += [f"{page}: {name}" for name, field in asked if is_long(field)]
    assert drawn == []


def is_long(field: Any) -> bool:
    """Whether it lists every person or service there is."""
    widget = getattr(field.widget, "widget", field.widget)
    listed = isinstance(field, ModelChoiceField) and field.queryset.model in (User, Service)
    return listed and not isinstance(widget, AutocompleteSelect | AutocompleteSelectMultiple)


def test_the_admin_has_the_colours_of_the_desk() -> None:
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\)", (STATIC / "desk-admin.css").read_text())
    assert len(pairs) > 15
    assert [name for name, light, dark in pairs if (tokens("light")[name], tokens("dark")[name]) != (light, dark)] == []
    for theme in ("light", "dark"):
        assert contrast(tokens(theme)["on-accent"], tokens(theme)["s1"]) >= 4.5
