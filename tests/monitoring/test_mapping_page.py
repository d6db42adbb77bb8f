"""The mapping editor: tried on the last real body, kept by an administrator, and closed to everybody else."""

from __future__ import annotations

from monitoring.models import RawBody, Result, Source
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import signed_in
from tests.monitoring.doors import sender

PATH = "/inbox/generic/mapping/"
BODY = {"alerts": [{"n": "disk", "s": "firing"}]}
GOOD = {"items": "alerts", "check": "n", "status": "s"}


def test_a_mapping_is_tried_on_the_last_body_and_then_reads_the_next(acme: Company) -> None:
    generic, adam = sender("generic"), signed_in(acme.people["adam"])
    assert generic.post(BODY).status_code == 400
    page = adam.post(PATH, {**GOOD, "do": "try"})
    assert page.context["trial"].signals[0].check == "disk"
    assert (Result.objects.count(), Source.objects.get(slug="generic").mapping) == (0, {})
    adam.post(PATH, {**GOOD, "do": "save"})
    generic.post(BODY)
    assert generic.open() == {"disk": "critical"}
    assert AuditEntry.objects.filter(verb="mapping", actor=acme.people["adam"]).count() == 1


def test_a_path_that_leads_nowhere_is_shown_with_its_place(acme: Company) -> None:
    sender("generic").post(BODY)
    page = signed_in(acme.people["adam"]).post(PATH, {**GOOD, "check": "name", "do": "try"})
    assert "alerts[0].name" in page.content.decode()


def test_a_mapping_without_what_is_needed_is_not_kept(acme: Company) -> None:
    sender("generic", mapping=GOOD)
    page = signed_in(acme.people["adam"]).post(PATH, {"items": "a." * 20, "check": "", "status": "s", "do": "save"})
    assert (page.status_code, Source.objects.get(slug="generic").mapping) == (422, GOOD)


def test_before_anything_came_the_page_says_what_to_do(acme: Company) -> None:
    sender("generic")
    assert "Send a body once" in signed_in(acme.people["adam"]).get(PATH).content.decode()
    assert not RawBody.objects.exists()


def test_only_administrators_map_and_only_generic_sources(acme: Company) -> None:
    sender("generic")
    sender("zabbix")
    assert signed_in(acme.people["ana"]).get(PATH).status_code == 403
    assert signed_in(acme.people["adam"]).get("/inbox/zabbix/mapping/").status_code == 404
