"""The short addresses of plan reviews: they lead into the admin, where reviews are held."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from incidents.models import PlanReview
from servicedesk.directory.access import PersonRequest


@require_safe
def review_list(request: PersonRequest) -> HttpResponse:
    _may_read(request)
    return redirect("admin:incidents_planreview_changelist")


@require_safe
def review(request: PersonRequest, slug: str) -> HttpResponse:
    """2026-q4, in any case."""
    _may_read(request)
    found = get_object_or_404(PlanReview, slug=slug.lower())
    return redirect("admin:incidents_planreview_change", found.pk)


def _may_read(request: PersonRequest) -> None:
    if not request.user.is_staff:
        raise PermissionDenied
