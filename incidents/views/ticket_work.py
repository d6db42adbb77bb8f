"""The tab of a ticket's work: what is to do, and the tickets it belongs to."""

from __future__ import annotations

from typing import Any

from incidents import fields
from incidents.forms_asking import ApproverForm, CategoryForm, LineForm, QuestionsForm, VendorForm
from incidents.forms_ticket import NumberForm
from incidents.models import CustomField, Ticket, TicketLink
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
        **_duties(found),
    }


def _duties(found: Ticket) -> dict[str, Any]:
    rows = fields.of(found.category)
    return {
        "approvals": found.approvals.select_related("approver"),
        "approver_form": ApproverForm(),
        "checklist": found.checklist.select_related("done_by"),
        "line_form": LineForm(),
        "answers": fields.shown(found),
        "categories": CustomField.objects.order_by("category").values_list("category", flat=True).distinct(),
        "category_form": CategoryForm(initial={"category": found.category}),
        "questions_form": QuestionsForm(rows=rows, when=None, initial={f"f-{key}": value for key, value in found.fields.items()}),
        "cases": found.vendor_cases.select_related("vendor"),
        "vendor_form": VendorForm(),
    }
