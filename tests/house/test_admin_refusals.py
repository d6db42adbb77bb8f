"""The admin by model and role: administrators configure, managers and auditors look, everybody else stays outside."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from incidents import automation, incidents
from servicedesk.audit.desk_admin import DeskAdmin, RecordAdmin
from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Service, User
from servicedesk.operations.worlds.company import Company
from tests.actors import NINE, signed_in

OURS = [(model, page) for model, page in admin.site._registry.items()]
OUTSIDE = ("ella", "eve", "ana", "sam")


def url(model: type[Model], what: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)


@pytest.fixture
def full(acme: Company) -> Company:
    """A ticket and an incident, so that records have rows."""
    automation.file_ticket(requester=acme.people["ella"], what="The printer is stuck", impacted="me", effect="workaround", now=NINE)
    incidents.declare(
        incidents.Grounds(title="VPN is slow", reason="", service=acme.services["vpn"], severity=3, since=NINE),
        actor=acme.people["dana"],
        now=NINE,
    )
    return acme


def test_every_page_stands_on_the_base() -> None:
    assert [page for _model, page in OURS if not isinstance(page, DeskAdmin)] == []


def asking(user: User) -> Any:
    """As much of a request as an admin page asks."""
    return type("Asking", (), {"user": user})()


def test_administrators_change_configuration_and_only_read_records(full: Company) -> None:
    adam = signed_in(full.people["adam"])
    for model, page in OURS:
        may_add = page.has_add_permission(asking(full.people["adam"]))
        assert may_add is not True or not isinstance(page, RecordAdmin), model
        assert adam.get(url(model, "changelist")).status_code == 200, model
        assert adam.get(url(model, "add")).status_code == (200 if may_add else 403), model
        row = page.get_queryset(asking(full.people["adam"])).first()
        if row is not None:
            assert [adam.get(url(model, what, row.pk)).status_code for what in ("change", "history")] == [200, 200], model
            assert adam.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model
            assert not isinstance(page, RecordAdmin) or adam.post(url(model, "change", row.pk), {}).status_code == 403, model


@pytest.mark.parametrize("name", ["dana", "vera"])
def test_managers_and_auditors_look(name: str, full: Company) -> None:
    reader = signed_in(full.people[name])
    for model, page in OURS:
        assert reader.get(url(model, "changelist")).status_code == 200, model
        assert reader.get(url(model, "add")).status_code == 403, model
        row = page.get_queryset(asking(full.people[name])).first()
        assert row is None or reader.post(url(model, "change", row.pk), {}).status_code == 403, model


@pytest.mark.parametrize("name", OUTSIDE)
def test_everybody_else_stays_outside(name: str, acme: Company) -> None:
    stranger = signed_in(acme.people[name])
    assert {stranger.get(url(model, "changelist")).status_code for model, _page in OURS} == {302}


def test_a_change_is_on_the_trail_with_what_it_was(acme: Company) -> None:
    vpn = acme.services["vpn"]
    form = {"slug": "vpn", "name": "VPN", "tier": 1, "words": '["vpn"]', "is_active": "on", "owner": "", "team": vpn.team_id or ""}
    assert signed_in(acme.people["adam"]).post(url(Service, "change", vpn.pk), form).status_code == 302
    row = AuditEntry.objects.get(noun="directory.service", verb="change")
    assert (row.actor, row.before["tier"], row.after["tier"]) == (acme.people["adam"], 2, 1)
