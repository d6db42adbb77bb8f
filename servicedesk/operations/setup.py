"""/setup/: the first visit to an empty desk. Closed once an organisation exists."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from servicedesk import clock
from servicedesk.directory.forms import SetupForm
from servicedesk.directory.models import Organisation
from servicedesk.operations import founding


@login_not_required
def setup(request: HttpRequest) -> HttpResponse:
    if Organisation.current() is not None:
        return redirect("home")
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            admin = founding.found(**form.cleaned_data, now=clock.now())
        except founding.AlreadyFounded:
            return redirect("account_login")
        login(request, admin, backend="servicedesk.directory.signin.NameOrEmailBackend")
        messages.success(request, _("The desk is set up. You are its first administrator."))
        return redirect("home")
    return render(request, "auth/setup.html", {"form": form}, status=422 if form.errors else 200)
