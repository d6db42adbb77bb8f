"""Lines of an incident's timeline that are pinned, and alerts that are another matter."""

from __future__ import annotations

from incidents import alerts, automation
from incidents.models import Incident, LinkedAlert, TimelineEntry
from servicedesk.audit.models import AuditEntry
from servicedesk.operations.worlds.company import Company
from tests.actors import at, signed_in
from tests.incidents.alarms import email_down, lines
from tests.incidents.test_alerts import smtp


def press(acme: Company, incident: Incident, action: str, who: str = "sam") -> int:
    return signed_in(acme.people[who]).post(f"/incidents/{incident.pk}/act/", {"action": action}).status_code


def test_a_line_is_pinned_and_unpinned_and_others_are_left_alone(acme: Company) -> None:
    incident, other = email_down(acme), email_down(acme, service=acme.services["vpn"], group_key="service:vpn")
    line = incident.timeline.filter(is_key=False).first()
    assert line
    for is_key in (True, False):
        assert press(acme, incident, f"pin:{line.pk}") == 302
        assert TimelineEntry.objects.get(pk=line.pk).is_key is is_key
    press(acme, other, f"pin:{line.pk}")
    assert TimelineEntry.objects.get(pk=line.pk).is_key is False
    assert press(acme, incident, f"pin:{line.pk}", "vera") == 403
    assert list(AuditEntry.objects.filter(verb__in=("pin", "unpin")).order_by("id").values_list("verb", flat=True)) == ["pin", "unpin"]


def test_an_alert_that_is_another_matter_is_taken_out_and_stays_out(acme: Company) -> None:
    alerts.opened(smtp(acme, at(9)), now=at(9))
    alert = LinkedAlert.objects.get()
    incident = email_down(acme, now=at(9), alerts=(alert,))
    assert LinkedAlert.objects.get().incident == incident
    assert press(acme, incident, f"detach:{alert.pk}") == 302
    automation.evaluate_due(now=at(9, 1))
    assert LinkedAlert.objects.get().incident is None
    assert "smtp-01 is taken out." in lines(incident)
