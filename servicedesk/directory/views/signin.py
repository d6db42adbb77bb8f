"""The door people come in by."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import structlog
from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.socialaccount.providers.openid_connect import views as sso
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from requests.exceptions import RequestException

from servicedesk.directory import factors, passkeys
from servicedesk.directory.models import Organisation

log = structlog.get_logger(__name__)


class Unprocessable:
    """A form that was not understood answers 422, so that the page shows it in place."""

    def form_invalid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        answer.status_code = 422
        return answer


class NewFactor(Unprocessable):
    """A second factor was added: this session has it, and the first one leads to the recovery codes."""

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        factors.settle(self.request.session)  # type: ignore[attr-defined]
        return answer

    def get_success_url(self) -> str:
        made_codes = self.did_generate_recovery_codes  # type: ignore[attr-defined]
        return reverse("mfa_view_recovery_codes" if made_codes else "security")


@method_decorator(login_not_required, name="dispatch")
class SignIn(Unprocessable, account.LoginView):
    """/login/; on an empty database the first visit leads to /setup/."""

    template_name = "auth/login.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "GET" and Organisation.current() is None:
            return redirect("setup")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        following = {"next": self.request.GET["next"]} if "next" in self.request.GET else {}
        sso = settings.OIDC_NAME if settings.OIDC_CONFIGURED else ""
        passkey = passkeys.are_possible(self.request)
        return super().get_context_data(**kwargs, sso=sso, passkey=passkey, next_query=urlencode(following))


@login_not_required
def company(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """/login/sso/: off to the company's sign-in; when it is away, back with a sentence."""
    try:
        return sso.login(request, provider_id)
    except RequestException as error:
        return _away(request, error)


@login_not_required
def company_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """/login/sso/callback/."""
    try:
        return sso.callback(request, provider_id)
    except RequestException as error:
        return _away(request, error)


def _away(request: HttpRequest, error: Exception) -> HttpResponseBase:
    log.error("the company's sign-in cannot be reached", error=str(error))
    messages.error(request, _("The company's sign-in cannot be reached. Use your password here, or try again later."))
    return redirect("account_login")


class SecondFactor(Unprocessable, mfa.AuthenticateView):
    """/login/check/: a passkey or the code, after the password and before anything else."""

    template_name = "auth/check.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        passkey = passkeys.are_possible(self.request) and passkeys.has_one(self.stage.login.user)
        return super().get_context_data(**kwargs) | {"passkey": passkey}


class SignOut(LogoutView):
    """/logout/: by POST only."""


class Forgotten(Unprocessable, account.PasswordResetView):
    """/login/reset/: a link by mail. The answer is the same whether somebody has that address or not."""

    template_name = "auth/forgotten.html"


class ForgottenSent(account.PasswordResetDoneView):
    template_name = "auth/forgotten_sent.html"


class NewPassword(Unprocessable, account.PasswordResetFromKeyView):
    """/login/reset/<key>/: a new password, once."""

    template_name = "auth/new_password.html"


class NewPasswordSet(account.PasswordResetFromKeyDoneView):
    template_name = "auth/new_password_set.html"
