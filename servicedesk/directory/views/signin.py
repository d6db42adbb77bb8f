"""The door people come in by."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator

from servicedesk.directory.forms import SignInForm
from servicedesk.directory.models import Organisation


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """/login/; on an empty database the first visit leads to /setup/."""

    template_name = "auth/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "GET" and Organisation.current() is None:
            return redirect("setup")
        return super().dispatch(request, *args, **kwargs)


class SignOut(LogoutView):
    """/logout/: by POST only."""
