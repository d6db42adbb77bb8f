"""What the command list offers beside the page itself: the views of the queue, one's own and shared ones."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents.models import SavedView
from incidents.views import queue_asked
from servicedesk.directory.access import PersonRequest, only
from servicedesk.directory.models import Role


@require_safe
@only(Role.AGENT, Role.MANAGER, Role.AUDITOR, Role.ADMIN)
def commands(request: PersonRequest) -> HttpResponse:
    """Administrators who are not of the desk have no queue, and get none."""
    saved = SavedView.objects.shown_to(request.user).select_related("owner")[:30]
    found = {"views": queue_asked.VIEWS, "saved": saved} if request.user.is_desk_staff else {}
    return render(request, "desk/commands.html", found)
