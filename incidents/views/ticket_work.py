"""The tab of a ticket's work: the tickets it belongs to."""

from __future__ import annotations

from typing import Any

from incidents.forms_ticket import NumberForm
from incidents.models import Ticket, TicketLink
from incidents.models.tickets import TicketQuerySet
from servicedesk.directory.access import PersonRequest


def of(request: PersonRequest, found: Ticket) -> dict[str, Any]:
    """What the tab shows: only tickets this person may see are named."""
    visible = TicketQuerySet(Ticket).visible_to(request.user)
    rows = TicketLink.objects.filter(one=found) | TicketLink.objects.filter(other=found)
    ties = [(row, row.other if row.one_id == found.pk else row.one) for row in rows.select_related("one", "other")]
    seen = set(visible.filter(pk__in=[other.pk for _row, other in ties]).values_list("pk", flat=True))
    return {
        "ties": [(row, other) for row, other in ties if other.pk in seen],
        "children": visible.filter(parent=found).select_related("assignee").order_by("pk"),
        "above": visible.filter(pk=found.parent_id).first() if found.parent_id else None,
        "merged": visible.filter(merged_into=found).select_related("requester").order_by("pk"),
        "number_form": NumberForm(reader=request.user),
    }
