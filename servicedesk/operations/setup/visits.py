"""/setup/: the first visit to an empty desk. Once an organisation exists its administrators go on from step to step."""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from servicedesk import clock
from servicedesk.directory import access
from servicedesk.directory.access import PersonRequest
from servicedesk.directory.forms import SetupForm
from servicedesk.directory.models import Organisation, User
from servicedesk.operations import firstrun, founding
from servicedesk.operations.setup.frame import onward
from servicedesk.operations.setup.pages import PAGES

FORM = ["GET", "HEAD", "POST"]


@login_not_required
def setup(request: HttpRequest) -> HttpResponse:
    if Organisation.current() is not None:
        return _go_on(request)
    form = SetupForm(request.POST or None, initial={"language": translation.get_language()})
    if request.method == "POST" and form.is_valid():
        try:
            admin = founding.found(form.described, form.person, now=clock.now())
        except founding.AlreadyFounded:
            return redirect("account_login")
        login(request, admin, backend="servicedesk.directory.signin.NameOrEmailBackend")
        reauthenticate_by_password(request)  # they chose it a moment ago: they are not asked for it again at once
        messages.success(
            request, _("The desk is set up. You are its first administrator. The steps that are left make it able to wake you.")
        )
        return redirect("setup")
    return render(request, "auth/setup.html", {"form": form}, status=422 if form.errors else 200)


@access.admins
@require_http_methods(FORM)
def step(request: PersonRequest, name: str) -> HttpResponse:
    """One step; `do=skip` puts it off."""
    if name not in PAGES:
        raise Http404
    if request.method == "POST" and request.POST.get("do") == "skip":
        firstrun.skip(name, actor=request.user, now=clock.now())
        return onward(request, name)
    return PAGES[name](request)


def _go_on(request: HttpRequest) -> HttpResponse:
    """An administrator's next open step, else the checklist; everybody else is led home."""
    if not (isinstance(request.user, User) and request.user.is_admin):
        return redirect("home")
    found = firstrun.following(request.user, now=clock.now())
    return redirect(found.href if found else "settings")
